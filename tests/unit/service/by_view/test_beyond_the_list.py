"""What went with the job and was not on the list is told, and nothing else is taken for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.document import document
from chalicelib.domain.lane import Lane
from chalicelib.domain.request import Freeze
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Reply
from tests.fake_ledger import FakeLedger
from tests.fake_zoho import FakeZoho, error
from tests.unit.service.by_view.views import codes, records, view
from tests.unit.service.world import TIMEOUTS, World

pytestmark = pytest.mark.slow


def _enter(world: World, *newcomers: str) -> Callable[[Callable[[], Reply]], Reply]:
    """A start that finds records in the view, before all others, which came in after it was listed."""

    def work(start: Callable[[], Reply]) -> Reply:
        world.zoho.records = dict.fromkeys(newcomers) | world.zoho.records
        return start()

    return work


def test_what_went_beyond_the_list_is_told_where_the_rest_goes_by_ids() -> None:
    world = World(records(5_010))
    world.smaller_jobs(5_000)
    world.zoho.script["mass_delete_view"] = [_enter(world, "90001", "90002")]
    one = view(world)
    world.settle()
    assert world.get(one).counts == Counts(requested=5_010, deleted=5_010)
    assert document(world.get(one))["job"]["unlisted"] == 2


def test_what_went_beyond_the_list_is_told_where_the_outcomes_stay_unknown() -> None:
    world = World(records(9))
    world.zoho.list_lag = 1_000_000.0
    world.zoho.script["mass_delete_view"] = [_enter(world, "10", "11", "12")]
    one = view(world)
    world.settle()
    assert world.get(one).counts == Counts(requested=9, unknown=9)
    assert document(world.get(one))["job"]["unlisted"] == 3


def test_what_a_job_that_never_ends_took_beyond_the_list_is_told() -> None:
    world = World(records(9))
    world.zoho.job_seconds = 1_000_000.0
    world.zoho.script["mass_delete_view"] = [_enter(world, "10", "11")]
    one = view(world)
    world.settle()
    assert [code for code, _ in codes(world, one)] == ["JOB_TOO_OLD"]
    assert document(world.get(one))["job"]["unlisted"] == 2


def test_what_nothing_was_sent_for_is_never_unknown() -> None:
    world = World(records(9))

    def leave(reading: Callable[[], Reply]) -> Reply:
        page = reading()
        world.zoho.outside.add("4")
        return page

    world.zoho.script["view_ids"] = [leave]
    world.zoho.script["read"] = [error("INTERNAL_ERROR", 500)] * 500
    one = view(world, freeze=Freeze.EXACT)
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (Status.FAILED, Counts(requested=9, failed=9))


class _Contended(FakeLedger):
    """A table in which somebody else writes the lane right after it was read, while `busy`."""

    busy = False

    def lane(self, key: str) -> Lane:
        seen = super().lane(key)
        if self.busy:
            self.busy = False
            self.lanes[key] = replace(seen, queue=(*seen.queue, "del_other"), revision=seen.revision + 1)
        return seen


def test_a_refusal_that_could_be_read_is_kept_though_others_write_the_lane() -> None:
    ledger = _Contended()
    world = World(records(9), ledger)

    def refuse(_: Callable[[], Reply]) -> Reply:
        ledger.busy = True
        return error("NO_PERMISSION", 400, "This feature is not available in your edition")

    world.zoho.script["mass_delete_view"] = [refuse]
    one = view(world)
    world.settle()
    assert (world.get(one).status, codes(world, one)) == (Status.COMPLETED, [])
    assert ledger.lanes["default"].holder is None


def test_a_view_that_has_grown_beyond_what_zoho_lists_loses_what_is_in_both_readings() -> None:
    world = World(records(300))
    too_long = error("PAGINATION_LIMIT_EXCEEDED")
    grown = {"more_records": True, "next_page_token": "300"}

    def last(reading: Callable[[], Reply]) -> Reply:
        return replace(reading(), body={"data": [], "info": grown})

    world.zoho.script["view_ids"] = [_read_it, _read_it, _read_it, last, too_long, too_long]
    one = view(world, freeze=Freeze.EXACT)
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (
        Status.COMPLETED,
        Counts(requested=300, deleted=300),
    )


def _read_it(reading: Callable[[], Reply]) -> Reply:
    return reading()


def test_what_zoho_said_to_a_good_start_is_no_problem() -> None:
    world = World(records(9))
    world.zoho.job_seconds = 1_000_000.0
    one = view(world)
    world.step(one)
    world.ledger.pauses["*"] = "for ever"
    world.now = world.get(one).expires_at - 1.0
    world.settle()
    assert codes(world, one) == [("JOB_LOST", 9)]


class _OutOfOrder(FakeZoho):
    """The deleted list names `late` long after it has gone, and others at once; others go all the time."""

    late = "7"

    def deleted_since(self, module: str, since: float, page: int) -> Reply:
        everything = [*self.deleted, (f"9{len(self.log)}", self.clock())]
        self.deleted = [(i, at) for i, at in everything if i != self.late or at + 70 < self.clock()]
        reply = super().deleted_since(module, since, page)
        self.deleted = everything
        return reply


def test_an_entry_of_the_deleted_list_that_comes_late_and_out_of_order_is_found() -> None:
    world = World()
    world.zoho = _OutOfOrder(lambda: world.now, records(9))
    world.deps = replace(world.deps, timeouts=replace(TIMEOUTS, give_up=200))
    one = view(world)
    world.settle()
    assert (world.get(one).status, world.get(one).counts) == (
        Status.COMPLETED,
        Counts(requested=9, deleted=9),
    )
