"""The table is out of reach where workers share what credits are left: nothing is sent on a guess, nothing
stays taken, and the deletion ends once the table is there again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.errors import ExpungeError, Rejected, Unavailable
from chalicelib.domain.request import Limits
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.engine.work import Nudge, work
from tests.fake_ledger import FakeLedger
from tests.fake_zoho import FakeZoho
from tests.unit.service.world import TIMEOUTS, World

KEPT = 100
IDS = tuple(str(n) for n in range(1, 151))


class Shared(FakeLedger):
    """The item CREDITS is out of reach as often as `reads` and `writes` say."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[ExpungeError | None] = []
        self.writes: list[tuple[bool, ExpungeError]] = []

    def credits_told(self, org: str, now: float) -> int | None:
        problem = self.reads.pop(0) if self.reads else None
        if problem is not None:
            raise problem
        return super().credits_told(org, now)

    def tell_credits(self, org: str, left: int, until: float) -> None:
        """A write that fails was carried out, or was not."""
        carried_out, problem = self.writes.pop(0) if self.writes else (True, None)
        if carried_out:
            super().tell_credits(org, left, until)
        if problem is not None:
            raise problem


class Telling(FakeZoho):
    """Each answer says that `left` credits are left."""

    left = 10**6

    def _do(self, name: str, what: Any, work: Callable[[], Reply]) -> Reply:
        return replace(super()._do(name, what, work), credits_left=self.left)


def shared() -> tuple[World, Shared, Telling]:
    ledger = Shared()
    world = World(ledger=ledger)
    world.zoho = zoho = Telling(lambda: world.now, IDS)
    zoho.org = replace(zoho.org, keep_credits=KEPT, concurrency=4)
    return world, ledger, zoho


def asked(world: World) -> str:
    return world.accept(ids=IDS, limits=Limits(max_records=500))


def taken(world: World) -> int:
    """Parts of the org's concurrency that somebody holds."""
    return len(world.ledger.in_use("default", "", world.now))


DOWN = Unavailable("table", "down")


def test_without_the_read_nothing_is_sent_and_the_queue_has_the_message_again() -> None:
    world, ledger, zoho = shared()
    one = asked(world)
    ledger.reads = [DOWN]
    assert work(world.deps, [Nudge("m", one)], world.now + 100) == ["m"]
    assert not zoho.log
    assert not taken(world)
    assert [event for event, _ in world.reports] == ["advance_failed"]
    world.settle()
    assert world.get(one).status is Status.COMPLETED


def test_a_read_that_fails_again_and_again_ends_no_deletion() -> None:
    world, ledger, zoho = shared()
    one = asked(world)
    ledger.reads = [DOWN] * 40
    while ledger.reads:
        work(world.deps, [Nudge("m", one)], world.now + 100)
        world.now = ledger.rows[one].next_at
    assert not zoho.log
    assert not world.get(one).is_final
    world.settle()
    assert world.get(one).status is Status.COMPLETED


def test_a_slice_that_has_its_own_answer_does_not_read_what_others_were_told() -> None:
    world, ledger, _ = shared()
    one = asked(world)
    ledger.reads = [None, DOWN]
    world.step(one)
    assert world.get(one).status is Status.COMPLETED
    assert ledger.reads == [DOWN]


@pytest.mark.parametrize("problem", [DOWN, Rejected("table", "ValidationException")])
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_write_that_fails_costs_each_other_worker_one_call_at_most(
    carried_out: bool, problem: ExpungeError
) -> None:
    world, ledger, zoho = shared()
    first, second = asked(world), asked(world)
    zoho.left = KEPT
    ledger.writes = [(carried_out, problem)]
    assert work(world.deps, [Nudge("m", first)], world.now + 100) == []
    assert world.get(first).waiting_for == "api credits"
    assert not taken(world)
    sent = len(zoho.log)
    work(world.deps, [Nudge("n", second)], world.now + 100)
    assert world.get(second).waiting_for == "api credits"
    assert len(zoho.log) - sent == (0 if carried_out else 1)
    zoho.left = 10**6
    world.settle()
    assert {world.get(first).status, world.get(second).status} == {Status.COMPLETED}


def test_what_was_told_holds_no_longer_than_a_wait_takes() -> None:
    """A worker that told it and died keeps nobody waiting."""
    world, ledger, zoho = shared()
    ledger.tell_credits("default", 0, world.now + TIMEOUTS.longest)
    one = asked(world)
    world.step(one)
    assert world.get(one).waiting_for == "api credits"
    assert not zoho.log
    world.now += TIMEOUTS.longest
    world.settle()
    assert world.get(one).status is Status.COMPLETED
