"""The status page in every state that it can be in, in every window and on paper, without a stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from chalicelib.domain.deletion import Approval, Child, Counts, Deletion, Plan, Problem, Verification
from chalicelib.domain.document import document
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status
from chalicelib.web import page, page_status, page_view
from tests.browser.conftest import faults, picture
from tests.browser.webdriver import Browser
from tests.unit.web.test_page_steps import ANN, BOB, DAY, NOW, deletion, erasure

pytestmark = pytest.mark.browser

LONG = "W" * 256
ROLE = "arn:aws:sts::123456789012:assumed-role/data-protection-officers-of-the-group/" + "a" * 60
_ASKED = Approval(1200, NOW - 60, NOW + DAY)
_CHILD = Child(
    "del_01M8298QNC9R2FS46471MHPX7W", Operation.DELETE_PERMANENTLY, Status.WAITING, 0, NOW + 14 * DAY
)
_LOCKED = (Problem("RECORD_LOCKED", 1), Problem("NO_PERMISSION", 1))
_RUN = {"policy": "old-leads", "run": "2026-11-22"}
_HASH = "5f" * 32
_MAP: dict[str, Any] = {
    "map_hash": _HASH,
    "records": 7,
    "by_module": {"Cases": 1, "Contacts": 1, "Deals": 2, "Guests": 1, "Leads": 2},
    "goes_along": {"Attachments": 1, "Notes": 4},
    "shared": [],
    "out_of_reach": [],
}
_REACH = [
    {"code": code, "module": module, "field": name, "meaning": "The person may still be there."}
    for code, module, name in (
        ("FIELD_RESTRICTED", "Leads", "Private_Email"),
        ("FIELD_ENCRYPTED", "Guests", "Second_Mail"),
        ("MODULE_NOT_READABLE", "Vault", ""),
        ("MODULE_WITHOUT_SEARCH", "Visits", ""),
    )
]
_WAITING: dict[str, Any] = {
    "approval": Approval(7, NOW - 60, NOW + DAY, map_hash=_HASH),
    "waiting_for": "approval",
}
_APPROVED = Approval(7, NOW - 60, NOW + DAY, approved_at=NOW, by=BOB, map_hash=_HASH)
_PENDING = Counts(requested=7, pending=7)
_FOUND = {"found_again": 0, "searches": 2, "by_module": {}, "verified_at": "2025-10-09T08:53:20.000Z"}
_LONG_NAMES = {f"Custom_{'M' * 80}_{n}": n for n in range(1, 31)}


def erased(status: Status, found: dict[str, Any] | None = None, **more: Any) -> Deletion:
    """An erasure whose plan has this besides the usual."""
    usual: dict[str, Any] = {"id_count": 7, "counts": _PENDING}
    one = erasure(status, **(usual | more))
    return replace(one, erasure=_MAP | (found or {}))


#: Erasures: their map is what an operator looks at before approving it.
MAPS: dict[str, Deletion] = {
    "erasure searching": replace(
        erased(Status.RUNNING, started_at=NOW - 5, id_count=0, chunks=0, counts=Counts()), erasure={}
    ),
    "map": erased(Status.AWAITING_APPROVAL, **_WAITING),
    "map shared": erased(
        Status.AWAITING_APPROVAL,
        {"shared": [{"value": f"/identity/phones/{n}", "shared_with": 8 + n} for n in range(3)]},
        **_WAITING,
    ),
    "map out of reach": erased(Status.AWAITING_APPROVAL, {"out_of_reach": _REACH}, **_WAITING),
    "map changed": erased(
        Status.AWAITING_APPROVAL,
        {"map_hash": "a7" * 32, "records": 8},
        approval=Approval(8, NOW - DAY / 2, NOW + DAY / 2, map_hash="a7" * 32),
        waiting_for="approval",
        id_count=8,
        counts=Counts(requested=8, pending=8),
    ),
    "map of many": erased(
        Status.AWAITING_APPROVAL,
        {
            "records": 500,
            "by_module": _LONG_NAMES,
            "goes_along": {f"List_{'L' * 60}_{n}": 1000 * n for n in range(1, 20)},
            "out_of_reach": [{**_REACH[0], "module": name, "field": "F" * 100} for name in _LONG_NAMES],
        },
        approval=Approval(500, NOW - 60, NOW + DAY, map_hash=_HASH),
        waiting_for="approval",
        id_count=500,
        counts=Counts(requested=500, pending=500),
        asked_by=ROLE,
    ),
    "erasure approved": erased(Status.RUNNING, approval=_APPROVED),
    "erasure running": erased(
        Status.RUNNING, approval=_APPROVED, counts=Counts(requested=7, deleted=2, unlinked=2, pending=3)
    ),
    "erasure done": erased(
        Status.COMPLETED,
        {"verification": _FOUND},
        approval=_APPROVED,
        counts=Counts(requested=7, deleted=4, unlinked=2, kept=1),
        children=(_CHILD,),
        finished_at=NOW,
    ),
    "erasure partial": erased(
        Status.PARTIALLY_COMPLETED,
        {"verification": {**_FOUND, "found_again": 2, "by_module": {"Leads": 2}}},
        approval=_APPROVED,
        counts=Counts(requested=7, deleted=4, unlinked=1, kept=1, failed=1),
        problems=(Problem("FOUND_AGAIN", 2), Problem("RECORD_NOT_CHANGED", 1)),
        finished_at=NOW,
    ),
    "erasure too large": replace(
        erased(
            Status.REFUSED,
            id_count=0,
            chunks=0,
            counts=Counts(),
            problems=(Problem("MAP_TOO_LARGE", 5001),),
            finished_at=NOW,
        ),
        erasure={},
    ),
    "map refused": erased(
        Status.REFUSED, counts=Counts(), problems=(Problem("MAX_RECORDS", 7),), finished_at=NOW
    ),
    "map empty": erased(
        Status.COMPLETED,
        {"records": 0, "by_module": {}, "goes_along": {}},
        id_count=0,
        chunks=0,
        counts=Counts(),
        finished_at=NOW,
    ),
    "map of a dry run": erased(Status.COMPLETED, request={"dry_run": True}, counts=Counts(), finished_at=NOW),
}
STATES: dict[str, Deletion] = MAPS | {
    "accepted": deletion(Status.ACCEPTED, started_at=None),
    "approval": deletion(
        Status.AWAITING_APPROVAL,
        approval=_ASKED,
        waiting_for="approval",
        asked_by=ANN,
        counts=Counts(requested=1200, pending=1200),
        id_count=1200,
    ),
    "lane": deletion(
        Status.WAITING,
        Operation.MASS_DELETE,
        waiting_for="another mass delete at Zoho",
        lane_ahead=2,
        lane_seconds=300.0,
        counts=Counts(),
    ),
    "pause": deletion(Status.WAITING, waiting_for="pause"),
    "credentials": deletion(Status.WAITING, waiting_for="zoho credentials"),
    "window": deletion(
        Status.WAITING, Operation.DELETE_PERMANENTLY, waiting_for="the undo window", not_before=NOW + DAY
    ),
    "running": deletion(
        Status.RUNNING,
        counts=Counts(requested=9, deleted=4, pending=5),
        approval=replace(_ASKED, approved_at=NOW, by=BOB),
    ),
    "completed": deletion(Status.COMPLETED, children=(_CHILD,)),
    "partial": deletion(
        Status.PARTIALLY_COMPLETED,
        counts=Counts(requested=3, deleted=1, failed=2),
        problems=_LOCKED,
        finished_at=NOW,
    ),
    "failed": deletion(Status.FAILED, counts=Counts(requested=3, failed=3), problems=_LOCKED),
    "refused": deletion(
        Status.REFUSED,
        Operation.PURGE,
        request=_RUN,
        problems=(Problem("MAX_SHARE", 900),),
        finished_at=NOW,
        put_by=ANN,
    ),
    "cancelled": deletion(Status.CANCELLED, cancelled_by=BOB, finished_at=NOW),
    "attention": deletion(
        Status.NEEDS_ATTENTION,
        Operation.MASS_DELETE,
        id_count=0,
        chunks=0,
        counts=Counts(requested=9, unknown=9),
        problems=(Problem("JOB_LOST", 9),),
        finished_at=NOW,
    ),
    "dry run": deletion(
        Status.COMPLETED, counts=Counts(), request={"dry_run": True}, plan=Plan(2, ("1", "2"), 1, 3)
    ),
    "dry run refused": deletion(
        Status.REFUSED,
        counts=Counts(),
        request={"dry_run": True},
        problems=(Problem("MAX_RECORDS", 900),),
        finished_at=NOW,
    ),
    "restored": deletion(
        Status.COMPLETED, Operation.RESTORE, counts=Counts(requested=3, restored=2, skipped=1)
    ),
    "for good": deletion(
        Status.COMPLETED, Operation.DELETE_PERMANENTLY, verification=Verification(3, 3, 3, None, NOW)
    ),
    "delinked": deletion(Status.COMPLETED, Operation.DELINK_RECORDS, finished_at=NOW),
    "long words": deletion(
        Status.WAITING,
        request={"reference": LONG, "reason": f"{LONG} {LONG}", "external_id_field": "E" * 100},
        waiting_for="zoho (" + "C" * 200 + ")",
        asked_by=ROLE,
    ),
}


def test_every_status_and_every_operation_is_among_the_states() -> None:
    assert {one.status for one in STATES.values()} == set(Status)
    assert {one.request.operation for one in STATES.values()} == set(Operation)


#: States whose picture the documents show.
PICTURES = {
    "approval": "status-approval",
    "attention": "status-attention",
    "refused": "status-refused",
    "map shared": "erasure-map",
    "erasure done": "erasure-done",
    "erasure partial": "erasure-partial",
}


@contextmanager
def shown(one: Deletion, records: list[dict[str, Any]]) -> Iterator[str]:
    """A server with the status page of a deletion as it stands; its address."""
    view = page_view.view(document(one), one, page_view.Stage("prod"), NOW)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, more = "application/json", {}
            if "/records" in self.path:
                text = json.dumps({"records": records, "next_cursor": None})
            elif "text/html" in self.headers.get("Accept", ""):
                kind, more = "text/html", page.headers("n")
                text = page_status.render(view, "n")
            else:
                text = json.dumps(view)
            body = text.encode()
            self.send_response(200)
            for name, value in {
                "Content-Type": f"{kind}; charset=utf-8",
                "Content-Length": str(len(body)),
                **more,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/deletions/{one.id}?token=t"
    finally:
        server.shutdown()
        server.server_close()


def visible(browser: Browser, css: str) -> int:
    """How many of these a person can see."""
    script = "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility()).length"
    return int(browser.run(script, css))


def colour(browser: Browser, script: str) -> str:
    return str(browser.run(f"return {script}"))


@pytest.mark.parametrize("name", list(STATES))
def test_every_state_of_the_status_page_in_every_window_and_on_paper(browser: Browser, name: str) -> None:
    one = STATES[name]
    of_map = one.request.operation is Operation.ERASE_PERSON
    records = [
        {
            "id": LONG if name == "long words" else str(1 + n),
            "outcome": "failed",
            "code": "RECORD_LOCKED",
            "message": LONG,
            **({"module": "Leads"} if of_map else {}),
        }
        for n in range(500 if name == "map of many" else 1)
    ]
    with shown(one, records) as address:
        browser.go(address)
        first = min(len(records), 100)  # the others are a click away
        browser.until("return document.querySelectorAll('#rows tr').length === arguments[0]", first)
        row = browser.run("return document.querySelector('#rows th').textContent")
        assert row == ("Leads/1" if of_map else records[0]["id"])
        assert faults(browser) == []
        steps = len(page_view.view(document(one), one, page_view.Stage("prod"), NOW)["steps"])
        assert visible(browser, "#part-steps") == bool(steps)
        assert visible(browser, "#part-receipt") == one.is_final
        assert visible(browser, ".counts") == (not one.request.dry_run)
        assert visible(browser, ".copy") == visible(browser, ".command")
        commands = visible(browser, ".command code")
        if name == "partial":
            browser.look("dark")
            picture(browser, "status-dark", 900)
        browser.look(media="print", width=794, height=1123)
        assert visible(browser, "button, input, select, #live") == 0
        assert visible(browser, ".command code") == commands
        if name == "erasure done":
            picture(browser, "status-print", 1123)
        browser.look()
        if name in PICTURES:
            picture(browser, PICTURES[name], 1000)
        if name == "map out of reach":
            browser.look("dark", 390, 844)
            picture(browser, "erasure-map-phone", 1400)
            browser.look()


def test_a_command_is_copied_as_it_stands(browser: Browser) -> None:
    with shown(STATES["approval"], []) as address:
        browser.go(address)
        browser.devtools(
            "Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"]
        )
        browser.click("#steps .copy")
        browser.until("return document.querySelector('#steps .copy').textContent === 'Copied'")
        copied = browser.run("return navigator.clipboard.readText()")
        assert copied == f"expunge approve {STATES['approval'].id} --count 1200 --stage prod"


def test_times_are_told_in_the_readers_zone_and_in_utc(browser: Browser) -> None:
    browser.zone("Europe/Vienna")
    try:
        with shown(STATES["completed"], []) as address:
            browser.go(address)
            assert browser.text("#finished_at") == "2025-10-09 10:53:20 (08:53:20 UTC)"
            assert "Europe/Vienna" in browser.text("#zone")
        browser.zone("Pacific/Auckland")
        with shown(deletion(Status.COMPLETED, finished_at=NOW + 5 * 3600), []) as address:
            browser.go(address)
            assert browser.text("#finished_at") == "2025-10-10 02:53:20 (2025-10-09 13:53:20 UTC)"
    finally:
        browser.zone("")


def test_without_a_script_there_is_no_button_that_does_nothing(browser: Browser) -> None:
    browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
    try:
        with shown(STATES["approval"], []) as address:
            browser.go(address)
            assert visible(browser, ".copy") == 0
            assert visible(browser, ".command code") == 2
            assert "2025-10-10 08:53:20 UTC" in browser.text("#steps")
    finally:
        browser.devtools("Emulation.setScriptExecutionDisabled", value=False)


def test_the_map_is_approved_by_the_command_that_the_page_shows(browser: Browser) -> None:
    with shown(STATES["map shared"], []) as address:
        browser.go(address)
        told = browser.text("#steps")
        assert f"expunge approve {STATES['map'].id} --count 7 --map-hash {_HASH}" in told
        assert "--shared" in told
        says = browser.text("#plan")
        assert "/identity/phones/0 (8 records)" in says
        assert "2 in Deals" in says
    with shown(STATES["map out of reach"], []) as address:
        browser.go(address)
        says = browser.text("#plan")
        assert "4 places could not be searched" in says
        for place in ("Leads.Private_Email", "Guests.Second_Mail", "Vault", "Visits"):
            assert place in says
