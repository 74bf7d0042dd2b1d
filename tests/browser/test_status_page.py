"""The status page in a real browser, on the packaged application: `links.self`, right after the 202."""

from __future__ import annotations

import csv
import io
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests

from local.running import RunningStack
from tests.browser.conftest import downloaded, faults, operators, picture
from tests.browser.webdriver import Browser

pytestmark = [pytest.mark.stack, pytest.mark.browser]

Sim = Callable[[str, Any], None]
FIRST, COUNT = 410_405_000_002_000_000, 5_000
LOCKED, FORBIDDEN = [str(FIRST + n) for n in (7, 8, 9)], str(FIRST + 100)
#: Parts that only the script fills.
UNLIKE = {"live", "say", "records", "found", "note", "rows", "showing", "read-at"}
WATCH = """window.mark = 'the same window'; window.states = []; window.settled = []; window.spoken = [];
  const look = () => {
    for (const [id, list] of [['state', states], ['settled', settled], ['say', spoken]]) {
      const text = document.getElementById(id).textContent;
      if (list.at(-1) !== text) list.push(text);
    }
  };
  look();
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});"""
CHOOSE = """const e = document.querySelector('#outcome');
  e.value = arguments[0]; e.dispatchEvent(new Event('change'))"""
HIDE = """window.asked = 0;
  const real = window.fetch;
  window.fetch = (...given) => {
    if (!String(given[0]).includes('/records')) asked += 1;
    return real(...given);
  };
  let hidden = true;
  Object.defineProperty(document, 'hidden', {get: () => hidden});
  window.reveal = () => { hidden = false; document.dispatchEvent(new Event('visibilitychange')) };
  document.dispatchEvent(new Event('visibilitychange'));"""


def accepted(stack: RunningStack, body: dict[str, Any]) -> str:
    answer = stack.send(body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["links"]["self"])


def deletion_id(link: str) -> str:
    return link.partition("?")[0].rpartition("/")[2]


def until(look: Callable[[], bool], seconds: float = 90.0) -> None:
    limit = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < limit
        time.sleep(0.1)


def open_and_watch(browser: Browser, link: str) -> None:
    """Open the page, mark it, and keep what it shows from then on."""
    browser.go(link)
    browser.run(WATCH)


def until_final(browser: Browser, stack: RunningStack, seconds: float = 90.0) -> str:
    """Wait for the page to say that it is final, waking the poll meanwhile; the status."""
    limit = time.monotonic() + seconds
    wake_at = time.monotonic() + 4
    while browser.text("#live") != "This is final.":
        assert time.monotonic() < limit, browser.text()
        if time.monotonic() > wake_at:
            stack.wake("poll")
            wake_at = time.monotonic() + 4
        time.sleep(0.1)
    assert browser.run("return window.mark") == "the same window"
    return str(browser.run("return document.getElementById('state').dataset.status"))


def counts(browser: Browser) -> dict[str, int]:
    found = browser.run("return [...document.querySelectorAll('.counts dd')].map(e => [e.id, e.textContent])")
    numbers = {key.removeprefix("count-"): int(text.replace(",", "")) for key, text in found}
    return {name: n for name, n in numbers.items() if n}


def rows(browser: Browser) -> list[list[str]]:
    found: list[list[str]] = browser.run(
        "return [...document.querySelectorAll('#rows tr')].map(r => [...r.children].map(c => c.textContent))"
    )
    return found


def showing(browser: Browser, words: str) -> None:
    browser.until("return document.getElementById('showing').textContent === arguments[0]", words)


