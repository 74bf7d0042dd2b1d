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
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest
import requests

from cli.dashboard.server import Room, serve
from cli.dashboard.sums import LANE, StageData, iso, overview
from local.running import RunningStack
from local.settings import ROOT
from tests.browser.conftest import faults, operators, picture
from tests.browser.webdriver import Browser
from tests.cli.test_dashboard_sum import NOW, deletion, policy, problem

pytestmark = [pytest.mark.stack, pytest.mark.browser]

Sim = Callable[[str, Any], None]
SECONDS = 1
POLICY = {
    "module": "Leads",
    "selection": {"field": "Created_Time", "older_than": "900d"},
    "schedule": {"cron": "0 3 * * *"},
}


def asked(stack: RunningStack, method: str, path: str, body: Any = None) -> Any:
    answer = operators(stack).call(method, path, None, body)
    assert answer.ok, answer.text
    return answer.json()


def listed(stack: RunningStack) -> list[dict[str, Any]]:
    return list(operators(stack).pages("deletions", "deletions", {}))


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
            assert process.wait(timeout=120) == 0


@pytest.fixture(scope="module")
def work(stack: RunningStack) -> list[str]:
    """Deletions in many states, a policy; what is asked here ends before the tests look."""

    def sim(control: str, body: Any) -> None:
        requests.post(f"{stack['zoho_url']}/_sim/{control}", json=body, timeout=180).raise_for_status()

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
    limit = time.monotonic() + 90
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
        real = [each for each in deletions if not each["dry_run"]]
        assert by_status["Completed"] == sum(each["status"] == "completed" for each in real)
        assert by_status["Dry runs"] == number(browser, "dry_run") == len(deletions) - len(real) > 0
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
        assert re.search(r"03:00:00 UTC", policy[3])
        assert faults(browser) == []
        what_changes_is_shown(browser, stack, sim)
        assert browser.run("return window.mark") == "the same window"
        browser.go("about:blank")  # before the server ends, or the console gets complaints


def what_changes_is_shown(browser: Browser, stack: RunningStack, sim: Sim) -> None:
    """A queue of mass deletes, a pause; then both gone again. All without a reload."""
    sim("settings", {"job_min_seconds": 240.0})  # longer than this test, below the age limit of a job
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
    browser.run("document.querySelector('#open a').focus()")
    focused = browser.run("return document.activeElement.href")
    asked(stack, "PUT", "pause", {"paused": False, "org": "default"})
    browser.until("return !document.getElementById('pauses').children.length")
    assert browser.run("return document.activeElement.href") == focused
    for one in waiting:
        asked(stack, "POST", f"deletions/{one}/cancel", {})
    browser.until("return document.getElementById('total-open').textContent === '1'")
    assert column_sums(browser, "deletions")["Cancelled"] == 2
    sim("clock", {"advance_seconds": 300})


