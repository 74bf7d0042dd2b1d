"""Where a part of an org's concurrency cannot be given back, nothing else is lost by it."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.status import Status
from chalicelib.service.engine.concurrency import PLACE, SlotRequest, borrow, borrow_soon
from chalicelib.service.engine.parallel import each_at_once
from tests.fake_ledger import FakeLedger
from tests.unit.service.world import World


class Stuck(FakeLedger):
    """A table that does not take some of the leases back, as often as `times` says."""

    def __init__(self, *names: str, times: int = 1_000) -> None:
        super().__init__()
        self.names, self.times = names, times
        self.refused: list[str] = []

    def give_back(self, org: str, name: str, owner: str) -> None:
        if name.startswith(self.names) and len(self.refused) < self.times:
            self.refused.append(name)
            raise Unavailable("table", "down")
        super().give_back(org, name, owner)


@pytest.mark.parametrize("stuck", [("SLOT#0",), ("SLOT#1",), ("SLOT#2",), ("SLOT#0", "SLOT#1")], ids=str)
def test_the_other_blocks_are_given_back_and_the_error_is_raised(stuck: tuple[str, ...]) -> None:
    ledger = Stuck(*stuck)
    found = borrow(ledger, "o", "a", SlotRequest(concurrency=10, wanted=10, now=0, until=20))
    names = {name for name, _ in found.blocks}
    assert len(names) > 2
    with pytest.raises(Unavailable):
        found.give_back(ledger)
    assert ledger.in_use("o", "SLOT#", 1) == set(stuck)
    assert ledger.in_use("o", "SLOT#", 20) == set()


def test_a_line_that_cannot_be_left_costs_no_block() -> None:
    """Who has waited for blocks has them, whatever becomes of the place in the line: that ends by itself."""
    ledger, now = Stuck(PLACE), [0.0]
    others = borrow(ledger, "o", "other", SlotRequest(concurrency=1, wanted=1, now=0, until=2))

    def sleep(seconds: float) -> None:
        now[0] += seconds

    request = SlotRequest(concurrency=1, wanted=1, now=0, until=60)
    found = borrow_soon(ledger, "o", "mine", lambda: replace(request, now=now[0]), sleep)
    assert found.blocks == others.blocks
    assert ledger.refused
    assert ledger.in_use("o", PLACE, now[0] + 5) == set()


@pytest.mark.parametrize("ids", [1, 250])
def test_answers_are_kept_where_the_concurrency_cannot_be_given_back_after_the_last_call(ids: int) -> None:
    world = World([str(n) for n in range(1, ids + 1)], Stuck("SLOT#", times=1))
    one = world.accept(ids=tuple(world.zoho.records))
    world.step(one)
    assert world.get(one).counts == Counts(requested=ids, deleted=ids)
    assert all((call.answer or {})["verdict"] == "answered" for call in world.ledger.rows[one].calls.values())
    assert "not_given_back" in [event for event, _ in world.reports]
    world.settle()
    assert world.get(one).status is Status.COMPLETED
    assert sum(len(sent) for sent in world.zoho.sent("delete_records")) == ids


def test_what_a_slice_deleted_is_remembered_where_its_concurrency_cannot_be_given_back() -> None:
    world = World(["1", "2"], Stuck("SLOT#"))
    world.zoho.locked = {"2"}
    one = world.accept(ids=("1", "2"))
    assert world.step(one)
    now = world.now
    assert "not_given_back" in [event for event, _ in world.reports]
    assert world.ledger.deleted_lately("default", "Leads", ["1", "2"], now - 60, now) == {"1"}


def test_each_of_several_is_done_though_the_first_fails_at_once() -> None:
    """Thread after thread as slowly as can be: what was not yet begun when the first failed is done too."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.5)
    try:
        for several in (2, 3, 6) * 20:
            done: list[int] = []

            def do(n: int, done: list[int] = done) -> None:
                if not n:
                    raise Unavailable("table", "down")
                done.append(n)

            with pytest.raises(Unavailable):
                each_at_once(do, range(several))
            assert sorted(done) == list(range(1, several))
    finally:
        sys.setswitchinterval(before)
