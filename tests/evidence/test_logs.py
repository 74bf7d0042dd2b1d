"""`expunge log` on the real table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import deletion_items, items
from chalicelib.domain import log as deletion_log
from chalicelib.domain import log_checking
from cli.evidence.logs import Signed, broken, looked
from cli.evidence.stores import Unreachable
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


class Written:
    """A table that somebody writes to each time after the deletion was read, as often as `times` says."""

    def __init__(self, here: World, one: str, times: int) -> None:
        self._here, self._one, self._times = here, one, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._here.table, name)

    def get(self, one: str) -> Any:
        found = self._here.table.get(one)
        if self._times:
            self._times -= 1
            self._append()
        return found

    def _append(self) -> None:
        made = self._here.table.get(self._one)
        assert made is not None
        made, entry = deletion_log.append(made, "noted", self._here.now, stage="test", public=False)
        self._here.table.write_all([items.put("t", deletion_items.from_entry(made, entry))])
        self._here.resaved(self._one, events=made.events, chain=made.chain)


def test_a_deletion_that_is_written_while_its_log_is_read_is_read_again(here: World) -> None:
    one = here.ended(1).id
    here.minute()
    signed = Signed(here.objects, one)  # type: ignore[arg-type]  # a store as any other
    found, entries, wrong = looked(Written(here, one, 1), signed, one)  # type: ignore[arg-type]  # a table
    assert found is not None
    assert (found.events, wrong) == (len(entries), "")
    with pytest.raises(Unreachable, match="ask again"):
        looked(Written(here, one, 99), signed, one)  # type: ignore[arg-type]  # a table as any other
    here.resaved(one, asked_by="arn:aws:iam::1:user/eve")
    assert "by whom" in looked(here.table, signed, one)[2]
