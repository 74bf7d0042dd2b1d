from __future__ import annotations

import pytest

from chalicelib.service.slots import NoSlot, Wish, borrow
from tests.fake_ledger import FakeLedger
from tests.unit.service.world import World


def test_workers_together_never_pass_the_orgs_concurrency() -> None:
    ledger = FakeLedger()
    wish = Wish(concurrency=10, wanted=6, now=0, until=20)
    first, second = borrow(ledger, "o", "a", wish), borrow(ledger, "o", "b", wish)
    assert (first.width, second.width) == (6, 4)
    with pytest.raises(NoSlot):
        borrow(ledger, "o", "c", wish)
    first.give_back(ledger)
    assert borrow(ledger, "o", "c", wish).width == 6


def test_a_worker_that_died_gives_its_slots_back_by_time() -> None:
    ledger = FakeLedger()
    borrow(ledger, "o", "a", Wish(concurrency=1, wanted=1, now=0, until=20))
    with pytest.raises(NoSlot):
        borrow(ledger, "o", "b", Wish(concurrency=1, wanted=1, now=19, until=39))
    assert borrow(ledger, "o", "b", Wish(concurrency=1, wanted=1, now=20, until=40)).width == 1


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
