"""`expunge dashboard` in a real browser: its numbers are those of the operators' API."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from cli.operator_api import OperatorApi
from local.running import RunningStack
from local.settings import REGION, ROOT
from tests.browser.conftest import faults, picture
from tests.browser.webdriver import Browser

pytestmark = [pytest.mark.stack, pytest.mark.browser]

Sim = Callable[[str, Any], None]
SECONDS = 1
POLICY = {
    "module": "Leads",
    "selection": {"field": "Created_Time", "older_than": "900d"},
    "schedule": {"cron": "0 3 * * *"},
}


def api(stack: RunningStack) -> OperatorApi:
    return OperatorApi(stack["api_url"], REGION, stack.aws.session().get_credentials())


def asked(stack: RunningStack, method: str, path: str, body: Any = None) -> Any:
    answer = api(stack).call(method, path, None, body)
    assert answer.ok, answer.text
    return answer.json()


def listed(stack: RunningStack) -> list[dict[str, Any]]:
    return list(api(stack).pages("deletions", "deletions", {}))


@pytest.fixture(scope="module")
def directory(stack: RunningStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the command finds the stack."""
    place = tmp_path_factory.mktemp("local")
    (place / "stack.json").write_text(json.dumps(stack.described), encoding="utf-8")
    return place


@contextmanager
def serving(directory: Path) -> Iterator[str]:
    """The command as an operator runs it; its address."""
    command = [sys.executable, "-m", "cli", "dashboard", "--no-browser", "--json", "--every", str(SECONDS)]
    env = {**os.environ, "LOCAL_DIR": str(directory)}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield str(json.loads(process.stdout.readline())["url"])
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 0


@pytest.fixture(scope="module")
def work(stack: RunningStack) -> list[str]:
    """Deletions in many states, a policy; what is asked here ends before the tests look."""

    def sim(control: str, body: Any) -> None:
        requests.post(f"{stack['zoho_url']}/_sim/{control}", json=body, timeout=60).raise_for_status()

    sim("records", {"Vendors": [{"id": str(7_000 + n)} for n in range(40)]})
    refused = [{"id": "7003", "$delete_error": "NO_PERMISSION"}, {"id": "7004", "Locked__s": True}]
    sim("records", {"Vendors": refused})
    made = []
    bodies: list[dict[str, Any]] = [
        {"ids": [str(n) for n in range(7_000, 7_010)]},
        {"ids": ["7003"]},
        {"ids": [str(n) for n in range(7_020, 7_035)]},
        {"ids": ["7036"], "dry_run": True},
    ]
    for n, body in enumerate(bodies):
        sent = stack.send({"operation": "delete_records", "module": "Vendors", "reference": f"w{n}", **body})
        made.append(sent.json()["id"])
    asked(stack, "PUT", "policies/old-leads", POLICY)
    limit = time.monotonic() + 90
    while any(each["finished_at"] is None for each in listed(stack)):
        assert time.monotonic() < limit, listed(stack)
        stack.wake("poll")
        time.sleep(0.5)
    return made


def sent_and(stack: RunningStack, body: dict[str, Any], status: str) -> str:
    """The id of a new deletion, once it has that status."""
    one = str(stack.send(body).json()["id"])
    limit = time.monotonic() + 30
    while asked(stack, "GET", f"deletions/{one}")["status"] != status:
        assert time.monotonic() < limit
        time.sleep(0.1)
    return one


def number(browser: Browser, key: str) -> int:
    return int(browser.text(f"#total-{key}").replace(",", ""))


def rows(browser: Browser, css: str) -> list[list[str]]:
    script = """return [...document.querySelectorAll(arguments[0] + ' tbody tr')]
      .map(r => [...r.children].map(c => c.textContent))"""
    found: list[list[str]] = browser.run(script, css)
    return found


def column_sums(browser: Browser, key: str) -> dict[str, int]:
    """The sums of a chart's table, by heading."""
    script = "return [...document.querySelectorAll(arguments[0] + ' thead th')].map(e => e.textContent)"
    heads = browser.run(script, f"#chart-{key}")
    lines = rows(browser, f"#chart-{key}")
    return {name: sum(int(line[i].replace(",", "")) for line in lines) for i, name in enumerate(heads) if i}