def test_5000_records_from_accepted_to_the_end_without_a_reload(
    browser: Browser, stack: RunningStack, sim: Sim
) -> None:
    sim("settings", {"latency_ms": 300})
    sim("generate", {"module": "Leads", "count": COUNT, "first_id": str(FIRST), "fields": {"Last_Name": "P"}})
    refused = [{"id": one, "Locked__s": True} for one in LOCKED]
    sim("records", {"Leads": [*refused, {"id": FORBIDDEN, "$delete_error": "NO_PERMISSION"}]})
    ids = [str(FIRST + n) for n in range(COUNT)]
    asked = {"reference": "ticket 42 <b>", "reason": "erasure request of 12 June"}
    link = accepted(stack, {"operation": "delete_records", "module": "Leads", "ids": ids, **asked})
    open_and_watch(browser, link)
    browser.until("return document.querySelector('#bar').getAttribute('aria-valuenow') > 1500")
    picture(browser, "status-running", 1000)
    assert until_final(browser, stack) == "partially_completed"

    states, settled = browser.run("return [states, settled]")
    assert states[-1] == "Partially completed"
    assert "Running" in states
    assert len(settled) > 3, settled
    assert settled[-1] == "5,000 of 5,000 records processed"
    assert browser.run("return spoken.at(-1)") == "Partially completed"
    assert counts(browser) == {"requested": 5000, "deleted": 4996, "failed": 4}
    problems = browser.text("#problems")
    assert "RECORD_LOCKED × 3" in problems
    assert "NO_PERMISSION × 1" in problems
    assert problems.count("What to do: ") == problems.count("×")
    asked_for = browser.text("main")
    for words in (
        "Delete records",
        "5,000 ids",
        "ticket 42 <b>",
        "erasure request of 12 June",
        "crm-workflow",
    ):
        assert words in asked_for
    told = browser.text("#receipt")
    assert f"expunge receipt {deletion_id(link)} --output receipt-{deletion_id(link)}" in told
    assert "--stage" not in told  # the local one
    assert f"expunge retry {deletion_id(link)}" in browser.text("#steps")
    parts = browser.run(
        "return [...document.querySelectorAll('#bar rect')].map(r => r.getBoundingClientRect().width)"
    )
    bar = browser.run("return document.querySelector('#bar').getBoundingClientRect().width")
    assert abs(sum(parts) - bar) < 2

    the_records(browser, link)
    picture(browser, "status-final", 1250)
    assert faults(browser) == []
    browser.look("light", 390, 844)
    picture(browser, "status-phone", 1500)


def the_records(browser: Browser, link: str) -> None:
    """Search, outcome and paging find what is there; the file holds all of it."""
    showing(browser, "1 to 100 of 500, not all are loaded")
    browser.click("#on")
    showing(browser, "101 to 200 of 500, not all are loaded")
    browser.write("#query", FORBIDDEN)
    showing(browser, "1 to 1 of 1 found in 5,000")
    assert [row[:2] for row in rows(browser)] == [[FORBIDDEN, "Failed"]]
    assert "NO_PERMISSION" in rows(browser)[0][2]
    browser.write("#query", "record_locked")
    showing(browser, "1 to 3 of 3 found in 5,000")
    assert [row[0] for row in rows(browser)] == LOCKED
    browser.write("#query", "no such record")
    showing(browser, "None of 5,000")
    browser.write("#query", "")
    showing(browser, "1 to 100 of 5,000")
    browser.run(CHOOSE, "failed")
    showing(browser, "1 to 4 of 4 found in 5,000")
    browser.run(CHOOSE, "")
    lines = saved(browser, link)
    assert lines[0] == ["id", "outcome", "code", "message"]
    assert [line[0] for line in lines[1:]] == [str(FIRST + n) for n in range(COUNT)]
    assert Counter(line[1] for line in lines[1:]) == {"deleted": 4996, "failed": 4}
    assert {line[0]: line[2] for line in lines[1:] if line[2]} == dict.fromkeys(LOCKED, "RECORD_LOCKED") | {
        FORBIDDEN: "NO_PERMISSION"
    }


def saved(browser: Browser, link: str) -> list[list[str]]:
    """What Download CSV saved."""
    file = downloaded(browser, f"expunge-{deletion_id(link)}.csv")
    browser.click("#csv")
    until(file.exists)
    text = file.read_bytes().decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def test_no_cell_of_the_file_is_a_formula(browser: Browser, stack: RunningStack) -> None:
    ids = ["=1+1", "@cmd|'x'!A1", "-2+3", '+"quoted",', "plain-1"]
    body = {"operation": "delete_records", "module": "Leads", "ids": ids, "external_id_field": "External"}
    link = accepted(stack, body)
    open_and_watch(browser, link)
    until_final(browser, stack)
    browser.until("return document.querySelectorAll('#rows tr').length === 5")
    lines = saved(browser, link)
    assert [line[0] for line in lines[1:]] == ["'=1+1", "'@cmd|'x'!A1", "'-2+3", '\'+"quoted",', "plain-1"]


