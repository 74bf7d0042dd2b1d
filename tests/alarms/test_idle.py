"""What the gauges cost: nothing. A poll with nothing to do asks the table two questions: what is due, and
what is to be forgotten.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.service.engine.poll import Polled, poll
from tests import aws
from tests.contract.ledger.test_ledger import make_table
from tests.unit.service.world import World


def test_an_idle_poll_is_two_queries() -> None:
    with aws.dynamodb() as client:
        make_table(client)
        calls: list[str] = []
        client.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
        world = World()
        deps = replace(world.deps, ledger=Table("t", lambda: client))
        assert poll(deps, until=world.now + 60) == Polled()
        assert calls == ["Query", "Query"]
