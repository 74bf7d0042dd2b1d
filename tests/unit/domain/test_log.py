"""The log's chain of hashes: what was altered, removed or moved shows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from chalicelib.domain import log
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.log import Entry
from chalicelib.domain.request import Operation, Request

MADE = Deletion(
    "del_1", Request(Operation.DELETE_RECORDS, "Leads", "default"), "crm", 0.0, 0.0, 100, seed="5eed"
)


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
        replace(found[n - 1], salt="0" * 32),
        replace(found[n - 1], salt=""),
    ):
        assert log.first_broken([*found[: n - 1], altered, *found[n:]]) == n


def test_what_is_published_does_not_tell_what_is_not_to_who_tries() -> None:
    """The event and its hash are the same guess, right or wrong, without the salt that stays in the log."""
    secret = replace(MADE.request, reason="Anna Meier asked for it")
    _, entry = log.first(replace(MADE, request=secret, asked_by="arn:aws:iam::1:user/ann"), "test")
    published = log.message(entry)
    assert entry.salt
    assert entry.salt not in published
    assert MADE.seed not in published
    told = json.loads(published)
    chain = told.pop("chain")
    guess = {"n": 1, "what": "accepted", "at": 0.0, "by": entry.by, "why": entry.why, "event": told}
    assert log.link("", guess) != chain
    assert log.link("", {**guess, "salt": entry.salt}) == chain


def test_every_entry_and_every_deletion_has_salts_of_its_own() -> None:
    other = log.first(replace(MADE, seed="0dd5eed"), "test")[1]
    salts = [entry.salt for entry in (*entries(), other)]
    assert len(set(salts)) == len(salts)
    assert all(len(salt) == 32 for salt in salts)


def test_a_log_from_before_there_were_salts_is_whole() -> None:
    old = log.first(replace(MADE, seed=""), "test")[1]
    assert old.salt == ""
    assert log.first_broken([old]) is None


@pytest.mark.parametrize("n", range(1, 4))
def test_a_removed_or_moved_entry_shows(n: int) -> None:
    found = entries()
    assert log.first_broken(found[: n - 1] + found[n:]) == n
    moved = [*found[: n - 1], found[n], found[n - 1], *found[n + 1 :]]
    assert log.first_broken(moved) == n