def two_weeks() -> StageData:
    """What a stage may have seen: the same each time."""
    chance = Random(7)
    lane = {"operation": "mass_delete", "status": "waiting", "waiting_for": LANE, "source": "nightly"}
    found = [
        deletion(
            1,
            **{**lane, "status": "running", "waiting_for": None},
            counts={"requested": 1_800, "pending": 1_150, "deleted": 650},
            hours=0.4,
        ),
        deletion(2, **lane, lane={"ahead": 1, "about_seconds": 1500}, hours=0.3),
        deletion(3, **lane, lane={"ahead": 2, "about_seconds": 5400}, module="Cases", hours=0.2),
        deletion(4, status="awaiting_approval", waiting_for="approval", reference="ticket 812", hours=2),
        deletion(
            5,
            status="needs_attention",
            operation="mass_delete",
            problems=[problem("JOB_LOST", 120)],
            hours=20,
        ),
    ]
    ends = ["completed"] * 12 + ["partially_completed", "failed", "refused", "cancelled"]
    for n in range(6, 400):
        hours = chance.uniform(3, 24 * 14)
        if (NOW - timedelta(hours=hours)).weekday() >= 5 and chance.random() < 0.7:
            continue
        status, size = chance.choice(ends), int(chance.paretovariate(0.9) * 3) % 900 + 1
        told = problem(*chance.choice((("RECORD_LOCKED", 2), ("NO_PERMISSION", 5), ("MAX_RECORDS", 1))))
        gone = {"completed": size, "partially_completed": size * 3 // 4}.get(status, 0)
        days = timedelta(days=n % 9 + 1)
        in_bin = {
            "restorable_until": iso(NOW + timedelta(days=n % 4 + 50)),
            "restored": 0,
            "permanently_deleted": 0,
        }
        in_bin["permanent_at"] = iso(NOW + days) if n % 3 == 0 else None
        found.append(
            deletion(
                n,
                status=status,
                counts={"requested": size, "deleted": gone, "failed": size - gone},
                problems=[told] if gone < size else [],
                calls=size // 100 + 1,
                hours=hours,
                **({"recycle_bin": in_bin} if gone and n % 7 == 0 else {}),
            )
        )
    last = {"run": "2026-11-22", "deletion": "del_6", "at": "2026-11-22T03:00:00Z"}
    policies = [
        policy("old-leads", "2026-11-23T03:00:00Z", last_run=last),
        policy("closed-cases", "2026-12-01T02:30:00Z"),
    ]
    return StageData("prod", NOW - timedelta(days=14), NOW, found, policies, [])


def test_two_weeks_of_a_busy_stage(browser: Browser) -> None:
    seen = two_weeks()
    room = Room(lambda: overview(seen), 60)
    server = serve(room, 0)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        browser.go(f"http://127.0.0.1:{server.server_port}{room.invitation}")
        browser.until("return !document.getElementById('all').hidden")
        assert number(browser, "deletions") == len(seen.deletions) > 200
        assert sum(column_sums(browser, "deletions").values()) == len(seen.deletions)
        assert browser.run("return document.querySelectorAll('#chart-deletions rect').length") > 30
        assert [line[2:4] for line in rows(browser, "#lanes")] == [
            ["runs", ""],
            ["1 before it", "25 minutes"],
            ["2 before it", "90 minutes"],
        ]
        statuses = {line[0]: line[1] for line in rows(browser, "#open")}
        assert statuses["del_2"] == "waiting for another mass delete at Zoho"
        assert statuses["del_4"] == "awaiting approval"
        assert rows(browser, "#failures")[0][:3] == ["JOB_LOST", "120", "1"]
        picture(browser, "dashboard", 1400)
        assert faults(browser) == []
        browser.run("for (const each of document.querySelectorAll('details')) each.open = true")
        assert faults(browser) == []
    finally:
        server.shutdown()
        server.server_close()


def test_a_link_leads_to_the_status_page(
    browser: Browser, stack: RunningStack, directory: Path, work: list[str]
) -> None:
    with serving(directory) as address:
        browser.go(address)
        browser.until("return !document.getElementById('all').hidden")
        link = browser.run("return document.querySelector('#ended a').href")
        browser.go(link)
        assert browser.text("#state")


def test_without_the_command_the_page_says_so(
    browser: Browser, stack: RunningStack, directory: Path, work: list[str]
) -> None:
    with serving(directory) as address:
        browser.go(address)
        browser.until("return !document.getElementById('all').hidden")
    browser.until("return document.getElementById('live').textContent.includes('the command has ended')")
    assert "These numbers are old: as of" in browser.text("#stale")
    assert browser.run("return document.title").startswith("Old: ")
    assert all("ERR_CONNECTION_REFUSED" in each for each in browser.complaints())


def test_the_address_is_good_once(
    browser: Browser, stack: RunningStack, directory: Path, work: list[str]
) -> None:
    with serving(directory) as address:
        first = requests.get(address, allow_redirects=False, timeout=120)
        assert first.status_code == 303
        browser.go(address)
        assert "has been used" in browser.text()
        assert faults(browser) == []
    browser.complaints()
