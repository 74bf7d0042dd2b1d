"""What happens to a write whose item a transaction of somebody else's holds: it is tried again, for a while.

The other tests of the ledger run on a busy table too, where each write is refused as often as that is borne.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import chalicelib
from chalicelib.adapters.dynamodb.dynamo import BUSY_SECONDS, BUSY_TRIES
from chalicelib.adapters.dynamodb.policy_items import PolicyTable
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.callers import Caller
from chalicelib.domain.errors import StaleRead, Unavailable
from chalicelib.domain.evidence.operators import What
from chalicelib.domain.operators import Hold, Pause
from chalicelib.domain.retention.stored_policy import Ran, StoredPolicy
from chalicelib.service.ports import Change
from tests import aws
from tests.contract.ledger.busy import WRITES, Busy
from tests.contract.ledger.test_ledger import NOW, accept, claimed, deletion, make_table

KEPT = StoredPolicy("default", "a", {}, 1, "arn:me", NOW, NOW)
RAN = Ran("run", "del_2", NOW)
EVERY_WRITE: dict[str, Callable[[Table, PolicyTable, Any], Any]] = {
    "accept": lambda table, _, __: accept(table, deletion("del_9"), "d9"),
    "claim": lambda table, _, __: table.claim("del_2", NOW, NOW + 60),
    "wake": lambda table, _, __: table.wake("del_1", NOW),
    "set_aside": lambda table, _, __: table.set_aside("del_1", "why", NOW),
    "take_up": lambda table, _, __: table.take_up("del_1", NOW),
    "command": lambda table, _, snapshot: table.command(snapshot, {"do": "cancel"}, NOW),
    "take": lambda table, _, __: table.take("default", "TOKEN", "me", NOW, NOW + 9),
    "give_back": lambda table, _, __: table.give_back("default", "TOKEN", "me"),
    "tell_credits": lambda table, _, __: table.tell_credits("default", 7, NOW),
    "block_tokens": lambda table, _, __: table.block_tokens("default", "a", NOW),
    "release": lambda table, _, __: table.release(1, Caller("arn:me", NOW).entry(What.PAUSE_ENDED, "org/*")),
    "set_hold": lambda table, _, __: table.set_hold(Hold("default", "Leads", "1", "why", "arn:me", NOW)),
    "remove_hold": lambda table, _, __: table.remove_hold("default", "Leads", "1"),
    "set_pause": lambda table, _, __: table.set_pause(Pause("default", paused=True)),
    "remember_deleted": lambda table, _, __: table.remember_deleted("default", "Leads", ["1"], NOW, NOW + 9),
    "put_policy": lambda _, policies, __: policies.put_policy(KEPT),
    "remove_policy": lambda _, policies, __: policies.remove_policy("default", "a"),
    "move_on": lambda _, policies, __: policies.move_on(KEPT, NOW + 9, last=None, skipped=None),
    "claim_run": lambda _, policies, __: policies.claim_run(KEPT, RAN),
}


class Stage:
    """A table with two deletions, one of them held by a worker; `waits`: what was waited for."""

    def __init__(self, client: Any) -> None:
        make_table(client)
        free = Table("t", lambda: client)
        accept(free, deletion("del_1"), "d1")
        accept(free, deletion("del_2"), "d2")
        free.set_hold(Hold("default", "Leads", "1", "why", "arn:me", NOW))
        self.snapshot = free.snapshot("del_1")
        self.claim = claimed(free)
        self.busy: Any = Busy(client, times=10**6)
        self.waits: list[float] = []
        self.table = Table("t", lambda: self.busy, sleep=self.waits.append)
        self.policies = PolicyTable("t", lambda: self.busy, sleep=self.waits.append)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with aws.dynamodb() as client:
        yield Stage(client)


@pytest.mark.parametrize("name", sorted(EVERY_WRITE))
def test_a_write_that_stays_refused_ends_as_a_table_out_of_reach_in_the_end(stage: Stage, name: str) -> None:
    with pytest.raises(Unavailable, match="TransactionConflict"):
        EVERY_WRITE[name](stage.table, stage.policies, stage.snapshot)
    tries = sum(stage.busy.refused.values())
    assert tries % BUSY_TRIES == 0
    assert tries >= BUSY_TRIES
    for n, wait in enumerate(stage.waits[: BUSY_TRIES - 1]):
        assert 0.5 <= wait / (BUSY_SECONDS * 2**n) <= 1.5


@pytest.mark.parametrize("commands_done", [0, 1])
def test_a_holder_whose_write_stays_refused_reads_again(stage: Stage, commands_done: int) -> None:
    change = Change(stage.claim.deletion, next_at=NOW, lease_until=NOW + 60, commands_done=commands_done)
    with pytest.raises(StaleRead):
        stage.table.save(stage.claim, change)
    assert sum(stage.busy.refused.values()) == BUSY_TRIES


def test_two_that_meet_do_not_wait_alike(stage: Stage) -> None:
    for _ in range(5):
        with pytest.raises(Unavailable):
            stage.table.take("default", "TOKEN", "me", NOW, NOW + 9)
    assert len(set(stage.waits)) == len(stage.waits) == 5 * (BUSY_TRIES - 1)


def test_no_write_goes_past_the_one_that_tries_again() -> None:
    """Only dynamo.py may name a write of the client, and it does so by the text that it is given."""
    calls = WRITES | {"execute_statement", "batch_execute_statement", "execute_transaction"}
    for file in Path(chalicelib.__file__).parent.rglob("*.py"):
        used = {
            node.attr for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)
        }
        assert not used & calls, file
