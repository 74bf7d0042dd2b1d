from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.status import Status
from tests.fake_zoho import REFUSED, error
from tests.unit.service.engine.test_obey import records
from tests.unit.service.world import World


def deleted(world: World, *ids: str, **more: Any) -> str:
    one = world.accept(ids=ids, **more)
    world.settle()
    return one


def test_a_repeat_costs_a_read_and_no_destructive_call() -> None:
    world = World(["1", "2"])
    deleted(world, "1", "2")
    again = deleted(world, "1", "2")
    done = world.get(again)
    assert (done.status, done.counts) == (Status.COMPLETED, Counts(requested=2, already_absent=2))
    assert len(world.zoho.sent("delete_records")) == 1
    assert world.zoho.sent("read") == [["1", "2"]]
    assert world.types(again) == ["accepted", "completed"]
    told = [fields for event, fields in world.reports if event == "deleted_again"]
    assert told == [{"deletion_id": again, "source": "test", "module": "Leads", "n": 2}]


def test_what_is_there_again_is_deleted() -> None:
    world = World(["1", "2"])
    deleted(world, "1", "2")
    world.zoho.records["2"] = None
    world.zoho.records["3"] = None
    again = deleted(world, "1", "2", "3")
    assert world.get(again).counts == Counts(requested=3, deleted=2, already_absent=1)
    assert world.zoho.records == {}


def test_the_window_ends() -> None:
    world = World(["1"])
    deleted(world, "1")
    world.now += 3601
    deleted(world, "1")
    sent = [name for name, _ in world.zoho.log]
    assert sent == ["delete_records", "delete_records", "read", "deleted_since"]
    assert not [event for event, _ in world.reports if event == "deleted_again"]


def test_the_guard_can_be_switched_off() -> None:
    world = World(["1"])
    object.__setattr__(world.deps, "loop_window", 0.0)
    deleted(world, "1")
    assert world.ledger.guard_calls == []


def test_a_module_is_a_scope_of_its_own() -> None:
    world = World(["1"])
    deleted(world, "1")
    world.zoho.records["1"] = None
    deleted(world, "1", module="Contacts")
    assert world.zoho.sent("read") == []


def test_a_record_is_known_again_by_whatever_id_it_is_asked_for() -> None:
    world = World(["1"])
    world.zoho.external = {"ERP-1": ["1"]}
    deleted(world, "1")
    world.zoho.records["1"] = None
    deleted(world, "ERP-1", external_id_field="External")
    assert world.zoho.sent("read") == [["1"]]
    world.zoho.records["1"] = None
    deleted(world, "1")
    assert world.zoho.sent("read") == [["1"]] * 2


def test_delinks_are_not_guarded() -> None:
    world = World(["1"])
    for _ in range(2):
        world.accept("delink_records", ids=("1",), record_id="9", related_list="Contacts")
    world.settle()
    assert (len(world.zoho.sent("delink")), world.ledger.guard_calls) == (2, [])


@pytest.mark.parametrize("answer", [REFUSED, error("TOO_MANY_REQUESTS", 429)])
def test_a_read_that_is_not_answered_is_waited_for(answer: Any) -> None:
    world = World(["1"])
    deleted(world, "1")
    world.zoho.script["read"] = [answer]
    again = deleted(world, "1")
    assert world.get(again).counts.already_absent == 1
    assert len(world.zoho.sent("delete_records")) == 1


def test_where_reading_is_not_allowed_it_is_sent() -> None:
    world = World(["1"])
    deleted(world, "1")
    world.zoho.script["read"] = [error("NO_PERMISSION")]
    again = deleted(world, "1")
    assert world.get(again).status is Status.COMPLETED
    assert len(world.zoho.sent("delete_records")) == 2


def test_a_guard_that_cannot_be_written_does_no_harm() -> None:
    world = World(["1"])

    def down(*what: Any) -> None:
        raise Unavailable("table", "down")

    object.__setattr__(world.ledger, "remember_deleted", down)
    one = deleted(world, "1")
    assert world.get(one).status is Status.COMPLETED
    assert "guard_unavailable" in [event for event, _ in world.reports]


def test_its_cost_is_one_look_a_chunk_and_one_write_a_slice() -> None:
    world = World(records(6000))
    deleted(world, "1")
    assert world.ledger.guard_calls == ["recall", "remember"]
    world.ledger.guard_calls.clear()
    one = deleted(world, *records(6000)[1:])
    assert world.get(one).status is Status.COMPLETED
    assert world.ledger.guard_calls == ["recall", "recall", "remember"]
