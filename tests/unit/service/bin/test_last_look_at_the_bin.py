"""What an operator is answered before a call about the bin leaves keeps it from leaving."""

from __future__ import annotations

import pytest

from chalicelib.domain.status import Status
from tests.unit.service.bin.test_permanent import child_of, deleted
from tests.unit.service.by_ids.test_last_look import LATE, LateLedger
from tests.unit.service.world import World

WHY = {
    "hold": "a hold was set",
    "pause": "sending was paused",
    "cancel": "what its source has asked for was cancelled",
}
ENDS = {
    "hold": ({"2"}, Status.PARTIALLY_COMPLETED),
    "pause": ({"1", "2"}, Status.COMPLETED),
    "cancel": (set(), Status.CANCELLED),
}


@pytest.mark.parametrize("what", LATE)
def test_what_comes_after_the_look_is_heeded(what: str) -> None:
    ledger = LateLedger()
    world = World(["1", "2"], ledger)
    child = child_of(world, deleted(world, ["1", "2"], after=0))
    ledger.act = lambda: LATE[what](world)
    for _ in range(4):
        world.step(child)
        world.now += 1
    assert "1" in world.zoho.bin
    assert world.ledger.calls(child, [1])[0].answer == {
        "verdict": "not_sent",
        "code": "NOT_SENT",
        "message": WHY[what],
    }
    world.ledger.pauses.clear()
    world.settle()
    done = world.get(child)
    assert (set(world.zoho.purged), done.status) == ENDS[what]
