"""Listing a view: limits, plans, what cannot be listed, the lane, and what may end it before the start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.backoff import Timeouts
from chalicelib.domain.deletion import Counts
from chalicelib.domain.request import Freeze, Limits, Territory
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Item, Reply
from chalicelib.service.by_view.listing import PAGES_A_STEP
from chalicelib.service.engine import waiting
from tests.fake_zoho import error
from tests.unit.service.by_view.views import codes, names, outcomes, records, tally, view
from tests.unit.service.world import World

pytestmark = pytest.mark.slow


def test_reading_stops_at_one_more_than_may_go() -> None:
    world = World(records(1000))
    one = view(world, limits=Limits(max_records=5))
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (Status.REFUSED, Counts())
    assert codes(world, one) == [("MAX_RECORDS", 6)]
    assert names(world) == ["view_ids"]


def test_a_refused_share_keeps_the_list_and_deletes_nothing() -> None:
    world = World(records(9))
    one = view(world, limits=Limits(max_share=0.5))
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (Status.REFUSED, Counts(requested=9, pending=9))
    assert len(world.zoho.records) == 9


@pytest.mark.parametrize("freeze", [Freeze.ALWAYS, Freeze.EXACT])
def test_what_cannot_be_listed_is_refused_where_freeze_asks_for_it(freeze: Freeze) -> None:
    world = World(records(9))
    one = view(world, freeze=freeze, territory=Territory("7"))
    world.settle()
    assert (world.get(one).status, codes(world, one)) == (Status.REFUSED, [("NOT_LISTABLE", 0)])
    assert names(world) == []


@pytest.mark.parametrize("size", [9, 100_001])
def test_a_view_that_is_to_be_permanent_and_cannot_be_listed_is_refused(size: int) -> None:
    """Nobody would know which records to delete from the recycle bin."""
    world = World(records(size))
    territory = Territory("7") if size == 9 else None
    limits = Limits(max_records=200_000)
    one = view(world, territory=territory, permanent_after=0, limits=limits)
    world.settle()
    done = world.get(one)
    assert done.status is Status.REFUSED
    assert [code for code, _ in codes(world, one)] == ["NOT_LISTABLE"]
    assert len(world.zoho.records) == size
    assert done.children == ()


@pytest.mark.parametrize("freeze", [Freeze.ALWAYS, Freeze.EXACT, Freeze.AUTO])
def test_more_than_zoho_lists(freeze: Freeze) -> None:
    world = World(records(100_001))
    one = view(world, freeze=freeze, limits=Limits(max_records=200_000))
    world.settle()
    done = world.get(one)
    if freeze is Freeze.AUTO:
        assert (done.status, done.frozen, done.counts.deleted) == (Status.COMPLETED, False, 100_001)
    else:
        assert (done.status, codes(world, one)) == (Status.REFUSED, [("NOT_LISTABLE", 100_001)])


@pytest.mark.parametrize("n", [0, 3])
def test_a_dry_run_of_any_view_has_a_plan_of_exactly_what_would_go(n: int) -> None:
    world = World(records(n))
    one = view(world, dry_run=True)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.COMPLETED, Counts())
    assert done.plan is not None
    assert (done.plan.would_delete, done.plan.first_ids) == (n, tuple(records(n)))
    assert set(outcomes(world, one)) == set(records(n))
    assert set(names(world)) == {"view_ids"}


def test_a_record_that_two_pages_name_is_listed_once() -> None:
    world = World(records(5300))
    pages: list[int] = []

    def shifted(work: Callable[[], Reply]) -> Reply:
        pages.append(1)
        reply = work()
        return Reply(200, items=(*reply.items, Item("", ok=True, id="1")), body=reply.body)

    world.zoho.script["view_ids"] = [shifted] * 27
    one = view(world)
    world.settle()
    assert (world.get(one).id_count, world.get(one).counts.deleted) == (5300, 5300)


def test_reading_goes_on_where_it_was_interrupted_and_begins_anew_with_a_dead_token() -> None:
    world = World(records(450))
    world.zoho.script["view_ids"] = [
        lambda work: work(),
        error("TOO_MANY_REQUESTS", 429),
        error("INVALID_DATA"),
    ]
    one = view(world)
    world.settle()
    assert tally(world, one) == {"deleted": 450}
    assert world.zoho.sent("view_ids") == [None, "200", "200", None, "200", "400"]


def test_a_view_that_is_not_there_has_failed() -> None:
    world = World(records(2))
    world.zoho.script["view_ids"] = [error("INVALID_DATA", message="the cvid given seems to be invalid")]
    one = view(world)
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (Status.FAILED, Counts())


def test_waiters_do_not_write_an_unchanged_lane() -> None:
    world = World(records(9))
    world.zoho.job_seconds = 10**6
    waiting = [view(world) for _ in range(4)]
    for one in waiting:
        world.step(one)
    lane = next(iter(world.ledger.lanes.values()))
    for _ in range(20):
        world.now += 60
        for one in waiting[1:]:
            world.step(one)
    assert next(iter(world.ledger.lanes.values())) == lane


def test_a_view_that_zoho_refuses_for_now_lets_others_pass() -> None:
    world = World(records(2))
    world.deps = replace(world.deps, timeouts=Timeouts())
    real = world.zoho.mass_delete_view

    def of_one_view(module: str, cvid: str, territory: Any) -> Reply:
        return error("NOT_APPROVED") if cvid == "5" else real(module, cvid, territory)

    world.zoho.mass_delete_view = of_one_view  # type: ignore[method-assign]  # this test's own, for one call
    first = view(world)
    world.step(first)
    second = world.accept("mass_delete", module="Deals", cvid="6")
    world.step(second)
    assert world.get(second).job_id == "77"
    assert world.get(first).waiting_for == waiting.LOCKED


def test_an_approval_that_nobody_gives_ends_and_costs_nothing_meanwhile() -> None:
    for freeze in (Freeze.AUTO, Freeze.NEVER):
        world = World(records(9))

        def one_more(work: Callable[[], Reply], world: World = world) -> Reply:
            world.zoho.records[str(1000 + len(world.zoho.log))] = None
            return work()

        world.zoho.script["count"] = [one_more] * 1000
        one = view(world, limits=Limits(approve_above=5), freeze=freeze)
        world.settle(2000)
        assert [code for code, _ in codes(world, one)] == ["APPROVAL_EXPIRED"]
        assert len(world.zoho.log) <= 3
        assert world.types(one).count("awaiting_approval") == 1


def test_cancel_before_the_start_deletes_nothing_and_gives_the_lane_back() -> None:
    world = World(records(3))
    first, second = view(world), view(world)
    world.step(first)
    world.step(second)
    seen = world.ledger.snapshot(second)
    assert seen is not None
    assert world.ledger.command(seen, {"do": "cancel", "by": "ann", "at": world.now}, world.now)
    world.settle()
    assert (world.get(second).status, world.get(second).counts) == (
        Status.CANCELLED,
        Counts(requested=3, pending=3),
    )
    assert all(not lane.queue for lane in world.ledger.lanes.values())


def test_no_page_is_asked_for_twice_where_a_slice_ends() -> None:
    world = World(records(12_000))

    def slow(work: Callable[[], Reply]) -> Reply:
        world.now += world.deps.slice_seconds / PAGES_A_STEP
        return work()

    world.zoho.script["view_ids"] = [slow] * 100
    one = view(world, limits=Limits(20_000))
    world.settle()
    assert world.zoho.sent("view_ids") == [None, *(str(200 * n) for n in range(1, 60))]
    assert tally(world, one) == {"deleted": 12_000}
