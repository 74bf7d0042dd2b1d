"""The log's chain of hashes: what was altered, removed or moved shows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import codec
from chalicelib.domain import log, log_checking, log_commitments
from chalicelib.domain.deletion import Approval, Counts, Deletion, Plan, moved
from chalicelib.domain.event import message
from chalicelib.domain.log import Entry
from chalicelib.domain.outcomes import Chunk, Finding, Mark, untouched
from chalicelib.domain.request import Operation, Request
from chalicelib.domain.status import Status

MADE = Deletion(
    "del_1", Request(Operation.DELETE_RECORDS, "Leads", "default"), "crm", 0.0, 0.0, 100, seed="5eed"
)


def entries() -> list[Entry]:
    made = replace(MADE, request=replace(MADE.request, reason="reason 0"))
    deletion, first = log.first(made, "test")
    found = [first]
    for n in range(1, 4):
        deletion, entry = log.append(deletion, "waiting", float(n), stage="test", why=f"reason {n}")
        found.append(entry)
    return found


def test_a_log_as_it_was_written_is_whole() -> None:
    assert log_checking.first_broken(entries()) is None
    assert log_checking.first_broken([]) is None


@pytest.mark.parametrize("n", range(1, 5))
def test_an_altered_entry_shows(n: int) -> None:
    found = entries()
    for altered in (
        replace(found[n - 1], why="another reason"),
        replace(found[n - 1], by="somebody else"),
        replace(found[n - 1], at=99.0),
        replace(found[n - 1], event=None),
        replace(found[n - 1], chain="0" * 64),
        replace(found[n - 1], salts={}),
        replace(found[n - 1], salts={**found[n - 1].salts, "why": "0" * 22}),
        replace(found[n - 1], facts={}),
        replace(found[n - 1], facts={**found[n - 1].facts, "why": "0" * 43}),
        log.without(found[n - 1], found[n - 1].salts),
    ):
        assert log_checking.first_broken([*found[: n - 1], altered, *found[n:]]) == n


def test_what_is_published_does_not_tell_what_is_not_to_who_tries() -> None:
    """What may be personal is in the hash under a salt that stays in the log."""
    secret = replace(MADE.request, reason="Anna Meier asked for it", ids=("7",))
    _, entry = log.first(replace(MADE, request=secret, asked_by="arn:aws:iam::1:user/ann"), "test")
    published = message(entry)
    assert set(entry.salts) == {"why", "ids"}
    assert all(len(salt) == 22 and salt not in published for salt in entry.salts.values())
    assert MADE.seed not in published
    assert entry.facts["why"] != log_commitments.commitment(entry.why)
    assert entry.facts["why"] == log_commitments.commitment(entry.why, entry.salts["why"])
    covered = json.dumps(log.content(entry))
    assert "Anna" not in covered
    assert '"7"' not in covered


def test_every_part_of_every_entry_and_every_deletion_has_a_salt_of_its_own() -> None:
    other = log.append(replace(MADE, seed="0dd5eed"), "waiting", 1.0, stage="test", why="reason 1")[1]
    salts = [salt for entry in (*entries(), other) for salt in entry.salts.values()]
    assert len(set(salts)) == len(salts) == 5


def test_a_log_of_a_deletion_without_a_seed_is_whole() -> None:
    old = log.append(replace(MADE, seed=""), "waiting", 1.0, stage="test", why="reason 1")[1]
    assert old.salts == {"why": ""}
    assert log_checking.first_broken([replace(old, n=1)]) is None


PLAN = Plan(2, ("7", "8"), 1, 1)


def ended() -> tuple[Deletion, list[Entry], list[Chunk]]:
    """A deletion that has ended, with its log and its ids."""
    asked = replace(MADE.request, ids=("7", "8"), reference="DSR-17", reason="Anna asked")
    made, first = log.first(replace(MADE, request=asked, id_count=2, chunks=1, asked_by="arn:ann"), "test")
    approval = Approval(2, 1.0, 99.0, 2.0, "arn:bob")
    made, second = log.append(replace(made, approval=approval), "approved", 2.0, stage="test", by="arn:bob")
    chunk = untouched(0, ("7", "8")).with_findings({0: Finding(Mark.DELETED), 1: Finding(Mark.FAILED, "X")})
    made = replace(
        moved(made, Status.PARTIALLY_COMPLETED, 3.0),
        plan=PLAN,
        counts=Counts(requested=2, deleted=1, failed=1),
    )
    outcomes = log.Outcomes(["8"], log_commitments.digest([chunk]))
    made, third = log.append(made, "partially_completed", 3.0, stage="test", outcomes=outcomes)
    bare = replace(made, request=replace(made.request, ids=()))
    return bare, [first, second, third], [chunk]


def test_a_deletion_as_its_log_has_it_differs_in_nothing() -> None:
    made, found, chunks = ended()
    assert log_checking.first_broken(found) is None
    assert log_checking.differing(made, found, chunks) == ""


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("by whom", lambda d: replace(d, asked_by="arn:eve")),
        ("by whom", lambda d: replace(d, source="erp")),
        ("by whom", lambda d: replace(d, request=replace(d.request, dry_run=True))),
        ("by whom", lambda d: replace(d, request=replace(d.request, module="Contacts"))),
        ("limits", lambda d: replace(d, limits=replace(d.limits, max_records=7))),
        ("approval", lambda d: replace(d, approval=replace(d.approval, by="arn:eve"))),
        ("approval", lambda d: replace(d, approval=replace(d.approval, count=3))),
        ("how it ended", lambda d: replace(d, status=Status.COMPLETED)),
        ("how it ended", lambda d: replace(d, counts=replace(d.counts, deleted=2, failed=0))),
        ("how it ended", lambda d: replace(d, resolved_by="arn:eve")),
        ("how it ended", lambda d: replace(d, finished_at=4.0)),
        ("reason", lambda d: replace(d, request=replace(d.request, reason="nobody asked"))),
        ("reference", lambda d: replace(d, request=replace(d.request, reference="DSR-18"))),
        ("reference", lambda d: replace(d, request=replace(d.request, reference=None))),
    ],
)
def test_what_is_altered_in_a_deletion_shows(words: str, change: Any) -> None:
    made, found, chunks = ended()
    assert words in log_checking.differing(change(made), found, chunks)


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("its ids", lambda c: replace(c, ids=("7", "9"))),
        ("outcomes", lambda c: replace(c, marks="DD")),
        ("outcomes", lambda c: replace(c, codes={1: ("Y", "")})),
        ("outcomes", lambda c: replace(c, records={0: "5"})),
    ],
)
def test_what_is_altered_in_ids_and_outcomes_shows(words: str, change: Any) -> None:
    made, found, chunks = ended()
    assert words in log_checking.differing(made, found, [change(each) for each in chunks])
    assert log_checking.differing(made, found, []) != ""


def test_what_is_forgotten_leaves_a_chain_that_verifies_and_tells_nothing() -> None:
    made, found, _ = ended()
    gone = [log.without(entry, entry.salts) for entry in found]
    assert log_checking.first_broken(gone, forgotten=True) is None
    assert log_checking.first_broken(gone) == 1, (
        "unless the deletion says so, a part that is not there is missing"
    )
    text = json.dumps([codec.entry_to_text(entry) for entry in gone])
    assert not [word for word in ("DSR-17", "Anna", '"7', '"8') if word in text]
    assert not any(entry.salts for entry in gone)
    bare = replace(made, request=replace(made.request, reference=None, reason=None))
    assert log_checking.differing(bare, gone, [None]) == ""
    assert "by whom" in log_checking.differing(replace(bare, asked_by="arn:eve"), gone, [None])
    assert log_checking.first_broken([replace(gone[0], at=1.5), *gone[1:]], forgotten=True) == 1


def test_only_what_is_named_is_forgotten() -> None:
    _, found, _ = ended()
    gone = log.without(found[2], [log.REFERENCE])
    assert gone.event is not None
    assert gone.event["data"]["reference"] is None
    assert gone.event["data"]["failed_ids"] == ["8"]
    assert log_checking.first_broken([*found[:2], gone], forgotten=True) is None


@pytest.mark.parametrize("n", range(1, 4))
def test_a_removed_or_moved_entry_shows(n: int) -> None:
    found = entries()
    assert log_checking.first_broken(found[: n - 1] + found[n:]) == n
    moved = [*found[: n - 1], found[n], found[n - 1], *found[n + 1 :]]
    assert log_checking.first_broken(moved) == n
