from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from chalicelib.service.engine.concurrency import (
    LATEST_LOOK,
    LATEST_LOOK_OF_FIRST,
    LONGEST_WAIT,
    LOOK_EVERY,
    NoSlot,
    SlotRequest,
    Slots,
    borrow,
    borrow_soon,
    shared,
)
from chalicelib.service.ports import Change, Claim, Ledger
from tests.fake_ledger import FakeLedger
from tests.unit.service.world import World


def test_workers_together_never_pass_the_orgs_concurrency() -> None:
    ledger = FakeLedger()
    request = SlotRequest(concurrency=10, wanted=6, now=0, until=20)
    first, second = borrow(ledger, "o", "a", request), borrow(ledger, "o", "b", request)
    assert (first.width, second.width) == (6, 4)
    with pytest.raises(NoSlot):
        borrow(ledger, "o", "c", request)
    first.give_back(ledger)
    assert borrow(ledger, "o", "c", request).width == 6


def test_a_worker_that_died_gives_its_slots_back_by_time() -> None:
    ledger = FakeLedger()
    borrow(ledger, "o", "a", SlotRequest(concurrency=1, wanted=1, now=0, until=20))
    with pytest.raises(NoSlot):
        borrow(ledger, "o", "b", SlotRequest(concurrency=1, wanted=1, now=19, until=39))
    assert borrow(ledger, "o", "b", SlotRequest(concurrency=1, wanted=1, now=20, until=40)).width == 1


def test_slots_are_given_back_after_the_slice() -> None:
    world = World([str(i) for i in range(900)])
    world.accept(ids=tuple(str(i) for i in range(900)))
    world.settle()
    assert not world.zoho.records
    assert world.ledger.leases
    assert all(ends == 0 for _, ends in world.ledger.leases.values())


def test_a_deletion_without_a_slot_rests_and_comes_back() -> None:
    world = World(["1"])
    for k in range(6):
        world.ledger.take("default", f"SLOT#{k}", "somebody", world.now, world.now + 30)
    one = world.accept(ids=("1",))
    world.step(one)
    assert world.zoho.log == []
    world.settle()
    assert world.get(one).counts.deleted == 1
    assert world.now >= 1_000_030


class Line:
    """Workers of one org at a clock that only waiting moves; `then` happens at a time."""

    def __init__(self, concurrency: int = 10) -> None:
        self.ledger = FakeLedger()
        self.now = 0.0
        self.concurrency = concurrency
        self.then: dict[float, Callable[[], object]] = {}

    def request(self, wanted: int = 25) -> SlotRequest:
        return SlotRequest(self.concurrency, wanted, self.now, self.now + 60)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for at in [at for at in self.then if at <= self.now]:
            self.then.pop(at)()

    def borrow(self, owner: str) -> Slots:
        return borrow_soon(self.ledger, "o", owner, self.request, self.sleep)


def test_who_waits_for_a_slot_has_it_soon_after_it_is_free() -> None:
    line = Line()
    first = line.borrow("a")
    line.then[1.0] = lambda: first.give_back(line.ledger)
    assert line.borrow("b").width == 10
    assert line.now == pytest.approx(1.0, abs=0.2)
    assert line.ledger.in_use("o", "WAIT#", line.now) == set()


def test_waiting_for_a_slot_ends() -> None:
    line = Line()
    line.borrow("a")
    with pytest.raises(NoSlot):
        line.borrow("b")
    assert line.now == pytest.approx(LONGEST_WAIT, abs=0.2)
    assert line.ledger.in_use("o", "WAIT#", line.now) == set()


@pytest.mark.parametrize(("before", "latest"), [(0, LATEST_LOOK_OF_FIRST), (1, LATEST_LOOK)])
def test_who_waits_for_long_looks_less_often(before: int, latest: float) -> None:
    """The first in line looks more often than others: what lies free waits for nobody else."""
    line, looked = Line(), list[float]()
    line.borrow("a")
    for place in range(before):
        line.ledger.take("o", f"WAIT#{place}", "c", 0, LONGEST_WAIT)

    def sleep(seconds: float) -> None:
        looked.append(seconds)
        line.sleep(seconds)

    with pytest.raises(NoSlot):
        borrow_soon(line.ledger, "o", "b", line.request, sleep)
    assert looked == sorted(looked)
    assert (looked[0], looked[-1]) == (LOOK_EVERY, latest)
    assert len(looked) <= LONGEST_WAIT / latest + 8


