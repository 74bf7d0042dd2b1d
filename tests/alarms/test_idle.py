"""What the gauges cost: nothing. A poll with nothing to do asks the table what is due, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.service.engine.poll import FORGET_MINUTES, Polled, poll
from tests import aws
from tests.contract.ledger.test_ledger import make_table
from tests.unit.service.world import World


def test_ten_idle_polls_are_eleven_queries() -> None:
    """Each asks what is due, and one of them what is to be forgotten."""
    with aws.dynamodb() as client:
        make_table(client)
        calls: list[str] = []
        client.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
        world = World()
        deps = replace(world.deps, ledger=Table("t", lambda: client))
        for _ in range(FORGET_MINUTES):
            assert poll(deps, until=world.now + 60) == Polled()
            world.now += 60
        assert calls == ["Query"] * (FORGET_MINUTES + 1)
