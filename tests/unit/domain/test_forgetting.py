"""What goes when a deletion is forgotten, and what stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain import forgetting
from chalicelib.domain.deletion import Deletion, Plan
from chalicelib.domain.forgetting import Scope
from chalicelib.domain.outcomes import Finding, Mark, untouched
from chalicelib.domain.person.progress import HITS, KNOWN, MAP
from chalicelib.domain.request import Operation, Request
from chalicelib.domain.status import Status

MADE = Deletion(
    id="del_1",
    request=Request(
        Operation.DELINK_RECORDS,
        "Leads",
        "default",
        record_id="7",
        related_list="Campaigns",
        reference="DSR-17",
        reason="Anna asked",
    ),
    source="crm",
    created_at=0.0,
    updated_at=9.0,
    expires_at=100,
    status=Status.COMPLETED,
    finished_at=9.0,
    plan=Plan(1, ("8",), 1, 1),
    seed="5eed",
    progress={"phase": "done"},
)


def test_all_that_is_personal_goes() -> None:
    gone = forgetting.deletion_without(MADE, Scope.ALL, 10.0, "other")
    request = gone.request
    assert (request.reference, request.reason, request.record_id, request.identity) == (None,) * 4
    assert (gone.seed, gone.progress, gone.forgotten_at) == ("", {}, 10.0)
    assert gone.plan == Plan(1, (), 1, 1)
    assert (gone.counts, gone.status, gone.finished_at) == (MADE.counts, MADE.status, MADE.finished_at)


def test_of_texts_record_ids_are_none() -> None:
    gone = forgetting.deletion_without(MADE, Scope.TEXTS, 10.0, "other")
    assert (gone.request.reference, gone.request.reason, gone.request.record_id) == (None, None, "7")
    assert (gone.seed, gone.forgotten_at, gone.texts_forgotten_at) == ("other", None, 10.0)
    assert gone.plan == MADE.plan


def test_of_external_ids_the_record_ids_stay() -> None:
    external = replace(MADE, request=replace(MADE.request, external_id_field="ERP_Id"))
    chunk = untouched(0, ("E-1", "E-2")).with_records({0: "77"}).with_findings({0: Finding(Mark.DELETED)})
    kept = forgetting.chunk_without(external, chunk, Scope.TEXTS)
    assert (kept.ids, kept.records, kept.marks) == (("77", ""), {0: "77"}, chunk.marks)
    assert forgetting.chunk_without(MADE, chunk, Scope.TEXTS) == chunk
    gone = forgetting.chunk_without(external, chunk, Scope.ALL)
    assert (gone.ids, gone.records, gone.marks) == (("", ""), {}, chunk.marks)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.RUNNING, "has not ended"),
        (Status.AWAITING_APPROVAL, "has not ended"),
        (Status.NEEDS_ATTENTION, "resolve it first"),
        (Status.CANCELLED, ""),
    ],
)
def test_only_what_has_ended_is_forgotten(status: Status, words: str) -> None:
    found = forgetting.not_forgettable(replace(MADE, status=status))
    assert words in found
    assert bool(words) == bool(found)


def test_texts_are_due_their_days_after_the_end_and_once() -> None:
    assert forgetting.texts_at(MADE, 30) == 9.0 + 30 * 86_400
    gone = forgetting.deletion_without(MADE, Scope.TEXTS, 10.0, "other")
    assert forgetting.texts_at(gone, 30) is None
    bare = replace(MADE, request=replace(MADE.request, reference=None, reason=None))
    assert forgetting.texts_at(bare, 30) is None
    assert forgetting.texts_at(replace(MADE, finished_at=None), 30) is None


def test_what_an_erasure_has_found_and_its_map_go_too() -> None:
    erased = replace(
        MADE,
        request=Request(Operation.ERASE_PERSON, "*", "default"),
        progress={"hit_parts": 2, "map_parts": 1},
    )
    named = forgetting.personal_parts(erased)
    assert {HITS, HITS + 1, MAP} < set(named)
    assert KNOWN not in named
    gone = forgetting.deletion_without(replace(erased, erasure={"identity": {}}), Scope.ALL, 10.0, "")
    assert gone.erasure == {}
    assert forgetting.personal_parts(MADE) == []
