"""The dashboard in every state that it can be in, without a stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any

import click
import pytest

from cli.dashboard.recycle_bin import by_day
from cli.dashboard.server import Room, serve
from cli.dashboard.sums import iso, moment, overview, row
from tests.browser.conftest import faults, picture
from tests.browser.test_dashboard import rows, two_weeks
from tests.browser.test_states import LONG, ROLE, STATES, colour, shown, visible
from tests.browser.webdriver import Browser
from tests.cli.test_dashboard_sum import NOW, deletion
from tests.unit.web.test_page_steps import ANN, BOB

pytestmark = pytest.mark.browser


@contextmanager
def served(room: Room) -> Iterator[str]:
    server = serve(room, 0)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{room.invitation}"
    finally:
        server.shutdown()
        server.server_close()


def views(
    seen: Any, asked: list[Mapping[str, str]]
) -> dict[str, Callable[[Mapping[str, str]], dict[str, Any]]]:
    """What the command would read of these deletions, in pages of 50."""
    whole = [
        row(each) for each in sorted(seen.deletions, key=lambda each: str(each["created_at"]), reverse=True)
    ]

    def audit(query: Mapping[str, str]) -> dict[str, Any]:
        asked.append(dict(query))
        fitting = [each for each in whole if query.get("status") in (None, each["status"])]
        at = int(query.get("cursor", "0"))
        more = at + 50 < len(fitting)
        return {"rows": fitting[at : at + 50], "next_cursor": str(at + 50) if more else None}

    def csv(query: Mapping[str, str]) -> dict[str, Any]:
        asked.append(dict(query))
        return {"lines": ["deletion,status", "del_1,completed"], "note": "The column receipt is empty."}

    def bin_(_query: Mapping[str, str]) -> dict[str, Any]:
        days = by_day(seen.deletions, NOW)
        return {"stage": "prod", "as_of": iso(NOW), "whole": True, "read": len(whole), "days": days}

    def operators(query: Mapping[str, str]) -> dict[str, Any]:
        at = int(query.get("cursor", "0"))
        entry = {"at": iso(NOW), "by": ROLE, "what": "hold.set", "change": f"reason {LONG}"}
        found = [{**entry, "target": f"Leads/{n}"} for n in range(at, at + 2)] if whole else []
        return {"entries": found, "next_cursor": "2" if found and not at else None}

    return {"audit.json": audit, "audit.csv.json": csv, "bin.json": bin_, "operators.json": operators}


def as_they_are(seen: Any) -> Any:
    """The same stage with ids and ARNs as long as they are, some of them very long."""

    def told(each: Mapping[str, Any]) -> dict[str, Any]:
        n = int(each["id"][4:])
        ended = each["status"] not in ("running", "waiting", "awaiting_approval")
        who = {"asked_by": ROLE if n % 90 == 0 else ANN} if n % 3 == 0 else {}
        return {
            **each,
            **who,
            "id": f"del_01M8298QNC9R2FS46471M{n:05}",
            "approved_by": BOB if n % 6 == 0 else None,
            "finished_at": iso(moment(each["created_at"]) + timedelta(seconds=n)) if ended else None,
            "reference": each["reference"] or (f"ticket {n}" if n % 2 else None),
        }

    return replace(seen, deletions=[told(each) for each in seen.deletions])


def sideways(browser: Browser, css: str) -> int:
    """By how many pixels a table is wider than its place."""
    return int(
        browser.run(
            "const e = document.querySelector(arguments[0]); return e.scrollWidth - e.clientWidth", css
        )
    )


def test_every_ended_deletion_can_be_reached_and_saved(browser: Browser) -> None:
    seen, asked = as_they_are(two_weeks()), list[Mapping[str, str]]()
    with served(Room(lambda: overview(seen), 60, views(seen, asked))) as address:
        browser.go(address)
        browser.until("return !document.getElementById('all').hidden")
        browser.click("nav [data-view=audit]")
        browser.until("return document.querySelectorAll('#audit tbody tr').length === 50")
        while visible(browser, "#more"):
            before = len(rows(browser, "#audit"))
            browser.click("#more")
            browser.until("return document.querySelectorAll('#audit tbody tr').length > arguments[0]", before)
        assert {line[0] for line in rows(browser, "#audit")} == {each["id"] for each in seen.deletions}
        browser.run(
            """const e = document.querySelector('#month');
            e.value = e.options[1].value; e.dispatchEvent(new Event('change'))"""
        )
        since, until = browser.run("return ['#since', '#until'].map(id => document.querySelector(id).value)")
        assert (since[8:], until[8:], since[:7] < until[:7]) == ("01", "01", True)
        picture(browser, "dashboard-audit", 850)
        browser.write("#source", "erp")
        browser.write("#reference", "ticket 42 & <b>")
        browser.click("#filters [type=submit]")
        browser.until("return document.getElementById('audit-says').textContent.includes('deletions')")
        assert asked[-1] == {
            "since": f"{since}T00:00:00Z",
            "until": f"{until}T00:00:00Z",
            "source": "erp",
            "reference": "ticket 42 & <b>",
        }
        browser.click("#csv")
        browser.until("return document.getElementById('audit-says').textContent.includes('1 deletion saved')")
        assert "The column receipt is empty" in browser.text("#audit-says")
        assert faults(browser) == []
        browser.look()
        assert sideways(browser, "#audit") == 0
        browser.run("history.back()")
        browser.until("return document.querySelector('#view-overview').checkVisibility()")
        browser.click("[data-want=failed]")
        browser.until(
            """const found = [...document.querySelectorAll('#audit tbody tr')];
            return found.length && found.every(r => r.children[1].textContent === 'failed')"""
        )
        browser.go("about:blank")


def test_what_becomes_permanent_when_is_shown_by_day(browser: Browser) -> None:
    seen = as_they_are(two_weeks())
    with served(Room(lambda: overview(seen), 60, views(seen, []))) as address:
        browser.go(address)
        browser.until("return !document.getElementById('all').hidden")
        browser.click("nav [data-view=bin]")
        browser.until("return document.querySelectorAll('#bin tbody tr').length > 0")
        days = by_day(seen.deletions, NOW)
        heads = browser.run("return [...document.querySelectorAll('#bin h3')].map(e => e.textContent)")
        assert heads == [
            f"{each['day']} (UTC): {each['records']:,} record{'s' * (each['records'] != 1)}" for each in days
        ]
        first = rows(browser, "#bin")[0]
        assert first[2] == "Expunge, as asked"
        assert first[-1].startswith(f"expunge restore {first[0]} --stage prod")
        assert faults(browser) == []
        browser.look()
        assert sideways(browser, "#bin") == 0
        picture(browser, "dashboard-bin", 900)
        browser.go("about:blank")


def test_what_operators_changed_is_shown_page_after_page(browser: Browser) -> None:
    with served(Room(lambda: overview(two_weeks()), 60, views(two_weeks(), []))) as address:
        browser.go(f"{address}")
        browser.until("return !document.getElementById('all').hidden")
        browser.click("nav [data-view=operators]")
        browser.until("return document.querySelectorAll('#operators tbody tr').length === 2")
        assert rows(browser, "#operators")[0][1:] == ["hold set", "Leads/0", ROLE, f"reason {LONG}"]
        browser.click("#before")
        browser.until("return document.querySelectorAll('#operators tbody tr').length === 4")
        assert visible(browser, "#before") == 0
        assert faults(browser) == []
        browser.go("about:blank")


def test_the_phone_cuts_nothing_off(browser: Browser) -> None:
    """What to do about a problem is read without scrolling sideways, in full."""
    seen = two_weeks()
    with served(Room(lambda: overview(seen), 60)) as address:
        browser.go(address)
        browser.until("return !document.getElementById('all').hidden")
        for width in (390, 320):
            browser.look("light", width, 800)
            cut = browser.run(
                """return [...document.querySelectorAll('#view-overview td, #view-overview th')]
                  .filter(e => e.checkVisibility() && (e.scrollWidth > e.clientWidth + 1 ||
                    e.getBoundingClientRect().right > innerWidth + 1)).map(e => e.textContent)"""
            )
            assert cut == []
        assert "What to do" in browser.run(
            "return getComputedStyle(document.querySelector('#failures td:last-child'), '::before').content"
        )
        picture(browser, "dashboard-phone", 1500)
        browser.go("about:blank")


DOTS = (
    ("completed", "completed"),
    ("partial", "partially_completed"),
    ("failed", "failed"),
    ("refused", "refused"),
    ("cancelled", "cancelled"),
    ("attention", "needs_attention"),
    ("running", "open"),
    ("pause", "open"),
)


def test_a_status_has_one_colour_everywhere(browser: Browser) -> None:
    seen = two_weeks()
    of_page: dict[str, str] = {}
    for name, status in DOTS:
        with shown(STATES[name], []) as address:
            browser.go(address)
            dot = colour(
                browser, "getComputedStyle(document.querySelector('#state'), '::before').backgroundColor"
            )
            assert of_page.setdefault(status, dot) == dot
    assert len(set(of_page.values())) == len(of_page)
    with served(Room(lambda: overview(seen), 60)) as address:
        browser.go(address)
        browser.until("return !document.getElementById('all').hidden")
        for status, dot in of_page.items():
            where = f"document.querySelector('#chart-deletions rect[data-status={status}]')"
            assert colour(browser, f"getComputedStyle({where}).fill") == dot
            where = f"document.querySelector('#chart-deletions .legend [data-status={status}]')"
            assert colour(browser, f"getComputedStyle({where}).backgroundColor") == dot
            where = f"document.querySelector('.counts [data-status={status}]')"
            assert colour(browser, f"getComputedStyle({where}).borderLeftColor") == dot
        browser.go("about:blank")


def test_an_empty_stage_says_so_in_every_list(browser: Browser) -> None:
    seen = replace(two_weeks(), deletions=[], policies=[])
    with served(Room(lambda: overview(seen), 60, views(seen, []))) as address:
        browser.go(address)
        browser.until("return !document.getElementById('all').hidden")
        for key in ("attention", "lanes", "open", "ended", "failures", "policies"):
            assert visible(browser, f"#no-{key}") == 1
        assert faults(browser) == []
        for name in ("audit", "bin", "operators"):
            browser.click(f"nav [data-view={name}]")
            browser.until(
                "return document.getElementById(arguments[0]).textContent !== 'Reading.'", f"{name}-says"
            )
            assert visible(browser, f"#no-{name}") == 1
            assert faults(browser) == []
        browser.go("about:blank")


def test_an_error_is_told_in_words_and_old_numbers_are_marked(browser: Browser) -> None:
    seen, fails = two_weeks(), list[str]()

    def read() -> dict[str, Any]:
        if fails:
            raise click.ClickException(fails[0])
        return overview(seen)

    def refuses(_query: Mapping[str, str]) -> dict[str, Any]:
        raise click.ClickException("GET deletions: HTTP 403: refused")

    paused = {"org": None, "paused": True, "reason": LONG, "set_by": ROLE, "set_at": iso(NOW)}
    seen = replace(seen, pauses=[paused], whole=False)
    with served(
        Room(read, 1, {f"{name}.json": refuses for name in ("audit", "bin", "operators")})
    ) as address:
        browser.go(address)
        browser.until("return !document.getElementById('all').hidden")
        assert "nothing is sent to Zoho for any org" in browser.text("#pauses")
        assert visible(browser, "#part") == 1
        fails.append("GET pause: HTTP 503: not available")
        browser.until("return document.getElementById('stale').checkVisibility()")
        assert (
            "These numbers are old: as of 2026-11-22 21:30:00 UTC. Now GET pause: HTTP 503"
            in browser.text("#stale")
        )
        assert faults(browser) == []
        fails.clear()
        browser.until("return !document.getElementById('stale').checkVisibility()")
        assert not browser.run("return document.title").startswith("Old")
        for name in ("audit", "bin", "operators"):
            browser.click(f"nav [data-view={name}]")
            browser.until(
                "return document.getElementById(arguments[0]).textContent.includes('HTTP 403')",
                f"{name}-says",
            )
        browser.go("about:blank")
    browser.complaints()  # the console tells of each answer 502


def test_of_a_listed_deletion_who_asked_and_who_approved_is_shown(browser: Browser) -> None:
    one = deletion(1, asked_by=ANN, approved_by=BOB)
    seen = replace(two_weeks(), deletions=[one])
    with served(Room(lambda: overview(seen), 60, views(seen, []))) as address:
        browser.go(address)
        browser.until("return !document.getElementById('all').hidden")
        browser.click("#ended + .tools [data-view=audit]")
        browser.until("return document.querySelectorAll('#audit tbody tr').length === 1")
        assert rows(browser, "#audit")[0][7] == f"{ANN}approved by {BOB}"
        browser.go("about:blank")
