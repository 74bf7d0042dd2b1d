"""What every store of policies must do: run against the one in memory and the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.adapters.dynamodb.dynamo import BUSY_TRIES
from chalicelib.adapters.dynamodb.policy_items import PolicyTable
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.deletion import Approval
from chalicelib.domain.request import Limits
from chalicelib.domain.retention.stored_policy import Ran, StoredPolicy
from chalicelib.domain.status import Status
from chalicelib.service.ports import Change
from chalicelib.service.retention.policy_run import PolicyRun, RunIntake, store_run
from tests import aws
from tests.contract.ledger.busy import Busy
from tests.contract.ledger.test_ledger import make_table
from tests.fake_ledger import FakeLedger
from tests.fake_policies import FakePolicies
from tests.unit.service.world import FakeNudges

NOW = 1_700_000_000.0
DOCUMENT: dict[str, Any] = {
    "name": "a",
    "module": "Leads",
    "selection": {"view": "77"},
    "schedule": {"rate": "1d"},
}


@dataclass
class Both:
    policies: Any
    ledger: Any


@pytest.fixture(params=["memory", "table", "busy table"])
def store(request: pytest.FixtureRequest) -> Iterator[Both]:
    if request.param == "memory":
        ledger = FakeLedger()
        yield Both(FakePolicies(ledger), ledger)
        return
    with aws.dynamodb() as client:
        make_table(client)
        held: Any = Busy(client, BUSY_TRIES - 1) if request.param == "busy table" else client
        policies = PolicyTable("t", lambda: held, sleep=lambda _: None)
        yield Both(policies, Table("t", lambda: client))


def kept(
    name: str = "a", next_at: float | None = NOW, org: str = "default", revision: int = 1
) -> StoredPolicy:
    return StoredPolicy(org, name, DOCUMENT, revision, "arn:me", NOW - 5, next_at)


def run_of(store: Both, run: str = "r1") -> str:
    policy_run = PolicyRun("default", "a", run, NOW, "Leads", {"view": "77"}, Limits())
    run_intake = RunIntake(store.ledger, FakeNudges(), "test", 400)
    assert store_run(run_intake, policy_run, NOW).id == store_run(run_intake, policy_run, NOW + 9).id
    return store_run(run_intake, policy_run, NOW).id


def test_what_is_put_is_there(store: Both) -> None:
    assert store.policies.policy("default", "a") is None
    assert store.policies.put_policy(kept())
    assert store.policies.policy("default", "a") == kept()
    assert store.policies.policy("default", "ab") is None


def test_a_put_that_was_overtaken_changes_nothing(store: Both) -> None:
    assert store.policies.put_policy(kept())
    assert not store.policies.put_policy(kept(next_at=NOW + 1))
    assert store.policies.put_policy(kept(next_at=NOW + 2, revision=2))
    assert not store.policies.put_policy(kept(revision=2))
    assert store.policies.policy("default", "a") == kept(next_at=NOW + 2, revision=2)


def test_the_policies_of_an_org_by_name(store: Both) -> None:
    for name, org in (("b", "default"), ("a", "default"), ("c", "east")):
        assert store.policies.put_policy(kept(name, org=org))
    assert [each.name for each in store.policies.policies("default")] == ["a", "b"]
    assert store.policies.policies("west") == []


def test_due_policies_the_longest_waiting_first(store: Both) -> None:
    for name, next_at in (("a", NOW), ("b", NOW - 1), ("c", NOW + 1), ("d", None)):
        assert store.policies.put_policy(kept(name, next_at))
    assert store.policies.due_policies(NOW, 10) == [("default", "b"), ("default", "a")]
    assert store.policies.due_policies(NOW, 1) == [("default", "b")]


def test_policies_and_deletions_do_not_hide_each_other(store: Both) -> None:
    assert store.policies.put_policy(kept(next_at=NOW - 9))
    one = run_of(store)
    assert store.ledger.due(NOW, 1) == [one]
    assert store.policies.due_policies(NOW, 1) == [("default", "a")]


def test_a_policy_moves_on_once(store: Both) -> None:
    assert store.policies.put_policy(kept())
    ran = Ran("r1", "del_1", NOW)
    assert store.policies.move_on(kept(), NOW + 100, last=ran, skipped=None)
    assert not store.policies.move_on(kept(), NOW + 200, last=None, skipped=None)
    after = replace(kept(), next_at=NOW + 100, last=ran)
    assert store.policies.policy("default", "a") == after
    assert store.policies.move_on(after, None, last=None, skipped=Ran("r2", "del_2", NOW))
    ended = replace(after, next_at=None, skipped=Ran("r2", "del_2", NOW))
    assert store.policies.policy("default", "a") == ended
    assert store.policies.due_policies(NOW + 10**6, 10) == []


def test_a_new_revision_keeps_what_became_of_the_runs(store: Both) -> None:
    assert store.policies.put_policy(kept())
    ran = Ran("r1", "del_1", NOW)
    assert store.policies.claim_run(kept(), ran)
    assert not store.policies.claim_run(kept("b"), ran)
    assert store.policies.put_policy(kept(next_at=None, revision=2))
    assert store.policies.policy("default", "a") == replace(kept(next_at=None, revision=2), last=ran)


def test_a_policy_can_be_removed_once(store: Both) -> None:
    assert store.policies.put_policy(kept())
    assert store.policies.remove_policy("default", "a")
    assert not store.policies.remove_policy("default", "a")
    assert store.policies.due_policies(NOW, 10) == []
    assert not store.policies.move_on(kept(), NOW + 100, last=None, skipped=None)
    assert store.policies.policy("default", "a") is None


def test_the_same_run_is_one_deletion_and_keeps_its_selection(store: Both) -> None:
    one = run_of(store)
    found = store.ledger.get(one)
    assert (found.request.policy, found.request.run) == ("a", "r1")
    assert found.request.selection == {"view": "77"}
    assert run_of(store, "r2") != one


def test_a_run_is_claimed_over_the_one_that_was_seen_and_over_no_other(store: Both) -> None:
    assert store.policies.put_policy(kept())
    first, second, third = (Ran(f"r{n}", f"del_{n}", NOW + n) for n in (1, 2, 3))
    assert store.policies.claim_run(kept(), first)
    assert store.policies.claim_run(kept(), first)  # the answer was lost: it is claimed again
    assert not store.policies.claim_run(kept(), second)
    assert store.policies.claim_run(replace(kept(), last=first), second)
    assert not store.policies.claim_run(replace(kept(), last=first), third)
    assert store.policies.policy("default", "a") == replace(kept(), last=second)


@pytest.mark.parametrize("answered", [False, True])
def test_a_run_whose_approval_was_not_given_in_time_is_not_going(store: Both, answered: bool) -> None:
    one = run_of(store)
    claim = store.ledger.claim(one, NOW, NOW + 60)
    asked = replace(claim.deletion, status=Status.AWAITING_APPROVAL, approval=Approval(5, NOW, NOW + 100))
    store.ledger.save(claim, Change(asked, NOW + 5, 0.0))
    if answered:
        assert store.ledger.command(store.ledger.snapshot(one), {"do": "approve"}, NOW + 99)
    assert store.policies.going(one, NOW + 99)
    assert store.policies.going(one, NOW + 100) is answered


def test_going_until_it_has_ended(store: Both) -> None:
    one = run_of(store)
    assert store.policies.going(one, NOW)
    assert store.policies.going("del_nobody", NOW) is None
    claim = store.ledger.claim(one, NOW + 60, NOW + 120)
    ended = replace(claim.deletion, status="completed", finished_at=NOW, published=1)
    store.ledger.save(claim, Change(ended, next_at=NOW, lease_until=0))
    assert not store.policies.going(one, NOW)


def test_a_removed_policy_is_put_anew_without_what_became_of_the_one_before(store: Both) -> None:
    assert store.policies.put_policy(kept())
    assert store.policies.claim_run(kept(), Ran("r1", "del_1", NOW))
    assert store.policies.remove_policy("default", "a")
    assert store.policies.policies("default") == []
    assert not store.policies.claim_run(kept(), Ran("r2", "del_2", NOW))
    assert not store.policies.put_policy(kept(revision=2))
    assert store.policies.put_policy(kept(next_at=NOW - 1))
    assert store.policies.policy("default", "a") == kept(next_at=NOW - 1)
    assert store.policies.due_policies(NOW, 10) == [("default", "a")]
