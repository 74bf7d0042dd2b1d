"""Fairness between orgs on the running stack, with its real queue and workers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from secrets import token_bytes

import pytest

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.groups import Groups
from chalicelib.adapters.queue import WorkQueue
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.request import Limits, Operation, Request
from chalicelib.domain.status import Status
from chalicelib.service.intake.accept import Acceptance, IntakeRequest, accept
from local.filling import new_key
from local.running import RunningStack
from tests.stack.conftest import wait_for
from tests.stack.test_service import accepted, add_source, sim

pytestmark = pytest.mark.stack

WAITING = 300
#: The promise (seconds), and what of the busy org's line may have ended before the idle one's only deletion.
PROMISED, BEFORE = 15.0, WAITING // 4
#: A machine where one alone takes long has as much more time for it.
SLOW = 10
#: Each call of Zoho's takes as long (milliseconds), so that the line is a long one on a quick machine too.
LATENCY = 250


@contextmanager
def nobody_at_work(stack: RunningStack) -> Iterator[None]:
    """While this lasts, what is accepted stays in the queue."""
    functions = stack.client("lambda")
    found = functions.list_event_source_mappings(FunctionName=stack["functions"]["work"])
    (mapping,) = found["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def org(stack: RunningStack, name: str) -> str:
    """A second org behind the same Zoho, and a source of its own; returns its key."""
    secrets, key = stack.client("secretsmanager"), new_key()
    known = json.loads(secrets.get_secret_value(SecretId=stack["zoho_secret"])["SecretString"])
    own = {**known, "refresh_token": f"1000.{name}"}
    secrets.create_secret(Name=f"expunge/local/zoho/{name}", SecretString=json.dumps(own))
    add_source(stack, name, org=name, modules=["Tasks"], keys=[key], max_records_per_day=100_000)
    return key


class Line:
    """Requests of a source as intake stores them, without a call of the API for each."""

    def __init__(self, stack: RunningStack, name: str) -> None:
        self.name = name
        self.table = Table(stack["table_name"], lambda: stack.client("dynamodb"))
        groups = Groups(self.table.get_many)
        queue = WorkQueue(
            stack["work_queue_url"], lambda: stack.client("sqs"), self._failed, groups=groups.of
        )
        self.acceptance = Acceptance(self.table, queue, token_bytes, "local", 400)

    def ask(self, record: str) -> str:
        request = Request(Operation.DELETE_RECORDS, "Tasks", self.name, ids=(record,))
        asked = IntakeRequest(self.name, f"fair-{record}", record, request, Limits(max_records=10))
        return accept(self.acceptance, asked, time.time()).deletion_id

    def ended(self, ids: Sequence[str]) -> list[Deletion]:
        found = [
            each for n in range(0, len(ids), 100) for each in self.table.get_many(ids[n : n + 100]).values()
        ]
        return [each for each in found if each.is_final]

    def _failed(self, event: str, **fields: object) -> None:
        raise AssertionError(f"{event}: {fields}")


def test_an_idle_orgs_deletion_ends_soon_while_another_org_has_300_waiting(stack: RunningStack) -> None:
    key = {name: org(stack, name) for name in ("fair-busy", "fair-idle")}["fair-idle"]
    busy, ids = Line(stack, "fair-busy"), [str(7_700_000 + n) for n in range(WAITING + 10)]
    sim(stack, "records", {"Tasks": [{"id": one, "Subject": "x"} for one in ids]})

    def idle(record: str) -> str:
        body = {"operation": "delete_records", "module": "Tasks", "ids": [record]}
        return str(accepted(stack, body, source="fair-idle", key=key)["id"])

    def ends(one: str) -> float:
        """How long it took from now on (seconds)."""
        began = time.monotonic()
        wait_for(lambda: busy.ended([one]), what="end of the idle org's", seconds=300, every=0.3)
        return time.monotonic() - began

    warm = [busy.ask(one) for one in ids[:8]]
    wait_for(lambda: len(busy.ended(warm)) == 8, what="warm workers", seconds=300)
    alone = ends(idle(ids[8]))
    sim(stack, "settings", {"latency_ms": LATENCY})
    try:
        with nobody_at_work(stack):
            line = [busy.ask(one) for one in ids[10:]]
            last = idle(ids[9])
        took = ends(last)
    finally:
        sim(stack, "settings", {"latency_ms": 0})
    [end] = busy.ended([last])
    assert end.status is Status.COMPLETED
    before = [each for each in busy.ended(line) if (each.finished_at or 0) <= (end.finished_at or 0)]
    told = f"it took {took:.1f} s, alone {alone:.1f} s; {len(before)} of {WAITING} had ended before it"
    assert len(before) <= BEFORE, told
    assert took <= max(PROMISED, SLOW * alone), told
