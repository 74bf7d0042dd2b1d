"""A worker that dies at any write, or behind any call, changes nothing about how an erasure ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.ports import Change, Claim
from tests.fake_zoho import LOST
from tests.unit.service.person.people import People
from tests.unit.service.person.test_erasing import ACTIONS


class Died(Exception):
    """The worker is gone."""


def dying(world: People, at: int) -> Callable[[], bool]:
    """Lets the worker die before its write number `at`; tells whether it did."""
    real, writes = world.ledger.save, [0]

    def save(claim: Claim, change: Change) -> Claim:
        writes[0] += 1
        if writes[0] == at:
            raise Died
        return real(claim, change)

    world.ledger.save = save  # type: ignore[method-assign]  # this test's own, for one call
    return lambda: writes[0] >= at


def survive(world: People, one: str) -> None:
    """Go on, with another worker once the lease of a dead one has ended."""
    for _ in range(600):
        row = world.ledger.rows[one]
        if not row.due:
            return
        world.now = max(world.now, row.next_at)
        try:
            world.step(one)
        except Died:
            world.now += 61
    raise AssertionError("still not at rest")


def ends_well(world: People, one: str) -> None:
    assert world.outcomes(one) == ACTIONS
    assert world.shown(one)["status"] == "completed"
    assert world.others_untouched()
    row = world.ledger.rows[one]
    assert all(call.answered_at is not None for call in row.calls.values()) or "resumed" in str(row.entries)


@pytest.mark.parametrize("at", range(1, 60, 3))
def test_a_worker_that_dies_before_any_write_harms_nobody(at: int) -> None:
    world = People()
    one = world.erase(approval=False)
    died = dying(world, at)
    survive(world, one)
    if died():
        ends_well(world, one)


@pytest.mark.parametrize("name", ["update", "delete_records"])
@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("done", [True, False])
def test_a_worker_that_dies_behind_any_call_harms_nobody(name: str, number: int, done: bool) -> None:
    world = People()
    one = world.erase(approval=False)

    def die(work: Callable[[], Reply]) -> Reply:
        if done:
            work()
        raise Died

    def live(work: Callable[[], Reply]) -> Reply:
        return work()

    script: list[Any] = [live] * number
    world.zoho.script[name] = [*script, die]
    survive(world, one)
    ends_well(world, one)


@pytest.mark.parametrize("name", ["modules", "fields", "search", "select", "related_lists", "related_counts"])
def test_a_read_that_fails_for_a_while_is_made_again(name: str) -> None:
    world = People()
    one = world.erase(approval=False)
    world.zoho.script[name] = [lambda _work: LOST] * 3
    survive(world, one)
    ends_well(world, one)
