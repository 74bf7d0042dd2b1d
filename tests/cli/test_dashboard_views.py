"""The dashboard's views that are read when they are looked at: every ended deletion can be found, and what
becomes permanent when.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import click
import pytest
from botocore.exceptions import ClientError

from cli import csv_out
from cli.dashboard.audit import Audit
from cli.dashboard.operators_log import OperatorsLog
from cli.dashboard.recycle_bin import RecycleBin, by_day, end
from cli.dashboard.server import Room
from cli.dashboard.sums import iso
from cli.evidence import exported
from cli.evidence.logs import change_of
from tests.app.test_operator import PAUSE, Office
from tests.cli.test_dashboard_feed import Api, answer, send
from tests.cli.test_dashboard_feed import end as ended
from tests.cli.test_dashboard_sum import NOW, deletion, seen


class Paged(Api):
    """As the command's client has it: `pages`, and answers with an address."""

    def call(self, method: str, path: str, query: dict[str, str] | None = None) -> Any:
        answer = super().call(method, path, query)
        answer.url = "http://127.0.0.1/v1/operator/deletions"
        return answer

    def pages(self, path: str, name: str, query: Mapping[str, str]) -> Any:
        cursor: str | None = ""
        while cursor is not None:
            page = self.call("GET", path, {**query, **({"cursor": cursor} if cursor else {})}).json()
            yield from page[name]
            cursor = page["next_cursor"]


def store(*names: str) -> Any:
    return SimpleNamespace(names=lambda _prefix, after="": iter(sorted(n for n in names if n >= after)))


def no_store() -> Any:
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectsV2")


def test_every_ended_deletion_can_be_reached_page_after_page() -> None:
    office = Office()
    ids = send(office, 130)
    for one in ids:
        ended(office, one)
    audit = Audit(Paged(office), store)
    found, cursor = [], ""
    while True:
        page = audit.page({"status": "completed", **({"cursor": cursor} if cursor else {})})
        found += [each["id"] for each in page["rows"]]
        cursor = page["next_cursor"] or ""
        if not cursor:
            break
    assert found == sorted(ids, reverse=True)
    assert all(each["link"] for each in page["rows"])


def test_filters_are_those_of_the_api_and_no_others() -> None:
    office = Office()
    ids = send(office, 3)
    audit = Audit(Paged(office), store)
    assert [each["id"] for each in audit.page({"reference": "t1"})["rows"]] == [ids[1]]
    assert audit.page({"source": "nobody"})["rows"] == []
    later = {"since": iso(datetime.fromtimestamp(office.now + 60, UTC))}
    assert audit.page(later)["rows"] == []
    with pytest.raises(click.ClickException, match="there is no filter x"):
        audit.page({"x": "1"})
    with pytest.raises(click.ClickException, match="must be one of"):
        audit.page({"status": "bogus"})


def test_the_file_has_the_rows_of_audit_export() -> None:
    office = Office()
    ids = send(office, 3)
    receipt = f"receipts/{ids[0]}.json"
    api = Paged(office)
    found = Audit(api, lambda: store(receipt)).csv({})
    assert found["note"] == ""
    assert found["lines"][0] == ",".join(exported.COLUMNS)
    rows = list(exported.rows(api, store(receipt), {}))
    assert found["lines"][1:] == [csv_out.row(r.get(c) for c in exported.COLUMNS).rstrip("\n") for r in rows]
    assert [line.split(",")[0] for line in found["lines"][1:]] == ids
    assert found["lines"][1].endswith(receipt)


def test_without_a_look_at_the_evidence_the_file_says_so() -> None:
    office = Office()
    send(office, 1)
    found = Audit(Paged(office), no_store).csv({})
    assert len(found["lines"]) == 2
    assert "The column receipt is empty" in found["note"]


