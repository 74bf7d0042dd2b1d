"""A browser for the tests here, a stack of their own, and what is true of every page."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cli.operator_api import OperatorApi
from local import stack as local_stack
from local.running import RunningStack
from local.settings import REGION, ROOT, Settings
from tests.browser.webdriver import Browser

AXE = ROOT / ".venvs/browser/node_modules/axe-core/axe.min.js"
IMAGES = ROOT / "docs/images"
LARGEST_IMAGE = 150_000
#: (colour scheme, width, height) of the windows that every page is looked at in; print is an A4 page of a
#: dark one.
WINDOWS = (
    ("light", 1000, 800),
    ("dark", 1000, 800),
    ("light", 390, 844),
    ("dark", 390, 844),
    ("light", 320, 640),
    ("print", 794, 1123),
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests."""
    assert AXE.exists(), "axe-core is not installed: make browser"
    made = Browser(tmp_path_factory.mktemp("browser"))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def quiet(browser: Browser) -> Iterator[None]:
    """A window as others know it, and a console without complaints at the end."""
    browser.go("about:blank")  # the page of the test before asks no more
    browser.look()
    browser.complaints()
    yield
    assert browser.complaints() == []


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A running stack that gives up soon on locked records, and has few calls under way at once."""
    settings = Settings(tmp_path_factory.mktemp("pages"), overrides={"EXPUNGE_GIVE_UP_SECONDS": "8"})
    running = RunningStack(local_stack.up(settings))
    try:
        change_secret(running, "sources_secret", "crm-workflow", {"max_records": 5000})
        change_secret(running, "zoho_secret", None, {"concurrency": 2})
        yield running
    finally:
        local_stack.down(settings)


def change_secret(stack: RunningStack, which: str, key: str | None, changes: dict[str, Any]) -> None:
    """Change fields of a secret, or of what lies in it under `key`."""
    client = stack.client("secretsmanager")
    value = json.loads(client.get_secret_value(SecretId=stack[which])["SecretString"])
    (value if key is None else value[key]).update(changes)
    client.put_secret_value(SecretId=stack[which], SecretString=json.dumps(value))


def operators(stack: RunningStack) -> OperatorApi:
    """The stack's API for operators."""
    return OperatorApi(stack["api_url"], REGION, stack.aws.session().get_credentials())


@pytest.fixture
def sim(stack: RunningStack) -> Iterator[Callable[[str, Any], None]]:
    """Sets something at the simulator; at the end it is as quick as it was."""

    def set_(control: str, body: Any) -> None:
        answer = requests.post(f"{stack['zoho_url']}/_sim/{control}", json=body, timeout=180)
        answer.raise_for_status()

    yield set_
    set_("settings", {"latency_ms": 0.0, "job_min_seconds": 2.0})


def faults(browser: Browser) -> list[str]:
    """What axe-core finds serious or critical on the page as it stands, in light, dark, on a phone and in
    print; and what is wider than the window.
    """
    browser.run(AXE.read_text(encoding="utf-8"))
    found: list[str] = []
    for scheme, width, height in WINDOWS:
        media = "print" if scheme == "print" else ""
        browser.look("dark" if media else scheme, width, height, media=media)
        wide = browser.run("return document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            found.append(f"{scheme} {width}: {wide} pixels wider than the window")
        report = browser.run("return axe.run(document, {resultTypes: ['violations', 'incomplete']})")
        found += [
            f"{scheme} {width}: {each['impact']} {each['id']}: {[n['html'][:120] for n in each['nodes']]}"
            for each in report["violations"]
            if each["impact"] in ("serious", "critical")
        ]
        assert len(report["passes"]) > 10
    browser.look()
    return found


def picture(browser: Browser, name: str, height: int = 1400) -> None:
    """Write docs/images/{name}.png, where WRITE=1 asks for it; and in any case see that it is small."""
    file = (
        IMAGES / f"{name}.png" if os.environ.get("WRITE") == "1" else browser.downloads.parent / f"{name}.png"
    )
    browser.picture(file, height)
    assert 0 < file.stat().st_size < LARGEST_IMAGE


def downloaded(browser: Browser, name: str) -> Path:
    """The file that the page has saved, once it is whole."""
    return browser.downloads / name