def test_who_waits_second_leaves_what_is_free_to_the_first() -> None:
    line = Line()
    first = line.borrow("a")
    line.ledger.take("o", "WAIT#0", "b", 0, 2)
    line.then[1.0] = lambda: first.give_back(line.ledger)
    assert line.borrow("c").width == 10
    assert line.now == pytest.approx(2.0, abs=0.2)


def test_nobody_is_overtaken_in_the_line() -> None:
    line = Line()
    first = line.borrow("a")
    line.ledger.take("o", "WAIT#1", "b", 0, 5)  # whoever was first has just left
    line.then[1.0] = lambda: first.give_back(line.ledger)
    line.then[2.0] = lambda: line.ledger.give_back("o", "WAIT#1", "b")
    assert line.borrow("c").width == 10
    assert line.now == pytest.approx(2.0, abs=0.2)
    assert line.ledger.in_use("o", "WAIT#", line.now) == set()


def test_a_newcomer_lines_up_behind_who_waits_unless_it_is_small() -> None:
    line = Line()
    line.ledger.take("o", "WAIT#0", "b", 0, 2)
    assert borrow_soon(line.ledger, "o", "small", lambda: line.request(1), line.sleep).width == 1
    assert line.now == 0
    line.borrow("c")
    assert line.now == pytest.approx(2.0, abs=0.2)


def test_few_wait_and_the_others_come_back_later() -> None:
    line = Line()
    line.borrow("a")
    for k in range(3):
        assert line.ledger.take("o", f"WAIT#{k}", "somebody", 0, 5)
    with pytest.raises(NoSlot):
        line.borrow("b")
    assert line.now == 0


def test_a_large_deletion_shares_with_who_waits_and_grows_again() -> None:
    line = Line(20)
    slots = line.borrow("a")
    assert slots.width == 20
    assert shared(line.ledger, slots, line.request()) == slots
    line.ledger.take("o", "WAIT#0", "b", 0, 5)
    slots = shared(line.ledger, slots, line.request())
    assert slots.width == 10
    other = borrow(line.ledger, "o", "b", line.request())
    assert other.width == 10
    line.ledger.give_back("o", "WAIT#0", "b")
    assert shared(line.ledger, slots, line.request()).width == 10
    other.give_back(line.ledger)
    assert shared(line.ledger, slots, line.request()).width == 20


@pytest.mark.parametrize("concurrency", range(1, 31))
def test_shares_together_never_pass_the_concurrency(concurrency: int) -> None:
    line = Line(concurrency)
    slots = line.borrow("a")
    line.ledger.take("o", "WAIT#0", "b", 0, 5)
    slots = shared(line.ledger, slots, line.request())
    assert slots.width >= min(concurrency, 25) / 2
    if concurrency > 1:
        other = borrow(line.ledger, "o", "b", line.request())
        assert slots.width + other.width <= concurrency
        assert {name for name, _ in slots.blocks} & {name for name, _ in other.blocks} == set()


def test_the_last_wave_gives_its_slots_back_before_the_bookkeeping() -> None:
    world = World([str(i) for i in range(300)])
    one = world.accept(ids=tuple(str(i) for i in range(300)))
    watching = Watching(world.ledger)
    world.deps = replace(world.deps, ledger=cast("Ledger", watching))
    world.settle()
    assert world.get(one).counts.deleted == 300
    assert watching.held_at_the_end == set()


class Watching:
    """A ledger that notes which slots are held when a deletion is saved as final."""

    def __init__(self, ledger: FakeLedger) -> None:
        self._ledger = ledger
        self.held_at_the_end: set[str] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def save(self, claim: Claim, change: Change) -> Claim:
        if change.deletion.is_final and self.held_at_the_end is None:
            self.held_at_the_end = self._ledger.in_use("default", "SLOT#", change.deletion.updated_at)
        return self._ledger.save(claim, change)
