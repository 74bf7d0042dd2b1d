"""A hold or a pause that was answered before a call leaves keeps it from leaving, however late it came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.deletion import Counts, Status
from chalicelib.domain.outcomes import Mark
from tests.unit.service.engine.test_obey import records
from tests.unit.service.world import FakeTopic, World

LATE: dict[str, Callable[[World], Any]] = {
    "hold": lambda world: world.hold("1"),
    "pause": lambda world: world.ledger.pauses.update({"*": "stop"}),
}


def late(world: World, act: Callable[[World], Any]) -> None:
    """An operator's PUT is answered while the first event leaves: the intents are written by then."""

    class Slow(FakeTopic):
        done = False

        def publish(self, message: str, attributes: Any) -> None:
            if attributes["status"] == "running" and not self.done:
                self.done = True
                act(world)
            super().publish(message, attributes)

    topic = Slow()
    world.topic, world.deps = topic, replace(world.deps, topic=topic)


@pytest.mark.parametrize("field", [None, "External"])
def test_a_hold_that_comes_after_the_intent_is_heeded(field: str | None) -> None:
    world = World(["1", "2"])
    late(world, LATE["hold"])
    one = world.accept(ids=("1", "2"), external_id_field=field)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.PARTIALLY_COMPLETED, Counts(requested=2, deleted=1, held=1))
    assert (world.zoho.sent("delete_records"), list(world.zoho.records)) == ([["2"]], ["1"])
    first = world.ledger.calls(one, [1])[0]
    assert first.answer == {"verdict": "not_sent", "code": "NOT_SENT", "message": "a hold was set"}


def test_calls_without_a_held_record_leave_all_the_same() -> None:
    world = World(records(250))
    late(world, LATE["hold"])
    one = world.accept(ids=tuple(records(250)))
    world.settle()
    assert world.get(one).counts == Counts(requested=250, deleted=249, held=1)
    assert [len(sent) for sent in world.zoho.sent("delete_records")] == [100, 50, 99]


@pytest.mark.parametrize(
    "asked",
    [{}, {"operation": "delink_records", "record_id": "9", "related_list": "Contacts"}],
    ids=["delete", "delink"],
)
def test_a_pause_that_comes_after_the_intent_is_heeded(asked: dict[str, Any]) -> None:
    world = World(["1", "2"])
    late(world, LATE["pause"])
    one = world.accept(asked.get("operation", "delete_records"), ids=("1", "2"), **_rest(asked))
    for _ in range(5):
        world.step(one)
        world.now += 10
    waiting = world.get(one)
    assert (waiting.status, waiting.waiting_for) == (Status.WAITING, "pause")
    assert world.zoho.log == []
    assert world.ledger.chunk(one, 0).at(Mark.PENDING) == [0, 1]
    assert world.ledger.calls(one, [1])[0].answer is not None
    world.ledger.pauses.clear()
    world.settle()
    assert world.get(one).counts == Counts(requested=2, deleted=2)


def _rest(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if name != "operation"}


def test_an_intent_whose_worker_died_before_the_last_look_counts_as_sent() -> None:
    world = World(["1"])

    def die(world: World) -> None:
        raise KeyError("the worker is gone")

    late(world, die)
    one = world.accept(ids=("1",))
    with pytest.raises(KeyError):
        world.step(one)
    assert world.zoho.log == []
    world.now += world.deps.lease_seconds
    world.hold("1")
    world.settle()
    done = world.get(one)
    assert (done.status, world.zoho.records) == (Status.REFUSED, {"1": None})
    assert [entry.what for entry in world.ledger.entries(one, 0)].count("resumed") == 1
