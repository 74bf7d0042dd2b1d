"""A year of daily purges: the service's clock and the simulator's are one, which only the test moves on.

The real Zoho client talks to the simulator over HTTP; the ledger is the one in memory.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

import simulator
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.status import Status
from chalicelib.service.engine.advance import advance
from simulator.server import Server
from tests.contract.zoho.kit import Bench
from tests.unit.service.retention.retention_world import DAY, RetentionWorld

START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
FIRST_ID = 365_239_700_000_000_000_0
POLICY: dict[str, Any] = {
    "name": "daily",
    "module": "Leads",
    "selection": {
        "field": "Created_Time",
        "older_than": "90d",
        "where": [{"field": "Lead_Status", "comparator": "not_equal", "value": "Customer"}],
    },
    "schedule": {"cron": "30 3 * * *", "time_zone": "Europe/Vienna"},
    "limits": {"max_records": 100_000},
}
OUTAGE = (100, 101)  # days on which nothing of ours runs


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


@dataclass
class Year:
    """`times`: when the records that may go were created, ascending, with their ids in the same order."""

    world: RetentionWorld
    server: Server
    times: list[float] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    customers: set[str] = field(default_factory=set)
    young: str = ""

    def load(self, count: int) -> None:
        """Records whose time comes spread over the year; every tenth is one that must stay."""
        records = []
        for n in range(count):
            created = float(int(START - 90 * DAY + n * 365 * DAY / count))
            record = {"id": str(FIRST_ID + n), "Created_Time": iso(created), "Lead_Status": "Lost"}
            if n % 10 == 0:
                record["Lead_Status"] = "Customer"
                self.customers.add(record["id"])
            else:
                self.times.append(created)
                self.ids.append(record["id"])
            records.append(record)
        self.server.sim.load({"Leads": records})

    def at(self, moment: float) -> None:
        """Moves the one clock on."""
        self.server.sim.clock.advance(max(0.0, moment - self.world.deps.clock()))
        self.world.now = self.world.deps.clock()

    def tick(self) -> list[Deletion]:
        """One tick of the schedule, and what it started until it has ended."""
        before = set(self.world.ledger.rows)
        self.world.tick()
        started = [one for one in self.world.ledger.rows if one not in before]
        for one in started:
            self.settle(one)
        return [self.world.get(one) for one in started]

    def settle(self, one: str) -> None:
        for _ in range(200):
            if self.world.get(one).is_final and not self.world.ledger.rows[one].due:
                return
            self.world.now = self.world.deps.clock()
            if not advance(self.world.deps, one):
                self.server.sim.clock.advance(1.0)
        raise AssertionError("still not at rest")

    def left(self) -> set[str]:
        return set(self.server.sim.state.store.module("Leads").records)

    def expected_gone(self, run_at: float) -> int:
        """How many should have gone by the run at this time."""
        return bisect_left(self.times, float(int(run_at - 90 * DAY)))


@contextmanager
def year(count: int) -> Iterator[Year]:
    clock = simulator.SimClock(lambda: START)
    with simulator.running(clock=clock, documents=False) as server:
        world = RetentionWorld()
        told: Any = clock.now
        orgs = Bench(server.url, clock=told).orgs(concurrency=10)
        world.deps = replace(world.deps, zoho=orgs, clock=clock.now)
        made = Year(world, server)
        made.at(START)
        made.load(count)
        yield made


@pytest.mark.parametrize("count", [10_000, pytest.param(200_000, marks=pytest.mark.long)])
def test_a_year_of_daily_purges(count: int) -> None:
    with year(count) as now:
        now.world.put(POLICY)
        gone = 0
        runs: list[str] = []
        for day in range(365):
            now.at(START + day * DAY + 12 * 3600)  # the tick comes some hours after the run was due
            if day in OUTAGE:
                continue
            (run,) = now.tick()
            runs.append(str(run.request.run))
            expected = now.expected_gone(run.created_at)
            assert (run.status, run.counts.deleted) == (Status.COMPLETED, expected - gone), (
                day,
                run.problems,
            )
            gone = expected
            if day % 60 == 0 or day in (99, 102, 364):
                assert now.left() == {*now.ids[gone:], *now.customers}, day
        assert len(runs) == 363
        assert gone > 0.89 * count
