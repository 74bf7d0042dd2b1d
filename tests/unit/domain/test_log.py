"""The log's chain of hashes: what was altered, removed or moved shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain import log
from chalicelib.domain.deletion import Deletion, Operation, Request
from chalicelib.domain.log import Entry

MADE = Deletion("del_1", Request(Operation.DELETE_RECORDS, "Leads", "default"), "crm", 0.0, 0.0, 100)


def entries() -> list[Entry]:
    deletion, first = log.first(MADE, "test")
    found = [first]
    for n in range(1, 4):
        deletion, entry = log.append(deletion, "waiting", float(n), stage="test", why=f"reason {n}")
        found.append(entry)
    return found


def test_a_log_as_it_was_written_is_whole() -> None:
    assert log.first_broken(entries()) is None
    assert log.first_broken([]) is None


@pytest.mark.parametrize("n", range(1, 5))
def test_an_altered_entry_shows(n: int) -> None:
    found = entries()
    for altered in (
        replace(found[n - 1], why="another reason"),
        replace(found[n - 1], by="somebody else"),
        replace(found[n - 1], at=99.0),
        replace(found[n - 1], event=None),
        replace(found[n - 1], chain="0" * 64),
    ):
        assert log.first_broken([*found[: n - 1], altered, *found[n:]]) == n


@pytest.mark.parametrize("n", range(1, 4))
def test_a_removed_or_moved_entry_shows(n: int) -> None:
    found = entries()
    assert log.first_broken(found[: n - 1] + found[n:]) == n
    moved = [*found[: n - 1], found[n], found[n - 1], *found[n + 1 :]]
    assert log.first_broken(moved) == n