def test_the_numbers_are_those_of_the_api(
    browser: Browser, stack: RunningStack, directory: Path, work: list[str], sim: Sim
) -> None:
    with serving(directory) as address:
        browser.go(address)
        browser.run("window.mark = 'the same window'")
        browser.until("return !document.getElementById('all').hidden")
        assert "/open/" not in browser.run("return location.href")
        deletions = listed(stack)
        assert number(browser, "deletions") == len(deletions)
        assert number(browser, "open") == 0
        assert number(browser, "records_deleted") == sum(each["counts"]["deleted"] for each in deletions)
        assert number(browser, "calls") == sum(each["calls"] for each in deletions) > 0
        by_status = column_sums(browser, "deletions")
        assert by_status["Completed"] == sum(each["status"] == "completed" for each in deletions)
        assert by_status["Failed"] == sum(each["status"] == "failed" for each in deletions) > 0
        assert by_status["Partially completed"] == number(browser, "partially_completed") > 0
        assert column_sums(browser, "records") == {"Records deleted": number(browser, "records_deleted")}
        bars = browser.run("return document.querySelectorAll('#chart-deletions rect').length")
        assert bars >= len([n for n in by_status.values() if n])
        problems = {line[0]: line[1] for line in rows(browser, "#failures")}
        told = [each for one in deletions for each in one["problems"]]
        assert problems == {
            code: f"{sum(each['count'] for each in told if each['code'] == code):,}"
            for code in {each["code"] for each in told}
        }
        (policy,) = rows(browser, "#policies")
        assert policy[:3] == ["old-leads", "default", "Leads"]
        assert re.search(r"3:00:00\s?AM", policy[3])
        assert faults(browser) == []
        what_changes_is_shown(browser, stack, sim)
        assert browser.run("return window.mark") == "the same window"


def what_changes_is_shown(browser: Browser, stack: RunningStack, sim: Sim) -> None:
    """A queue of mass deletes, a pause; then both gone again. All without a reload."""
    sim("settings", {"job_min_seconds": 30.0})
    sim("records", {"Products": [{"id": str(6_000 + n), "Product_Name": "Old"} for n in range(12)]})
    criteria = {"field": {"api_name": "Product_Name"}, "comparator": "equal", "value": "Old"}
    sim("views", {"module": "Products", "cvid": "4242", "criteria": criteria})
    view = {"operation": "mass_delete", "module": "Products", "cvid": "4242", "reference": "clean-up"}
    first = sent_and(stack, view, "running")
    waiting = [sent_and(stack, view, "waiting") for _ in range(2)]
    browser.until("return document.querySelectorAll('#lanes tbody tr').length === 3")
    browser.until("return document.querySelector('#lanes').innerText.includes('2 before it')")
    lane = rows(browser, "#lanes")
    assert [(line[0], line[2]) for line in lane] == [
        (first, "runs"),
        (waiting[0], "1 before it"),
        (waiting[1], "2 before it"),
    ]
    assert number(browser, "open") == 3
    assert {line[0] for line in rows(browser, "#open")} == {first, *waiting}
    asked(stack, "PUT", "pause", {"paused": True, "org": "default", "reason": "migration on Sunday"})
    browser.until("return document.getElementById('pauses').innerText.includes('migration on Sunday')")
    assert "nothing is sent to Zoho for org default" in browser.text("#pauses")
    assert faults(browser) == []
    picture(browser, "dashboard", 1500)
    browser.run("document.querySelector('#open a').focus()")
    focused = browser.run("return document.activeElement.href")
    asked(stack, "PUT", "pause", {"paused": False, "org": "default"})
    browser.until("return !document.getElementById('pauses').children.length")
    assert browser.run("return document.activeElement.href") == focused
    for one in waiting:
        asked(stack, "POST", f"deletions/{one}/cancel", {})
    browser.until("return document.getElementById('total-open').textContent === '1'")
    assert column_sums(browser, "deletions")["Cancelled"] == 2
    sim("clock", {"advance_seconds": 60})


def test_a_link_leads_to_the_status_page(
    browser: Browser, stack: RunningStack, directory: Path, work: list[str]
) -> None:
    with serving(directory) as address:
        browser.go(address)
        browser.until("return !document.getElementById('all').hidden")
        link = browser.run("return document.querySelector('#open a, #attention a, #lanes a')?.href")
        if link is None:  # everything has ended by now
            link = listed(stack)[0]["links"]["self"]
        browser.go(link)
        assert browser.text("#state")


def test_without_the_command_the_page_says_so(
    browser: Browser, stack: RunningStack, directory: Path, work: list[str]
) -> None:
    with serving(directory) as address:
        browser.go(address)
        browser.until("return !document.getElementById('all').hidden")
    browser.until("return document.getElementById('live').textContent.includes('the command has ended')")
    assert all("ERR_CONNECTION_REFUSED" in each for each in browser.complaints())


def test_the_address_is_good_once(
    browser: Browser, stack: RunningStack, directory: Path, work: list[str]
) -> None:
    with serving(directory) as address:
        first = requests.get(address, allow_redirects=False, timeout=30)
        assert first.status_code == 303
        browser.go(address)
        assert "has been used" in browser.text()
        assert faults(browser) == []
    browser.complaints()
