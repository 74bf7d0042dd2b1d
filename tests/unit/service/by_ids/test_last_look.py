"""A hold, a pause or the cancel of its source that was answered before a call leaves keeps it from leaving.

However late it came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.operators import SourceCancel
from chalicelib.domain.outcomes import Mark
from chalicelib.domain.request import Freeze
from chalicelib.domain.status import Status
from chalicelib.service.ports import Change, Claim
from tests.fake_ledger import FakeLedger
from tests.unit.service.engine.test_obey import records
from tests.unit.service.world import World

LATE: dict[str, Callable[[World], Any]] = {
    "hold": lambda world: world.hold("1"),
    "pause": lambda world: world.ledger.pauses.update({"*": "stop"}),
    "cancel": lambda world: world.ledger.set_source_cancel(SourceCancel("test", "arn:ann", world.now)),
}


class LateLedger(FakeLedger):
    """An operator's PUT is answered right after the first intents are written."""

    act: Callable[[], Any] | None = None

    def save(self, claim: Claim, change: Change) -> Claim:
        saved = super().save(claim, change)
        act = self.act
        if act is not None and any(call.answer is None for call in change.calls):
            self.act = None
            act()
        return saved


def late(records: list[str], act: Callable[[World], Any]) -> World:
    """A world of these records in which `act` comes between the first intents and their calls."""
    ledger = LateLedger()
    world = World(records, ledger)
    ledger.act = lambda: act(world)
    return world


@pytest.mark.parametrize("field", [None, "External"])
def test_a_hold_that_comes_after_the_intent_is_heeded(field: str | None) -> None:
    world = late(["1", "2"], LATE["hold"])
    one = world.accept(ids=("1", "2"), external_id_field=field)
    world.settle()
    done = world.get(one)
    assert (done.status, done.counts) == (Status.PARTIALLY_COMPLETED, Counts(requested=2, deleted=1, held=1))
    assert (world.zoho.sent("delete_records"), list(world.zoho.records)) == ([["2"]], ["1"])
    first = world.ledger.calls(one, [1])[0]
    assert first.answer == {"verdict": "not_sent", "code": "NOT_SENT", "message": "a hold was set"}


def test_calls_without_a_held_record_leave_all_the_same() -> None:
    world = late(records(250), LATE["hold"])
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
    world = late(["1", "2"], LATE["pause"])
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


@pytest.mark.parametrize("freeze", [None, *Freeze], ids=str)
def test_the_cancel_of_its_source_that_comes_after_the_intent_ends_it_unsent(freeze: Freeze | None) -> None:
    """Whoever cancels what a leaked source asked for is told that it ends: none of it may leave then."""
    world = late(["1", "2"], LATE["cancel"])
    one = (
        world.accept(ids=("1", "2"))
        if freeze is None
        else world.accept("mass_delete", cvid="5", freeze=freeze)
    )
    world.settle()
    done = world.get(one)
    assert (done.status, done.cancelled_by, done.counts.deleted) == (Status.CANCELLED, "arn:ann", 0)
    assert not {name for name, _ in world.zoho.log} & {"delete_records", "mass_delete_view"}
    assert list(world.zoho.records) == ["1", "2"]


def test_what_is_accepted_after_the_cancel_of_its_source_leaves_all_the_same() -> None:
    mark = SourceCancel("test", "arn:ann", 999_999.0)
    world = late(["1"], lambda world: world.ledger.set_source_cancel(mark))
    one = world.accept(ids=("1",))
    world.settle()
    assert world.get(one).status is Status.COMPLETED


def _rest(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if name != "operation"}


def test_an_intent_whose_worker_died_before_the_last_look_counts_as_sent() -> None:
    def die(_world: World) -> None:
        raise KeyError("the worker is gone")

    world = late(["1"], die)
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
