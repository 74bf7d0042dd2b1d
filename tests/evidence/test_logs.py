"""`expunge log` on the real table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.adapters.dynamodb import items
from chalicelib.domain import log as deletion_log
from chalicelib.domain import log_checking
from cli.evidence.logs import broken
from tests.evidence.world import World, world


@pytest.fixture
def here() -> Iterator[World]:
    with world() as each:
        yield each


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
    assert log_checking.first_broken(anew) is None
    assert "another end" in broken(anew, ended.events, ended.chain)
    here.minute()
    receipt = here.objects.objects[f"receipts/{ended.id}.json"]
    assert json.loads(receipt)
    assert items.part_key(ended.id, "EVENT", 1)["pk"]["S"] == f"D#{ended.id}"
