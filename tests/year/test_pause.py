"""A pause in the middle of a large purge, proven by the simulator's own list of calls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.domain.status import Status
from chalicelib.service.engine.advance import advance
from tests.year.test_year import POLICY, START, year

COUNT, CONCURRENCY = 20_000, 10


def test_a_pause_in_the_middle_of_20000_records() -> None:
    with year(0) as now:
        old = "2020-01-01T00:00:00+00:00"
        records = [{"id": str(10**18 + n), "Created_Time": old} for n in range(COUNT)]
        now.server.sim.load({"Leads": [*records, {"id": "7", "Created_Time": "2026-01-01T00:00:00+00:00"}]})
        now.world.put({**POLICY, "schedule": {"rate": "1 day"}})
        now.at(START + 86_400)
        now.world.tick()
        (one,) = now.world.ledger.rows
        sent_before: list[int] = []
        there = now.server.sim.state.store.module("Leads").records
        deps, clock = now.world.deps, now.world.deps.clock

        def watching() -> float:
            """Somebody pauses as soon as 8,000 are gone, whatever the worker is about to do."""
            if not sent_before and len(there) <= COUNT - 8_000:
                now.world.ledger.pauses["default"] = "looks wrong"
                sent_before.append(deletes(now))
            return clock()

        advance(replace(deps, clock=watching), one)
        paused = now.world.get(one)
        assert (paused.status, paused.waiting_for) == (Status.WAITING, "pause")
        left = now.left()
        assert 0 < len(left) < COUNT
        # The wave that was under way is the last one; each of its calls takes 100 records.
        assert deletes(now) - sent_before[0] <= CONCURRENCY
        for _ in range(5):
            now.server.sim.clock.advance(60)
            advance(deps, one)
        assert now.left() == left

        now.world.ledger.pauses.clear()
        now.server.sim.clock.advance(60)
        now.settle(one)
        done = now.world.get(one)
        assert (done.status, done.counts.deleted, done.counts.requested) == (Status.COMPLETED, COUNT, COUNT)
        assert now.left() == {"7"}
        assert deletes(now) == COUNT // 100


def deletes(now: Any) -> int:
    """Destructive calls that Zoho has seen."""
    return sum(call["method"] == "DELETE" for call in now.server.sim.state.journal.calls)
