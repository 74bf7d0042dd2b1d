"""`expunge find` on the real table: what it finds is the same with digests and without, and no silence is
taken for an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.dynamodb import digest_items
from chalicelib.domain.deletion import Deletion, Problem
from chalicelib.domain.evidence import digest
from chalicelib.domain.outcomes import CHUNK_SIZE
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status
from chalicelib.service.ports import Change
from cli.evidence.searching import Found, search
from tests.crash.layer import Plan, Recorder, Way
from tests.evidence.made import deletion as made_deletion
from tests.evidence.test_forgetting import Stage
from tests.evidence.test_forgetting import ended as ended_with_receipt
from tests.evidence.world import World, world

DAY = 86_400
LEAD = "410405000002264102"  # the third of the first deletion, which has failed


@pytest.fixture(params=["as it was accepted", "in digests"])
def here(request: pytest.FixtureRequest) -> Iterator[World]:
    """A stage; with digests each look at it comes after they were written."""
    with world() as each:
        each.reports.append(request.param)
        yield each


def look(here: World, module: str, record: str, days: int = 20) -> Found:
    """What is found, of the last days."""
    if here.reports[0] == "in digests":
        here.now += 2 * DAY
        done = here.minute()
        assert done is not None, here.reports
    now = datetime.fromtimestamp(here.now, UTC)
    return search(here.table, module, record, now - timedelta(days=days), now)


def ids_of(found: Found) -> list[str]:
    return [hit.deletion.id for hit in found.hits]


def view(n: int, **more: Any) -> dict[str, Any]:
    """A deletion of a view, for World.ended."""
    made, _ = made_deletion(n, "")
    asked = replace(made.request, operation=Operation.MASS_DELETE, cvid="7", ids=(), **more)
    return {"request": asked, "id_count": 0, "chunks": 0}


def test_every_deletion_that_named_a_record_is_found_the_newest_first(here: World) -> None:
    first = here.ended(1)
    here.now += DAY
    second = here.ended(2, request=replace(made_deletion(2)[0].request, ids=first.request.ids or ids(1)))
    here.ended(3)
    found = look(here, "Leads", LEAD)
    assert [(hit.deletion.id, hit.outcome, hit.code) for hit in found.hits] == [
        (second.id, "failed", "RECORD_LOCKED"),
        (first.id, "failed", "RECORD_LOCKED"),
    ]
    assert not found.doubts


def ids(n: int) -> tuple[str, ...]:
    return made_deletion(n)[0].request.ids


def test_a_record_that_nothing_named_is_not_found_nor_one_of_another_module(here: World) -> None:
    here.ended(1)
    assert not ids_of(look(here, "Contacts", LEAD))
    assert not ids_of(look(here, "Leads", "1"))


@pytest.mark.parametrize("module", ["Tasks", "Calls", "Activities"])
def test_what_was_asked_for_by_another_name_of_the_module_is_found(here: World, module: str) -> None:
    ended = here.ended(1, request=replace(made_deletion(1)[0].request, module="Activities"))
    assert ids_of(look(here, module, LEAD)) == [ended.id]
    assert not ids_of(look(here, "Leads", LEAD))


def test_a_record_behind_an_external_id_is_found_by_both(here: World) -> None:
    made, chunks = made_deletion(1)
    ended = here.ended(1, request=replace(made.request, external_id_field="External"))
    claim = here.table.claim(ended.id, here.now + 1, here.now + 60)
    assert claim is not None
    known = chunks[0].with_records({0: "77"})
    here.table.save(claim, Change(claim.deletion, here.now, 0.0, chunks=(known,)))
    for named in ("77", made.request.ids[0]):
        assert ids_of(look(here, "Leads", named)) == [ended.id]


def test_a_record_in_a_later_part_of_a_long_deletion_is_found(here: World) -> None:
    ended = here.ended(1, "d" * (CHUNK_SIZE + 3))
    last = str(410405000002264100 + CHUNK_SIZE + 2)
    assert ids_of(look(here, "Leads", last)) == [ended.id]


def test_a_dry_run_is_found_and_told_as_such(here: World) -> None:
    here.ended(1, "ppp", request=replace(made_deletion(1)[0].request, dry_run=True))
    (hit,) = look(here, "Leads", LEAD).hits
    assert (hit.deletion.request.dry_run, hit.outcome) == (True, "pending")


def test_what_brought_a_record_back_and_what_deleted_it_for_good_is_found(here: World) -> None:
    made = made_deletion(1)[0].request
    parent = here.ended(1)
    for n, operation in ((2, Operation.RESTORE), (3, Operation.DELETE_PERMANENTLY)):
        here.ended(n, request=replace(made, operation=operation, parent=parent.id))
    found = look(here, "Leads", LEAD)
    assert {hit.deletion.request.operation for hit in found.hits} == {
        Operation.DELETE_RECORDS,
        Operation.RESTORE,
        Operation.DELETE_PERMANENTLY,
    }


def test_a_link_that_was_removed_is_found_by_both_of_its_records(here: World) -> None:
    made = made_deletion(1)[0].request
    asked = replace(made, module="Deals", operation=Operation.DELINK_RECORDS, record_id="9")
    ended = here.ended(1, request=asked)
    assert [hit.outcome for hit in look(here, "Contacts", LEAD).hits] == ["failed"]
    (hit,) = look(here, "Deals", "9").hits
    assert (hit.deletion.id, hit.outcome) == (ended.id, None)


def test_what_an_erasure_names_is_found_in_its_own_module(here: World) -> None:
    made = made_deletion(1)[0].request
    named = (f"Leads/{LEAD}", "Contacts/77", "Activities/88")
    ended = here.ended(1, request=replace(made, module="*", operation=Operation.ERASE_PERSON, ids=named))
    assert ids_of(look(here, "Leads", LEAD)) == [ended.id]
    assert ids_of(look(here, "Tasks", "88")) == [ended.id]
    assert not ids_of(look(here, "Leads", "77"))


def test_a_view_that_nobody_listed_is_said_to_be_unknown(here: World) -> None:
    started = here.ended(1, "", **view(1), sent_at=5.0)
    here.ended(2, "", **view(2, dry_run=True))
    here.ended(3, "", **view(3), status=Status.REFUSED)
    found = look(here, "Leads", LEAD)
    assert not found.hits
    assert [(doubt.id, doubt.why) for doubt in found.doubts] == [(started.id, "not listed")]
    assert not look(here, "Contacts", LEAD).doubts


def test_records_that_went_with_a_listed_view_are_said_to_be_unknown(here: World) -> None:
    asked = replace(made_deletion(1)[0].request, operation=Operation.MASS_DELETE, cvid="7")
    listed = here.ended(1, request=asked, frozen=True, unlisted=2, sent_at=5.0)
    late = here.ended(
        2, **view(2), frozen=True, sent_at=5.0, problems=(Problem("START_LOST", 0),)
    )  # the ids of another
    whole = here.ended(3, **view(3), frozen=True, sent_at=5.0)
    found = look(here, "Leads", "1")
    assert {doubt.id for doubt in found.doubts} == {listed.id, late.id}
    assert whole.id not in ids_of(found)
    assert ids_of(look(here, "Leads", LEAD)) == [listed.id]


def test_a_deletion_that_was_forgotten_is_said_to_be_unknown(here: World) -> None:
    forgotten = here.ended(1, forgotten_at=6.0)
    kept = here.ended(2)
    found = look(here, "Leads", ids(2)[0])
    assert ids_of(found) == [kept.id]
    assert [(doubt.id, doubt.why) for doubt in found.doubts] == [(forgotten.id, "forgotten")]


def test_a_deletion_that_cannot_be_read_is_said_to_be_unknown(here: World) -> None:
    ended, whole = here.ended(1), here.ended(2)
    key = {"pk": {"S": f"D#{ended.id}"}, "sk": {"S": "META"}}
    values = {":doc": {"S": '{"v": 99}'}}
    here.table.client().update_item(
        TableName="t", Key=key, UpdateExpression="SET doc = :doc", ExpressionAttributeValues=values
    )
    parts = {"pk": {"S": f"D#{whole.id}"}, "sk": {"S": "IDS#00000000"}}
    here.table.client().delete_item(TableName="t", Key=parts)
    found = look(here, "Leads", LEAD)
    assert {(doubt.id, doubt.why) for doubt in found.doubts} == {
        (ended.id, "unreadable"),
        (whole.id, "unreadable"),
    }


def test_what_has_not_ended_is_found_when_it_ends_with_other_ids(here: World) -> None:
    """A view is listed after its day: its digest must not say for good that it has no ids."""
    ended = here.ended(1, status=Status.NEEDS_ATTENTION, **view(1))
    claim = here.table.claim(ended.id, here.now, here.now + 60)
    assert claim is not None
    running = replace(claim.deletion, status=Status.RUNNING)
    claim = here.table.save(claim, Change(running, here.now, here.now + 600))
    assert not ids_of(look(here, "Leads", LEAD))
    _, chunks = made_deletion(1)
    listed = replace(running, frozen=True, chunks=1, id_count=3, status=Status.COMPLETED)
    change = Change(listed, here.now, 0.0, chunks=tuple(chunks), new_chunks=tuple(chunks))
    here.table.save(claim, change)
    assert ids_of(look(here, "Leads", LEAD)) == [ended.id]


def test_deletions_older_than_was_asked_for_are_left_out(here: World) -> None:
    here.ended(1)
    here.now += 4 * DAY
    second = here.ended(2, request=replace(made_deletion(2)[0].request, ids=ids(1)))
    assert ids_of(look(here, "Leads", LEAD, days=3)) == [second.id]


# --- digests --------------------------------------------------------------------------------------------


def test_a_day_that_is_over_is_read_from_its_digest_alone() -> None:
    with world() as here:
        ended = [here.ended(n) for n in range(1, 8)]
        here.now += 2 * DAY
        done = here.minute()
        assert done is not None
        assert done.digested == len(ended)
        found = look_now(here, ids(3)[1])
        assert (ids_of(found), found.read) == ([ended[2].id], 1)
        done = here.minute()
        assert done is not None
        assert done.digested == 0


def look_now(here: World, record: str) -> Found:
    now = datetime.fromtimestamp(here.now, UTC)
    return search(here.table, "Leads", record, now - timedelta(days=20), now)


def test_a_day_is_taken_up_when_it_is_over_for_an_hour() -> None:
    with world() as here:
        here.now = here.now // DAY * DAY + DAY - 5
        here.ended(1)
        here.now += 5 + 3_600 - 1
        assert digested(here) == 0
        here.now += 1
        assert digested(here) == 1


def digested(here: World) -> int:
    """How many deletions a run of the function takes into digests."""
    done = here.minute(seconds=0)
    assert done is not None
    return done.digested


def test_what_is_accepted_before_the_first_digest_and_after_the_last_is_found() -> None:
    with world() as here:
        old = here.ended(1)
        here.now += 9 * DAY  # more than the days that digests look back on this stage
        here.ended(2)
        here.now += 2 * DAY
        here.minute()
        new = here.ended(3, request=replace(made_deletion(3)[0].request, ids=ids(1)))
        assert ids_of(look_now(here, LEAD)) == [new.id, old.id]


def test_what_is_forgotten_leaves_no_hash_in_its_digest() -> None:
    with world() as here:
        ended, kept = here.ended(1, "d" * (CHUNK_SIZE + 3)), here.ended(2)
        here.now += 2 * DAY
        here.minute()
        here.table.forget_hashes(ended.id, ended.created_at, external_only=False)
        left = kept_digests(here, ended)
        assert {one for each in left for one, _ in each.parts} == {kept.id}
        assert {one for each in left for one in each.look} == {ended.id}
        here.table.forget_hashes(ended.id, ended.created_at, external_only=False)
        assert kept_digests(here, ended) == left


def test_forgetting_a_deletion_forgets_what_it_is_found_by() -> None:
    with world() as here:
        stage = Stage(here)
        made = made_deletion(1)[0].request
        whole = ended_with_receipt(stage, 1)
        external = ended_with_receipt(stage, 2, request=replace(made, external_id_field="External"))
        here.now += 2 * DAY
        stage.rest()
        assert {one for each in kept_digests(here, whole) for one, _ in each.parts} == {whole.id, external.id}
        stage.forget(whole.id)
        here.now += 31 * DAY
        stage.rest()
        (kept,) = kept_digests(here, whole)
        assert set(kept.parts) == {(external.id, 0)}
        assert kept.look == {whole.id}


def test_what_external_ids_leave_in_a_digest_goes_with_them_and_their_record_is_still_found() -> None:
    with world() as here:
        made, chunks = made_deletion(1)
        ended = here.ended(1, request=replace(made.request, external_id_field="External"))
        claim = here.table.claim(ended.id, here.now + 1, here.now + 60)
        assert claim is not None
        known = chunks[0].with_records({0: "77"})
        here.table.save(claim, Change(claim.deletion, here.now, 0.0, chunks=(known,)))
        here.now += 2 * DAY
        here.minute()
        assert look_now(here, ids(1)[0]).read == look_now(here, "77").read == 1
        here.table.forget_hashes(ended.id, ended.created_at, external_only=True)
        assert look_now(here, ids(1)[0]).read == 0
        assert ids_of(look_now(here, "77")) == [ended.id]


def kept_digests(here: World, ended: Deletion) -> list[digest.Digest]:
    return digest_items.kept(here.table, digest.day_of(ended.created_at)[:7])


def test_a_crash_between_a_digest_and_its_place_writes_the_same_one_again() -> None:
    with world() as here:
        ended = here.ended(1)
        here.now += 2 * DAY
        here.minute()
        before = kept_digests(here, ended)
        here.table.write_anyway(
            "delete_item", TableName="t", Key={"pk": {"S": "EVIDENCE#DIGESTS"}, "sk": {"S": "-"}}
        )
        here.minute()
        after = kept_digests(here, ended)
        assert [each.parts for each in after] == [each.parts for each in before]


@given(st.lists(st.text(max_size=40), max_size=60), st.text(max_size=40))
def test_a_digest_points_to_every_deletion_that_named_an_id(named: list[str], other: str) -> None:
    data = digest.hashes(named)
    assert len(data) <= digest.WIDTH * len(set(named))
    made = digest.Digest(("del_1", 0), {("del_1", 0): data}, frozenset(), 0)
    for each in named:
        assert digest.candidates([made], each) == ["del_1"]
    if other not in named:
        assert digest.candidates([made], other) in ([], ["del_1"])


def test_digests_of_many_ids_each_fit_an_item() -> None:
    many = "d" * (16 * CHUNK_SIZE)
    made, chunks = made_deletion(1, many)
    found = list(digest.of([digest.Named(made.id, made, tuple(chunks))]))
    assert len(found) > 1
    parts = [part for each in found for part in each.parts]
    assert parts == [(made.id, n) for n in range(16)]
    assert all(sum(map(len, each.parts.values())) < 300_000 for each in found)


OF_DIGESTS = ("Book.digested", "Book.accepted", "Book.named", "Book.keep_digest", "Book.digested_until")


def a_day_later(here: World) -> list[str]:
    """Two deletions end, and their day is over; the calls that were made, by name."""
    here.ended(1)
    here.ended(2, request=replace(made_deletion(2)[0].request, ids=ids(1)))
    here.now += 2 * DAY
    here.minute()
    return list(here.recorder.names)


@pytest.mark.slow
@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.long)])
def test_whichever_call_about_digests_goes_wrong_all_is_found_and_at_rest_from_digests_alone(
    step: int,
) -> None:
    """Each call in one of the four ways; in all four of them where the long tests run."""
    with world() as here:
        calls = [n for n, name in enumerate(a_day_later(here), start=1) if name in OF_DIGESTS]
    assert len(calls) >= len(OF_DIGESTS)
    ways = list(Way)
    for call, way in ((call, way) for n, call in enumerate(calls) for way in ways[n % step :: step]):
        with world() as here:
            here.recorder = Recorder(Plan(call, way))
            a_day_later(here)
            assert len(look_now(here, LEAD).hits) == 2, (call, way)
            here.minute()
            assert len(look_now(here, LEAD).hits) == look_now(here, LEAD).read == 2, (call, way)
            assert not here.checked().found.problems
