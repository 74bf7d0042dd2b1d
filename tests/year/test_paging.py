"""Zoho's limits on reading a view, met by the real client: tokens for a day, 100,000 records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.backoff import Timeouts
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.status import Status
from chalicelib.service.engine.advance import advance
from simulator.faults import read_fault
from tests.year.test_year import START, Year, year

VIEW = "3652397000000538003"
DAY = 86_400.0


def policy_over_a_view(now: Year, records: int, max_records: int) -> str:
    """A policy's run that has begun, over a view of so many records, with the waits of the prod stage."""
    ids = [str(10**18 + k) for k in range(records)]
    view = {"module": "Leads", "cvid": VIEW, "ids": ids}
    now.server.sim.load({"records": {"Leads": [{"id": one} for one in ids]}, "views": [view]})
    now.world.deps = replace(now.world.deps, timeouts=Timeouts())
    now.world.put(
        {
            "name": "p",
            "module": "Leads",
            "selection": {"view": VIEW},
            "schedule": {"rate": "7 days"},
            "limits": {"max_records": max_records},
        }
    )
    now.at(START + 7 * DAY)
    now.world.tick()
    (one,) = now.world.ledger.rows
    return one


def faults(now: Year, *planned: dict[str, object]) -> None:
    now.server.sim.state.faults.all = [read_fault(each) for each in planned]


def settled(now: Year, one: str, seconds: float) -> Deletion:
    """The run as it stands once it is final, or after so many seconds."""
    until = now.world.deps.clock() + seconds
    while not now.world.get(one).is_final and now.world.deps.clock() < until:
        if not advance(now.world.deps, one):
            now.server.sim.clock.advance(30.0)
    return now.world.get(one)


def test_a_page_token_that_expired_while_credits_were_out_begins_the_reading_anew() -> None:
    with year(0) as now:
        one = policy_over_a_view(now, 450, 1_000)
        faults(now, {"kind": "reply", "status": 429, "path": "page_token", "probability": 1.0})
        advance(now.world.deps, one)
        assert now.world.get(one).waiting_for == "api credits"
        now.server.sim.clock.advance(25 * 3600.0)
        faults(now)
        run = settled(now, one, 900)
        assert (run.status, run.counts.deleted, now.left()) == (Status.COMPLETED, 450, set())


def test_a_reading_whose_tokens_always_expire_ends() -> None:
    with year(0) as now:
        one = policy_over_a_view(now, 450, 1_000)
        body = '{"code": "EXPIRED_VALUE", "details": {}, "message": "Page token expired", "status": "error"}'
        faults(now, {"kind": "reply", "status": 400, "path": "page_token", "body": body, "probability": 1.0})
        run = settled(now, one, 900)
        assert (run.status, [p.code for p in run.problems]) == (Status.FAILED, ["EXPIRED_VALUE"])
        assert len(now.left()) == 450
        assert sum("page_token" in call["query"] for call in now.server.sim.state.journal.calls) == 4


@pytest.mark.parametrize(
    ("max_records", "listed", "code"),
    [(100_000, "PAGINATION", "MAX_RECORDS"), (100_000, "DISCRETE_PAGINATION", "NOT_LISTABLE")],
)
def test_a_view_of_more_than_zoho_lists_is_refused_at_once(max_records: int, listed: str, code: str) -> None:
    with year(0) as now:
        one = policy_over_a_view(now, 100_200 if listed == "PAGINATION" else 450, max_records)
        if listed != "PAGINATION":
            body = f'{{"code": "{listed}_LIMIT_EXCEEDED", "message": "limit", "status": "error"}}'
            faults(now, {"kind": "reply", "status": 400, "path": "page_token", "body": body})
        run = settled(now, one, 60)
        problem = run.problems[0]
        assert (run.status, problem.code) == (Status.REFUSED, code)
        assert problem.count == (100_001 if code == "MAX_RECORDS" else 201)
        assert len(now.left()) >= 450