def test_two_views_one_after_the_other(browser: Browser, stack: RunningStack, sim: Sim) -> None:
    sim("settings", {"job_min_seconds": 6.0})
    sim("records", {"Deals": [{"id": str(9_000 + n), "Deal_Name": "Lane"} for n in range(9)]})
    criteria = {"field": {"api_name": "Deal_Name"}, "comparator": "equal", "value": "Lane"}
    sim("views", {"module": "Deals", "cvid": "31337", "criteria": criteria})
    body = {"operation": "mass_delete", "module": "Deals", "cvid": "31337", "freeze": "never"}
    first = accepted(stack, body)
    until(lambda: stack.get(first).json()["status"] == "running")
    second = accepted(stack, body)
    open_and_watch(browser, second)
    browser.until("return document.getElementById('reason').textContent === 'another mass delete at Zoho'")
    browser.until("return document.getElementById('waits').textContent.includes('1 is before it')")
    # The service says the same; the estimate in it goes down with time.
    until(
        lambda: (
            f'<span id="waits">{browser.text("#waits")}</span>' in stack.get(second, Accept="text/html").text
        )
    )
    assert faults(browser) == []
    browser.go(first)
    browser.run("window.mark = 'the same window'")
    assert until_final(browser, stack) == "completed"
    assert counts(browser) == {"requested": 9, "deleted": 9}
    assert "COMPLETED (" in browser.text("#job")
    browser.until("return !document.getElementById('note').hidden")
    assert "the view was not listed" in browser.text("#note")
    assert not browser.run("return document.querySelector('#found').checkVisibility()")
    assert faults(browser) == []


def test_what_needs_attention_says_so_and_follows_its_end(
    browser: Browser, stack: RunningStack, sim: Sim
) -> None:
    sim("records", {"Cases": [{"id": str(8_000 + n), "Subject": "Gone"} for n in range(4)]})
    criteria = {"field": {"api_name": "Subject"}, "comparator": "equal", "value": "Gone"}
    sim("views", {"module": "Cases", "cvid": "31338", "criteria": criteria})
    sim("faults", [{"kind": "drop_after", "method": "POST", "path": "Cases/actions/mass_delete"}])
    body = {"operation": "mass_delete", "module": "Cases", "cvid": "31338", "freeze": "never"}
    link = accepted(stack, body)
    calls = f"{stack['zoho_url']}/_sim/calls"
    until(
        lambda: any(each["path"].endswith("Cases/actions/mass_delete") for each in requests.get(calls).json())
    )
    # Somebody else fills the view again: now it does not tell whether the lost start took place.
    sim("records", {"Cases": [{"id": str(8_100 + n), "Subject": "Gone"} for n in range(2)]})
    open_and_watch(browser, link)
    assert until_final(browser, stack) == "needs_attention"
    assert "An operator has to look" in browser.text("#meaning")
    assert "What to do: " in browser.text("#problems")
    unknown = counts(browser)["unknown"]
    assert unknown > 0
    assert faults(browser) == []
    body = {"outcome": "done", "note": "looked at the recycle bin"}
    answer = operators(stack).call("POST", f"deletions/{deletion_id(link)}/resolve", None, body)
    assert answer.status_code == 202, answer.text
    until(lambda: stack.get(link).json()["status"] == "completed")
    browser.run("document.dispatchEvent(new Event('visibilitychange'))")  # as when the tab is shown again
    browser.until("return document.getElementById('state').textContent === 'Completed'")
    assert counts(browser)["deleted"] >= unknown
    assert browser.run("return window.mark") == "the same window"


