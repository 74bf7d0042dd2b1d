"""A start whose answer was lost is never sent again: what is left of the list goes by ids."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Reply
from tests.fake_zoho import LOST, REFUSED, error, lose
from tests.unit.service.by_view.views import codes, records, tally, view
from tests.unit.service.world import TIMEOUTS, World

pytestmark = pytest.mark.slow


def test_a_lost_start_that_ran_is_waited_for_and_settled() -> None:
    world = World(records(9))
    world.zoho.script["mass_delete_view"] = [lose]
    one = view(world)
    world.settle()
    assert (world.get(one).status, tally(world, one)) == (Status.COMPLETED, {"deleted": 9})
    assert len(world.zoho.sent("mass_delete_view")) == 1
    assert [code for code, _ in codes(world, one)] == ["START_LOST"]


@pytest.mark.parametrize("reply", [LOST, Reply(502, failure="html"), Reply(200, body={"data": []})])
def test_a_lost_start_that_did_nothing_is_finished_by_ids_and_never_sent_again(reply: Reply) -> None:
    world = World(records(9))
    world.zoho.script["mass_delete_view"] = [reply]
    one = view(world)
    world.settle()
    assert (world.get(one).status, tally(world, one)) == (Status.COMPLETED, {"deleted": 9})
    assert len(world.zoho.sent("mass_delete_view")) == 1
    assert world.zoho.sent("delete_records") == [records(9)]
    assert [code for code, _ in codes(world, one)] == ["START_LOST"]


def test_after_a_lost_start_nothing_that_came_later_goes_by_our_doing() -> None:
    world = World(records(9))

    def lost_and_more(work: Callable[[], Reply]) -> Reply:
        world.zoho.records |= {"100": None}
        return LOST

    world.zoho.script["mass_delete_view"] = [lost_and_more]
    one = view(world)
    world.settle()
    assert list(world.zoho.records) == ["100"]
    assert tally(world, one) == {"deleted": 9}


def test_a_job_that_zoho_starts_late_does_not_lead_to_a_second_one() -> None:
    world = World(records(300))
    world.zoho.job_seconds = TIMEOUTS.settle * 5
    world.zoho.script["mass_delete_view"] = [lose]
    one = view(world)
    world.settle()
    assert tally(world, one)["deleted"] + tally(world, one)["already_absent"] == 300
    assert len(world.zoho.sent("mass_delete_view")) == 1


def test_a_refused_connection_and_a_readable_refusal_are_not_lost() -> None:
    world = World(records(9))
    world.zoho.script["mass_delete_view"] = [REFUSED, error("ALREADY_SCHEDULED"), error("NEW_CODE")]
    one = view(world)
    world.settle()
    assert (tally(world, one), codes(world, one)) == ({"deleted": 9}, [])
    assert len(world.zoho.sent("mass_delete_view")) == 4


def test_a_job_that_zoho_forgot_is_finished_by_ids() -> None:
    world = World(records(9))
    one = view(world)
    world.step(one)
    world.zoho.job = None
    world.settle()
    assert (tally(world, one), len(world.zoho.sent("mass_delete_view"))) == ({"deleted": 9}, 1)


def test_a_worker_that_dies_with_the_start_in_the_air_never_sends_it_twice() -> None:
    world = World(records(9))

    def die(work: object) -> Reply:
        raise KeyboardInterrupt

    world.zoho.script["mass_delete_view"] = [die]
    one = view(world)
    with pytest.raises(KeyboardInterrupt):
        world.settle()
    world.now += 100
    world.settle()
    assert tally(world, one) == {"deleted": 9}
    assert len(world.zoho.sent("mass_delete_view")) == 1


@pytest.mark.parametrize("name", ["view_ids", "deleted_since", "read", "count"])
def test_a_start_that_is_lost_while_zoho_throttles_stays_one_start(name: str) -> None:
    world = World(records(9))
    world.zoho.script["mass_delete_view"] = [LOST]
    one = view(world)
    world.step(one)
    world.zoho.script[name] = [error("TOO_MANY_REQUESTS", 429)] * 5
    world.settle()
    assert (tally(world, one), len(world.zoho.sent("mass_delete_view"))) == ({"deleted": 9}, 1)