class LogApi:
    """The operators' log of an office."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def call(self, method: str, path: str, query: dict[str, str]) -> Any:
        reply = self.office.call(method, f"/v1/operator/{path}", query=query)
        found = answer(reply.status, reply.json)
        found.url = "http://127.0.0.1/v1/operator/log"
        return found


def test_the_operators_log_tells_each_change_in_words() -> None:
    office = Office()
    for paused in (True, False):
        office.now += 1
        office.call("PUT", PAUSE, {"paused": paused, "org": "default", "reason": "audit"})
    log = OperatorsLog(LogApi(office))
    page = log.page({})
    assert [each["what"] for each in page["entries"]] == ["pause.ended", "pause.set"]
    assert all(each["by"].startswith("arn:") and "paused" in each["change"] for each in page["entries"])
    assert page["next_cursor"] is None
    with pytest.raises(click.ClickException, match="page after page"):
        log.page({"x": "1"})
    with pytest.raises(click.ClickException, match="HTTP 400"):
        log.page({"cursor": "bogus"})


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (None, None, ""),
        ({"a": 1, "b": 2}, {"a": 1, "b": None}, "b 2 -> none"),
        (None, {"a": [1]}, "a [1]"),
        ({"a": "x"}, None, "was a x"),
        ({"status": "waiting"}, {"count": 4}, "was status waiting; count 4"),
        ("old", ["new"], 'old -> ["new"]'),
        ("old", None, "was old"),
        (None, 0, "0"),
        ({"a": 1}, {"a": 1}, ""),
    ],
)
def test_whatever_an_entry_holds_its_change_is_said(before: Any, after: Any, said: str) -> None:
    """A command may tell the log any JSON."""
    assert change_of({"before": before, "after": after}) == said


def bin_of(**more: Any) -> dict[str, Any]:
    day = timedelta(days=1)
    return {"restorable_until": iso(NOW + 50 * day), "permanent_at": None, "restored": 0,
            "permanently_deleted": 0, "deletions": [], **more}  # fmt: skip


def test_what_becomes_permanent_when() -> None:
    gone = {"requested": 5, "deleted": 5}
    soon = iso(NOW + timedelta(days=2))
    days = by_day(
        [
            deletion(1, counts=gone, recycle_bin=bin_of()),
            deletion(2, counts=gone, recycle_bin=bin_of(permanent_at=soon, restored=2)),
            deletion(3, counts=gone, recycle_bin=bin_of(permanent_at=soon)),
            deletion(4, counts=gone, recycle_bin=bin_of(permanently_deleted=5)),
            deletion(5, counts=gone),
            deletion(6, counts=gone, recycle_bin=bin_of(restorable_until=iso(NOW - timedelta(days=1)))),
        ],
        NOW,
    )
    assert [(each["day"], each["records"]) for each in days] == [("2026-11-24", 8), ("2027-01-11", 5)]
    assert [(each["id"], each["by"], each["records"]) for each in days[0]["deletions"]] == [
        ("del_2", "expunge", 3),
        ("del_3", "expunge", 5),
    ]
    assert days[1]["deletions"][0]["by"] == "zoho"


def test_what_was_not_deleted_for_good_in_time_still_leaves_the_bin_by_zoho() -> None:
    late = bin_of(permanent_at=iso(NOW - timedelta(days=1)))
    assert end(deletion(1, counts={"deleted": 1}, recycle_bin=late), NOW) == (
        late["restorable_until"],
        "zoho",
        1,
    )


def test_the_recycle_bin_is_read_once_a_minute_and_says_what_it_left_out() -> None:
    office = Office()
    send(office, 60)
    api = Paged(office)
    reading = RecycleBin(api, "test", 50, lambda: datetime.fromtimestamp(office.now, UTC))
    first = reading.read()
    assert (first["whole"], first["read"], first["stage"]) == (False, 50, "test")
    assert reading.read() is first
    assert api.asked == ["deletions"]


def test_views_are_read_by_their_names_only() -> None:
    asked: list[dict[str, str]] = []

    def look(query: Any) -> dict[str, Any]:
        asked.append(dict(query))
        return {"x": "<b>"}

    room = Room(dict, 5, {"audit.json": look})
    assert room.view("audit.json?source=a%20b&until=") == (200, '{"x": "<b>"}')
    assert asked == [{"source": "a b"}]
    assert room.view("other.json") is None
    assert room.view(f"audit.json?x={'y' * 5000}") is None


def test_dry_runs_do_not_count_as_completed() -> None:
    shown = seen(deletion(1), deletion(2, dry_run=True), deletion(3, dry_run=True, status="running"))
    totals = shown["totals"]
    assert (totals["completed"], totals["dry_run"], totals["open"], totals["deletions"]) == (1, 1, 1, 3)
    assert shown["over_time"]["buckets"][-1]["kinds"]["completed"] == 1


def test_records_are_counted_once_though_they_are_deleted_for_good_later() -> None:
    gone = {"requested": 5, "deleted": 5}
    shown = seen(
        deletion(1, counts=gone),
        deletion(2, counts=gone, operation="delete_permanently"),
        deletion(3, counts=gone, operation="delink_records"),
    )
    assert shown["totals"]["records_deleted"] == 5


def test_what_ended_lately_is_listed_newest_first() -> None:
    found = [deletion(n, hours=n, finished_at=iso(NOW - timedelta(minutes=n))) for n in range(1, 40)]
    shown = seen(*found, deletion(50, status="running"))["ended"]
    assert [each["id"] for each in shown] == [f"del_{n}" for n in range(1, 21)]
