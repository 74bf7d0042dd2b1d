"""What `expunge find` says: nothing is called never deleted that is only not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.deletion import Child, Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status
from cli.evidence.finding import doubt_lines, hint, hit_lines, result, told_of
from tests.evidence.made import NOW as THEN
from tests.evidence.made import deletion

NOW = "2026-11-29T12:00:00.000Z"
RECORD = "410405000002264040"
HIT: dict[str, Any] = {
    "deletion": "del_01M8298QNC9R2FS46471MHPX7V",
    "operation": "delete_records",
    "status": "completed",
    "dry_run": False,
    "created_at": "2026-11-20T12:00:00.000Z",
    "finished_at": "2026-11-20T12:00:07.000Z",
    "source": "crm",
    "asked_by": None,
    "restorable_until": "2027-01-19T12:00:00.000Z",
    "permanent_at": None,
    "receipt": None,
    "outcome": "deleted",
    "code": None,
    "permanent": False,
    "restored": False,
}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "deleted, restorable until 2027-01-19"),
        ({"restorable_until": "2026-11-01T00:00:00.000Z"}, "deleted, was restorable until 2026-11-01"),
        ({"permanent": True}, "deleted for good"),
        ({"restored": True}, "deleted, restored since"),
        ({"dry_run": True, "outcome": "pending"}, "a dry run: nothing was sent"),
        ({"outcome": "failed", "code": "RECORD_LOCKED"}, "failed (RECORD_LOCKED)"),
        ({"operation": "delink_records"}, "deleted: the link, not the record"),
        ({"outcome": None, "operation": "delink_records"}, "named, its links were removed"),
    ],
)
def test_a_hit_says_what_its_outcome_means_today(more: dict[str, Any], words: str) -> None:
    first, *rest = hit_lines({**HIT, **more}, NOW)
    assert first == f"{HIT['deletion']}  {words}"
    assert rest[-1] == "  no receipt yet"
    assert "  asked for by crm" in rest


def test_a_doubt_says_why_and_what_to_do() -> None:
    unreadable = doubt_lines({"deletion": "del_1", "why": "unreadable"})
    assert unreadable == [
        "del_1  not known",
        "  it cannot be read; expunge recover set-aside makes it due again",
    ]
    assert "Zoho's audit log" in doubt_lines({**HIT, "why": "not listed", "records": 9})[1]
    assert all(
        len(line) <= 80 for why in ("not listed", "forgotten") for line in doubt_lines({**HIT, "why": why})
    )


class Table:
    """A table that knows how a child stands now."""

    def __init__(self, child: Deletion) -> None:
        self.child = child

    def get_many(self, ids: Sequence[str]) -> dict[str, Deletion]:
        return {self.child.id: self.child}

    def receipts(self, one: str) -> list[Any]:
        return []


@pytest.mark.parametrize(
    ("status", "permanent_at"),
    [(Status.WAITING, "2025-11-24T16:00:01.000Z"), (Status.CANCELLED, None)],
)
def test_that_it_goes_for_good_is_told_only_while_that_is_so(
    status: Status, permanent_at: str | None
) -> None:
    child, _ = deletion(2)
    asked = replace(child.request, operation=Operation.DELETE_PERMANENTLY)
    later = THEN + 1
    child = replace(child, request=asked, status=status, not_before=later)
    parent, _ = deletion(1, children=(Child(child.id, asked.operation, not_before=later),))
    table: Any = Table(child)
    assert told_of(table, parent)["permanent_at"] == permanent_at


class Malformed(Table):
    """A table whose item of a receipt cannot be read."""

    def receipts(self, one: str) -> list[Any]:
        raise Unreadable(one, "receipts: KeyError")


def test_a_receipt_that_cannot_be_read_keeps_the_deletion_from_nobody() -> None:
    hit, _ = deletion(1)
    table: Any = Malformed(hit)
    told = told_of(table, hit)
    assert told["receipt"] is None
    last = hit_lines({**HIT, **told}, NOW)[-1]
    assert last == "  what the table keeps of its receipts cannot be read; look for them in the bucket"


@pytest.mark.parametrize(
    ("record", "hits", "doubts", "words"),
    [
        (
            RECORD,
            0,
            0,
            (
                "no deletion of the last 400 days named or took the record of this id;"
                " of external ids only those not forgotten are known"
            ),
        ),
        (RECORD, 2, 0, "2 deletions"),
        (RECORD, 0, 3, "no deletion of the last 400 days known to have named or taken it, 3 not known"),
        (RECORD, 1, 1, "1 deletion known to have named or taken it, 1 not known"),
        (
            "ERP/1042",
            0,
            0,
            (
                "no deletion of the last 400 days named it, as far as it still knows its external ids;"
                " look for the record id"
            ),
        ),
    ],
)
def test_that_nothing_was_found_is_said_only_where_nothing_is_left_open(
    record: str, hits: int, doubts: int, words: str
) -> None:
    assert result(record, hits, doubts, 400) == words


@pytest.mark.parametrize(
    ("module", "meant"), [("Lead", "Leads"), ("contact", "Contacts"), ("Acounts", "Accounts")]
)
def test_where_nothing_is_found_a_module_that_may_be_misspelled_is_named(module: str, meant: str) -> None:
    (line,) = hint(module)
    assert line == f"{module} is none of Zoho's own modules; did you mean {meant}?"


@pytest.mark.parametrize("module", ["Leads", "Potentials", "Pets"])
def test_a_module_that_nothing_speaks_against_is_not_doubted(module: str) -> None:
    assert hint(module) == []
