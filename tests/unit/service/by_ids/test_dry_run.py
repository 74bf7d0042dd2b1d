from __future__ import annotations

import pytest

from chalicelib.domain.deletion import Counts, Plan
from chalicelib.domain.outcomes import CHUNK_SIZE
from chalicelib.domain.request import Limits
from chalicelib.domain.status import Status
from tests.fake_zoho import REFUSED, error
from tests.unit.service.engine.test_limits import codes, sent
from tests.unit.service.engine.test_obey import records
from tests.unit.service.world import World


def planned(world: World, one: str) -> Plan:
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts, sent(world)) == (Status.COMPLETED, Counts(), [])
    assert done.plan is not None
    return done.plan


def test_only_what_is_there_and_not_held_would_go() -> None:
    world = World(["1", "2", "3"])
    world.hold("2")
    one = world.accept(ids=("1", "2", "3", "77"), dry_run=True)
    assert planned(world, one) == Plan(would_delete=2, first_ids=("1", "3"), calls=1, credits=1)
    assert world.ledger.chunk(one, 0).marks == "pHpA"
    assert codes(world.get(one)) == [("HELD", 1)]


def test_all_held_is_told_as_the_refusal_that_it_would_be() -> None:
    world = World(["1"])
    world.hold("1")
    one = world.accept(ids=("1",), dry_run=True)
    world.settle()
    assert (world.get(one).status, codes(world.get(one))) == (Status.REFUSED, [("HELD", 1)])


def test_the_calls_are_those_of_the_api_that_would_be_used() -> None:
    world = World(records(600))
    ids = tuple(records(600))
    by_delete = planned(world, world.accept(ids=ids, dry_run=True))
    by_mass = planned(
        world, world.accept(ids=ids, dry_run=True, limits=Limits(max_records=600, mass_delete_by_ids=True))
    )
    assert (by_delete.calls, by_mass.calls) == (6, 2)
    assert by_delete.first_ids == tuple(records(10))


def test_external_ids_are_asked_for_one_by_one() -> None:
    world = World(["1", "2", "3", "4"])
    world.zoho.external = {"x": ["1"], "y": ["2"], "z": ["3"], "two": ["3", "4"]}
    world.hold("2")
    one = world.accept(ids=("x", "y", "z", "gone", "two"), external_id_field="External", dry_run=True)
    assert planned(world, one) == Plan(2, ("x", "z"), calls=6, credits=6)
    assert world.zoho.sent("read_external") == ["x", "y", "z", "gone", "two"]
    assert codes(world.get(one)) == [("AMBIGUOUS", 1), ("HELD", 1)]


def test_links_cannot_be_asked_for() -> None:
    world = World(["1"])
    one = world.accept("delink_records", ids=("1", "2"), record_id="9", related_list="L", dry_run=True)
    assert planned(world, one) == Plan(2, ("1", "2"), 1, 1)
    assert world.zoho.log == []


def test_a_wait_does_not_begin_anew() -> None:
    n = CHUNK_SIZE + 500
    ids = tuple(records(n))
    world = World(list(ids)[10:])
    world.zoho.script["read"] = [lambda work: work()] * 7 + [REFUSED, error("TOO_MANY_REQUESTS", 429)]
    one = world.accept(ids=ids, dry_run=True)
    assert planned(world, one).would_delete == n - 10
    # What is read next to a read without an answer is read again.
    assert n // 100 + 2 <= len(world.zoho.sent("read")) <= n // 100 + 2 + 25


def test_what_cannot_be_read_fails_with_zohos_code() -> None:
    world = World(["1"])
    world.zoho.script["read"] = [error("NO_PERMISSION")]
    one = world.accept(ids=("1",), dry_run=True)
    world.settle()
    assert (world.get(one).status, codes(world.get(one))) == (Status.FAILED, [("NO_PERMISSION", 1)])


def test_what_is_never_answered_is_given_up() -> None:
    world = World(["1"])
    world.zoho.script["read"] = [REFUSED] * 1000
    one = world.accept(ids=("1",), dry_run=True)
    world.settle()
    assert world.get(one).status is Status.FAILED


@pytest.mark.parametrize("held", [0, 3])
def test_a_view_in_a_module_with_holds_is_planned_by_its_ids(held: int) -> None:
    world = World(records(250))
    world.hold("9999")
    for n in range(held):
        world.hold(str(n + 1))
    one = world.accept("mass_delete", cvid="5", dry_run=True)
    plan = planned(world, one)
    assert (plan.would_delete, plan.first_ids[0]) == (250 - held, str(held + 1))
    assert (plan.calls, plan.credits) == (3 + 2 * 2, 3 + 2 * 2 * 3)
    assert world.zoho.sent("read") == []


def test_an_empty_view_has_an_empty_plan() -> None:
    world = World()
    one = world.accept("mass_delete", cvid="5", dry_run=True)
    assert planned(world, one).would_delete == 0
