"""Many at the same moment: what may happen once happens once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.status import Status
from chalicelib.service.engine.advance import advance
from chalicelib.service.engine.deps import Deps
from chalicelib.service.ports import Change, Claim
from tests import aws
from tests.contract.ledger.test_ledger import make_table
from tests.crash import invariants
from tests.crash.layer import Process
from tests.property.live import CONTACTS, LEADS, VIEW, LiveStage, live
from tests.races.linear import Linear, at_once, calls

VIEW_BODY = {"operation": "mass_delete", "module": "Contacts", "cvid": VIEW}


@pytest.fixture
def stage() -> Iterator[LiveStage]:
    with aws.dynamodb() as plain:
        client: Any = Linear(plain)
        make_table(client)
        with live(Table("t", lambda: client)) as made:
            yield made


def deliver(stage: LiveStage, body: dict[str, Any], delivery: str) -> str:
    answer = stage.deliver(json.dumps(body).encode(), delivery)
    stage.accepted.append(answer)
    return answer


def leads(*ids: str) -> dict[str, Any]:
    return {"operation": "delete_records", "module": "Leads", "ids": list(ids)}


def test_one_delivery_from_64_threads_is_one_deletion(stage: LiveStage) -> None:
    body = json.dumps(leads(LEADS[0])).encode()
    answers = at_once(lambda n: stage.deliver(body, "msg_1"), 64)
    assert len(set(answers)) == 1
    assert answers[0].startswith("del_")
    assert stage.ledger.due(stage.now, 100) == [answers[0]]


def test_one_delivery_id_with_two_bodies_at_once_is_one_deletion(stage: LiveStage) -> None:
    bodies = [json.dumps(leads(LEADS[n])).encode() for n in range(2)]
    answers = at_once(lambda n: stage.deliver(bodies[n % 2], "msg_1"), 16)
    assert answers.count("conflict") == 8
    assert len(set(answers)) == 2
    assert len(stage.ledger.due(stage.now, 100)) == 1


def test_16_polls_at_once_send_each_call_once(stage: LiveStage) -> None:
    for n in range(6):
        deliver(stage, leads(LEADS[n]), f"msg_{n}")
    at_once(lambda n: stage.poll(), 16)
    stage.rest()
    assert calls(stage, "DELETE", "/Leads") == 6
    assert {one.status for one in invariants.ended(stage)} == {Status.COMPLETED}


def test_16_polls_at_once_ask_for_a_due_job_once(stage: LiveStage) -> None:
    deliver(stage, VIEW_BODY, "msg_1")
    stage.work()
    assert calls(stage, "POST", "/mass_delete") == 1
    stage.now += 1
    at_once(lambda n: stage.poll(), 16)
    assert calls(stage, "GET", "job_id=") == 0
    stage.now += 5
    at_once(lambda n: stage.poll(), 16)
    assert calls(stage, "GET", "job_id=") == 1


def test_two_starters_make_one_mass_delete(stage: LiveStage) -> None:
    one = deliver(stage, VIEW_BODY, "msg_1")
    at_once(lambda n: advance(stage.deps(Process(stage.recorder)), one), 2)
    assert calls(stage, "POST", "/mass_delete") == 1


def test_two_deletions_of_a_view_at_once_run_one_after_the_other(stage: LiveStage) -> None:
    both = [deliver(stage, VIEW_BODY, f"msg_{n}") for n in range(2)]
    at_once(lambda n: advance(stage.deps(Process(stage.recorder)), both[n]), 2)
    assert calls(stage, "POST", "/mass_delete") == 1
    stage.rest()
    ended = invariants.ended(stage)
    assert sum(one.counts.deleted for one in ended) == len(CONTACTS)
    # The second one finds the view empty: Zoho refuses to start a job.
    assert len(stage.server.sim.state.jobs.by_id) == 1


def test_all_workers_together_stay_below_the_orgs_concurrency(stage: LiveStage) -> None:
    limit = 3
    name = "expunge/test/zoho/default"
    stage.vault.values[name] = json.dumps({**json.loads(stage.vault.values[name]), "concurrency": limit})
    stage.zoho.org = replace(stage.zoho.org, concurrency=limit)
    stage.control("settings", {"latency_ms": 20, "concurrency": limit})
    many = [deliver(stage, leads(LEADS[n]), f"msg_{n}") for n in range(12)]
    at_once(lambda n: advance(stage.deps(Process(stage.recorder)), many[n]), 12)
    assert all(call["status"] != 429 for call in stage.server.sim.state.journal.calls)
    stage.rest()
    assert {one.status for one in invariants.ended(stage)} == {Status.COMPLETED}


class Frozen(Table):
    """A worker that stands still right after its intent is written, until it is let go."""

    def __init__(self, table: Table) -> None:
        super().__init__(table.name, table.client)
        self.stands, self.go = threading.Event(), threading.Event()

    def save(self, claim: Claim, change: Change) -> Claim:
        saved = super().save(claim, change)
        if change.calls and not self.stands.is_set():
            self.stands.set()
            assert self.go.wait(timeout=300)
        return saved


def _sent(stage: LiveStage) -> int:
    """Calls that delete; a view whose start was lost goes by ids."""
    deletes = calls(stage, "DELETE", "/Leads") + calls(stage, "DELETE", "/Contacts")
    return calls(stage, "POST", "/mass_delete") + deletes


@pytest.mark.parametrize("body", [VIEW_BODY, leads(LEADS[0])], ids=["view", "ids"])
def test_a_worker_paused_past_its_lease_writes_and_sends_nothing(
    stage: LiveStage, body: dict[str, Any]
) -> None:
    one = deliver(stage, body, "msg_1")
    frozen = Frozen(stage.ledger)
    deps: Deps = replace(stage.deps(Process(stage.recorder)), ledger=frozen)
    sleeper = threading.Thread(target=advance, args=(deps, one))
    sleeper.start()
    assert frozen.stands.wait(timeout=120)
    stage.now += 61
    stage.rest()
    ended = invariants.ended(stage)
    before = stage.ledger.snapshot(one)
    sent = _sent(stage)
    frozen.go.set()
    sleeper.join()
    assert stage.ledger.snapshot(one) == before
    assert _sent(stage) == sent == 1
    assert ended[0].status is Status.COMPLETED
    assert ("lease_lost", {"deletion_id": one}) in stage.reports