def test_a_dry_run_shows_its_plan(browser: Browser, stack: RunningStack) -> None:
    ids = ["410405000002264040", "77"]
    link = accepted(stack, {"operation": "delete_records", "module": "Leads", "ids": ids, "dry_run": True})
    open_and_watch(browser, link)
    assert until_final(browser, stack) == "completed"
    assert browser.text("h1") == "Dry run: delete records in Leads"
    assert "Would delete" in browser.text("#plan")
    assert "Nothing was deleted" in browser.text("#plan")
    assert not browser.run("return document.querySelector('#progress').checkVisibility()")
    assert faults(browser) == []


def test_a_hidden_tab_asks_nothing(browser: Browser, stack: RunningStack) -> None:
    paused = {
        "operation": "delete_records",
        "module": "Leads",
        "ids": ["410405000002264025"],
        "dry_run": True,
    }
    link = accepted(stack, paused)
    browser.go(link)
    browser.run(HIDE)
    time.sleep(3.5)  # two turns would have come
    assert browser.run("return asked") == 0
    browser.run("reveal(); window.mark = 'the same window'")
    assert until_final(browser, stack) == "completed"


def test_the_keyboard_reaches_everything_and_shows_where_it_is(browser: Browser, stack: RunningStack) -> None:
    link = accepted(stack, {"operation": "delete_records", "module": "Leads", "ids": ["1", "2"]})
    open_and_watch(browser, link)
    until_final(browser, stack)
    browser.until("return document.querySelectorAll('#rows tr').length === 2")
    seen = []
    for _ in range(4):
        browser.press("\ue004")  # Tab
        seen.append(
            browser.run(
                """const e = document.activeElement, s = getComputedStyle(e);
                return [e.id || e.className, s.outlineStyle, parseFloat(s.outlineWidth) >= 2]"""
            )
        )
    assert seen == [[name, "solid", True] for name in ("query", "outcome", "csv", "scroll")]


def test_without_a_script_it_is_a_snapshot_in_the_same_words(
    browser: Browser, stack: RunningStack, sim: Sim
) -> None:
    """The page is made twice, by the service and by the script: both must say the same."""
    sim("records", {"Accounts": [{"id": "31", "$delete_error": "NO_PERMISSION"}]})
    bodies: list[dict[str, Any]] = [{"ids": ["31", "32"]}, {"ids": ["33"], "dry_run": True}]
    for body in bodies:
        link = accepted(stack, {"operation": "delete_records", "module": "Accounts", **body})
        open_and_watch(browser, link)
        until_final(browser, stack)
        ids = browser.run("return [...document.querySelectorAll('main [id]')].map(e => e.id)")
        same = [each for each in ids if not each.endswith("_at") and each not in UNLIKE]
        wanted = {"state", "meaning", "settled", "problems", "approval", "people", "receipt"}
        assert wanted | ({"plan"} if body.get("dry_run") else {"count-failed", "steps"}) <= set(same)
        texts = "return arguments[0].map(id => document.getElementById(id).textContent.trim())"
        alive = browser.run(texts, same)
        browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
        try:
            browser.go(link)
            assert dict(zip(same, browser.run(texts, same), strict=True)) == dict(
                zip(same, alive, strict=True)
            )
            assert not browser.run("return document.querySelector('#records').checkVisibility()")
        finally:
            browser.devtools("Emulation.setScriptExecutionDisabled", value=False)


def test_nothing_moves_where_that_is_not_wanted(browser: Browser, stack: RunningStack) -> None:
    browser.go(
        accepted(stack, {"operation": "delete_records", "module": "Leads", "ids": ["5"], "dry_run": True})
    )
    lasts = "return getComputedStyle(document.querySelector('#bar rect')).transitionDuration"
    assert browser.run(lasts) == "0.4s, 0.4s"
    browser.look(motion="reduce")
    assert browser.run(lasts) == "0s"


def test_a_link_that_is_not_good_is_a_page_in_plain_words(browser: Browser, stack: RunningStack) -> None:
    link = accepted(stack, {"operation": "delete_records", "module": "Leads", "ids": ["4"]})
    browser.go(link[:-2])
    assert browser.text("h1") == "There is nothing here"
    assert faults(browser) == []
    assert [each.rpartition(" - ")[2] for each in browser.complaints()] == [
        "Failed to load resource: the server responded with a status of 404 (Not Found)"
    ]
