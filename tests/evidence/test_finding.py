"""`expunge find` and `expunge log` on the real table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.dynamodb import items
from chalicelib.domain import log as deletion_log
from chalicelib.domain.outcomes import CHUNK_SIZE
from chalicelib.service.ports import Change
from cli.evidence.finding import found
from cli.evidence.logs import broken
from tests.evidence.made import deletion as made_deletion
from tests.evidence.world import World, world


@pytest.fixture
def here() -> Iterator[World]:
    with world() as each:
        yield each


def days(here: World) -> list[datetime]:
    today = datetime.fromtimestamp(here.now, UTC)
    return [today - timedelta(days=n) for n in range(3)]


def test_every_deletion_that_named_a_record_is_found_the_newest_first(here: World) -> None:
    first = here.ended(1)
    ids = first.request.ids or made_deletion(1)[0].request.ids
    here.now += 86_400
    made, _ = made_deletion(2)
    second = here.ended(2, request=replace(made.request, ids=ids))
    here.ended(3)
    hits = found(here.table, "Leads", ids[2], days(here))
    assert [(hit.deletion.id, hit.outcome, hit.code) for hit in hits] == [
        (second.id, "failed", "RECORD_LOCKED"),
        (first.id, "failed", "RECORD_LOCKED"),
    ]
    assert found(here.table, "Contacts", ids[2], days(here)) == []
    assert found(here.table, "Leads", "1", days(here)) == []


def test_a_record_behind_an_external_id_is_found_by_both(here: World) -> None:
    made, chunks = made_deletion(1)
    ended = here.ended(1, request=replace(made.request, external_id_field="External"))
    claim = here.table.claim(ended.id, here.now + 1, here.now + 60)
    assert claim is not None
    known = chunks[0].with_records({0: "77"})
    here.table.save(claim, Change(claim.deletion, here.now, 0.0, chunks=(known,)))
    for named in ("77", made.request.ids[0]):
        assert [hit.deletion.id for hit in found(here.table, "Leads", named, days(here))] == [ended.id]


def test_a_record_in_a_later_part_of_a_long_deletion_is_found(here: World) -> None:
    ended = here.ended(1, "d" * (CHUNK_SIZE + 3))
    last = str(410405000002264100 + CHUNK_SIZE + 2)
    assert [hit.deletion.id for hit in found(here.table, "Leads", last, days(here))] == [ended.id]


def test_a_log_that_is_whole_fits_and_any_other_does_not(here: World) -> None:
    ended = here.ended(1)
    entries = here.table.entries(ended.id, 0)
    assert broken(entries, ended.events, ended.chain) == ""
    assert "entry 1" in broken(entries[1:], ended.events, ended.chain)
    assert "1 are there" in broken(entries[:1], ended.events, ended.chain)
    assert "another end" in broken(entries, ended.events, "0" * 64)
    forged = [replace(entries[0], by="somebody else"), *entries[1:]]
    assert "entry 1" in broken(forged, ended.events, ended.chain)


def test_a_log_that_was_made_anew_names_another_end(here: World) -> None:
    ended = here.ended(1)
    chain, anew = "", []
    for each in here.table.entries(ended.id, 0):
        forged = replace(each, by="mallory")
        chain = deletion_log.link(chain, deletion_log.content(forged))
        anew.append(replace(forged, chain=chain))
    assert deletion_log.first_broken(anew) is None
    assert "another end" in broken(anew, ended.events, ended.chain)
    here.minute()
    receipt = here.objects.objects[f"receipts/{ended.id}.json"]
    assert json.loads(receipt)
    assert items.part_key(ended.id, "EVENT", 1)["pk"]["S"] == f"D#{ended.id}"
