"""Where the job may not or cannot do it, a listed view goes by ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.request import Freeze, Limits
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Item, Reply
from tests.fake_zoho import error
from tests.unit.service.by_view.views import approve, codes, outcomes, records, tally, view
from tests.unit.service.world import World

pytestmark = pytest.mark.slow


def test_exact_never_uses_the_job_and_takes_only_what_both_readings_hold() -> None:
    world = World(records(9))
    readings = []

    def changed(work: Callable[[], Reply]) -> Reply:
        readings.append(1)
        if len(readings) == 2:
            world.zoho._remove("1")
            world.zoho.outside = {"2"}
            world.zoho.records |= {"100": None}
        return work()

    world.zoho.script["view_ids"] = [changed] * 9
    one = view(world, freeze=Freeze.EXACT)
    world.settle()
    assert world.zoho.sent("mass_delete_view") == []
    found = outcomes(world, one)
    assert (found["1"], found["2"]) == ("already_absent", "failed")
    assert codes(world, one) == [("LEFT_VIEW", 1)]
    assert set(world.zoho.records) == {"2", "100"}
    assert world.get(one).status is Status.PARTIALLY_COMPLETED


def test_a_module_with_holds_goes_by_ids_without_what_is_held() -> None:
    world = World(records(9))
    world.hold("4")
    one = view(world)
    world.settle()
    assert (outcomes(world, one)["4"], tally(world, one)["deleted"]) == ("held", 8)
    assert world.zoho.sent("mass_delete_view") == []


@pytest.mark.parametrize("moment", ["lane", "intent"])
def test_a_hold_that_is_set_before_the_start_stops_the_job(moment: str) -> None:
    world = World(records(9))
    one = view(world)
    if moment == "lane":
        other = view(world)
        world.step(other)
        world.step(one)
        world.hold("4")
    else:
        publish = world.topic.publish

        def hold_then(message: str, attributes: Any) -> None:
            if '"started"' in message or "deletion.started" in message:
                world.hold("4")
            publish(message, attributes)

        world.topic.publish = hold_then  # type: ignore[method-assign]  # this test's own, for one call
    world.settle()
    assert outcomes(world, one)["4"] == "held" if moment == "intent" else True
    assert world.zoho.sent("mass_delete_view") == ([] if moment == "intent" else ["5"])


def test_an_edition_without_the_call_is_completed_by_ids() -> None:
    world = World(records(3))
    words = "Scheduled Mass Operation feature is not available in your edition"
    world.zoho.script["mass_delete_view"] = [Reply(403, items=(Item("OFF", words),), body={"data": []})]
    one = view(world)
    world.settle()
    assert (world.get(one).status, tally(world, one)) == (Status.COMPLETED, {"deleted": 3})


def test_an_old_list_is_read_again_and_something_new_in_it_stops_the_job() -> None:
    world = World(records(9))
    one = view(world, limits=Limits(approve_above=5))
    world.step(one)
    world.now += 40
    world.zoho.records |= {"100": None}
    approve(world, one, 9)
    world.settle()
    assert (tally(world, one), list(world.zoho.records)) == ({"deleted": 9}, ["100"])
    assert world.zoho.sent("mass_delete_view") == []


def test_an_old_list_without_anything_new_goes_by_the_job() -> None:
    world = World(records(9))
    one = view(world, limits=Limits(approve_above=5))
    world.step(one)
    world.now += 40
    world.zoho.outside = {"2"}
    approve(world, one, 9)
    world.settle()
    assert len(world.zoho.sent("mass_delete_view")) == 1
    assert outcomes(world, one)["2"] == "failed"
    assert codes(world, one) == [("LEFT_VIEW", 1)]


def test_what_a_full_job_leaves_goes_by_ids() -> None:
    world = World(records(5_010))
    world.smaller_jobs(5_000)
    one = view(world)
    world.settle()
    assert (world.get(one).status, tally(world, one)) == (Status.COMPLETED, {"deleted": 5_010})
    assert len(world.zoho.sent("mass_delete_view")) == 1


def test_a_mass_delete_of_somebody_else_that_never_ends_is_not_waited_for_forever() -> None:
    world = World(records(900))
    world.zoho.script["mass_delete_view"] = [error("ALREADY_SCHEDULED")] * 100_000
    one = view(world)
    world.settle(20_000)
    assert tally(world, one) == {"deleted": 900}
    assert len(world.zoho.sent("view_ids")) < 150


def test_a_view_that_is_gone_when_it_is_read_again_fails_with_zohos_code() -> None:
    world = World(records(3))
    world.zoho.script["view_ids"] = [lambda work: work(), error("INVALID_DATA")]
    one = view(world, freeze=Freeze.EXACT)
    world.settle()
    assert (tally(world, one), codes(world, one)) == ({"failed": 3}, [("INVALID_DATA", 3)])
    assert len(world.zoho.records) == 3
