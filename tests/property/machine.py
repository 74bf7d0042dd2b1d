"""Anything in any order: what senders, workers, Zoho, people and the clock may do to the service."""

from __future__ import annotations

import json
from contextlib import ExitStack
from itertools import count
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from chalicelib.adapters.dynamodb import items
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain import commands
from chalicelib.domain.commands import Do
from chalicelib.domain.request import Freeze, Operation
from chalicelib.domain.status import Status
from tests.contract.ledger.test_ledger import make_table
from tests.crash import invariants
from tests.crash.layer import Plan, Way
from tests.property.bin_people import People
from tests.property.live import CONTACTS, KEPT, LEADS, VIEW, LiveStage, live

_number = count(1)

#: How long what was deleted can be restored: for as long as Zoho keeps it, not at all, for an hour.
PERMANENT: list[dict[str, str]] = [{}, {"permanent_after": "PT0H"}, {"permanent_after": "PT1H"}]
#: Deliveries of one sequence, at most: each takes a real table some hundred calls.
MOST = 5
FAULTS: list[dict[str, Any]] = [
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "drop_after", "method": "POST", "path": "mass_delete"},
    {"kind": "drop_before", "method": "DELETE"},
    {"kind": "reply", "status": 500},
    {"kind": "reply", "status": 502, "body": "<html>"},
    {"kind": "reply", "status": 429},
    {"kind": "reply", "status": 500, "when": "after"},
    {"kind": "expired_token"},
    {"kind": "job_stuck", "seconds": 40},
    {"kind": "job_failed", "after": 3},
    {"kind": "job_vanished"},
    {"kind": "reply", "status": 500, "method": "GET", "path": "job_id="},
    {"kind": "reply", "status": 429, "path": "/deleted"},
    {"kind": "reply", "status": 429, "method": "GET", "path": "cvid="},
]
#: What no page says of the recycle bin, and lists that lag.
BIN_SETTINGS: list[dict[str, Any]] = [
    {"deleted_since_by": "deletion"},
    {"deleted_since_by": "change"},
    {"purged_time": "purge"},
    {"bin_lag_seconds": 15, "deleted_lag_seconds": 0},
    {"bin_lag_seconds": 0, "deleted_lag_seconds": 15},
    {"restored_listed": True},
    {"bin_module": "text"},
    {"bin_at_once": 1, "scheduled_items": "each"},
    {"bin_at_once": 1, "scheduled_items": "one"},
]


class Anything(RuleBasedStateMachine):
    """`client`: a DynamoDB API. Whatever happened, at the end everything comes to rest and holds."""

    client: ClassVar[Any]

    def __init__(self) -> None:
        super().__init__()
        self.exits = ExitStack()
        name = f"p{next(_number)}"
        make_table(self.client, name)
        self.exits.callback(self.client.delete_table, TableName=name)
        self.table = Table(name, lambda: self.client)
        self.stage: LiveStage = self.exits.enter_context(live(self.table))
        self.sent: dict[str, bytes] = {}
        self.answers: dict[str, str] = {}
        self.added: set[str] = set()
        self.views = 0
        self.people = People(self.stage)
        self.began = self.stage.now

    # --- senders ---------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.sent) < MOST)
    @rule(
        ids=st.lists(st.sampled_from(LEADS), min_size=1, max_size=4),
        dry=st.booleans(),
        permanent=st.sampled_from(PERMANENT),
    )
    def deliver_ids(self, ids: list[str], dry: bool, permanent: dict[str, str]) -> None:
        body = {"operation": "delete_records", "module": "Leads", "ids": ids, **permanent}
        self._send(f"msg_{len(self.sent)}", json.dumps({**body, "dry_run": True} if dry else body).encode())

    @precondition(lambda self: len(self.sent) < MOST and self.views < 2)
    @rule(freeze=st.sampled_from(Freeze), permanent=st.sampled_from(PERMANENT))
    def deliver_view(self, freeze: Freeze, permanent: dict[str, str]) -> None:
        self.views += 1
        body = {"operation": "mass_delete", "module": "Contacts", "cvid": VIEW, "freeze": freeze.value}
        body |= permanent if freeze is not Freeze.NEVER else {}
        self._send(f"msg_{len(self.sent)}", json.dumps(body).encode())

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 100))
    def redeliver(self, which: int) -> None:
        delivery = sorted(self.sent)[which % len(self.sent)]
        self._send(delivery, self.sent[delivery])

    @precondition(lambda self: self.answers)
    @rule(which=st.integers(0, 100))
    def deliver_another_body(self, which: int) -> None:
        delivery = sorted(self.answers)[which % len(self.answers)]
        body = {"operation": "delete_records", "module": "Leads", "ids": list(KEPT)}
        assert self.stage.deliver(json.dumps(body).encode(), delivery) in ("conflict", "unavailable")

    @rule(forge=st.booleans())
    def tamper(self, forge: bool) -> None:
        body = json.dumps({"operation": "delete_records", "module": "Leads", "ids": list(KEPT)}).encode()
        source = "nobody" if forge else "crm"
        assert self.stage.deliver(body, "msg_x", tamper=True, key_of=source) == "unauthorized"

    def _send(self, delivery: str, body: bytes) -> None:
        self.sent[delivery] = body
        answer = self.stage.deliver(body, delivery)
        if answer != "unavailable":
            assert self.answers.setdefault(delivery, answer) == answer
            if answer not in self.stage.accepted:
                self.stage.accepted.append(answer)

    # --- the service -----------------------------------------------------------------------------------

    @rule()
    def work(self) -> None:
        self.stage.work()

    @rule()
    def poll(self) -> None:
        self.stage.poll()

    @rule(ahead=st.integers(1, 25), way=st.sampled_from(Way))
    def crash(self, ahead: int, way: Way) -> None:
        recorder = self.stage.recorder
        recorder.plan = Plan(len(recorder.names) + ahead, way)

    @rule(seconds=st.sampled_from([0.5, 3, 7, 20, 61, 200]))
    def time_passes(self, seconds: float) -> None:
        self.stage.now += seconds

    # --- operators -------------------------------------------------------------------------------------

    @precondition(lambda self: self.stage.accepted)
    @rule(which=st.integers(0, 100))
    def cancel(self, which: int) -> None:
        self._cancel(self.stage.accepted[which % len(self.stage.accepted)])

    def _cancel(self, one: str) -> None:
        seen = self.table.snapshot(one)
        assert seen is not None
        if not commands.not_cancellable(seen.deletion):
            assert self.table.command(seen, {"do": Do.CANCEL.value, "by": "operator"}, self.stage.now)

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        item = {**items.org_key("*", "PAUSE"), "paused": {"BOOL": paused}, "reason": {"S": "audit"}}
        self.client.put_item(TableName=self.table.name, Item=item)

    @precondition(lambda self: self.stage.accepted)
    @rule(which=st.integers(0, 100), ids=st.none() | st.lists(st.sampled_from(LEADS), min_size=1, max_size=2))
    def undo(self, which: int, ids: list[str] | None) -> None:
        self.people.ask(which, None if ids is None else tuple(ids), restore=True)

    @precondition(lambda self: self.stage.accepted)
    @rule(which=st.integers(0, 100))
    def make_permanent(self, which: int) -> None:
        self.people.ask(which, None, restore=False)

    @precondition(lambda self: self.stage.accepted)
    @rule(which=st.integers(0, 100))
    def cancel_what_is_about_the_bin(self, which: int) -> None:
        found = self.people.children()  # read here and not as a condition: that is asked at every step
        if found:
            self._cancel(found[which % len(found)])

    # --- Zoho, and people there ------------------------------------------------------------------------

    @rule(fault=st.sampled_from(FAULTS), times=st.integers(1, 3))
    def zoho_fails(self, fault: dict[str, Any], times: int) -> None:
        self.stage.control("faults", [{**fault, "times": times}])

    @rule(seconds=st.sampled_from([2, 30]))
    def somebody_starts_a_job(self, seconds: int) -> None:
        self.stage.control("faults", [{"kind": "foreign_job", "seconds": seconds}])

    @rule(n=st.integers(0, 9))
    def somebody_adds_a_contact(self, n: int) -> None:
        one = f"3652397000000926{n:03}"
        if one not in self.added:
            self.added.add(one)
            self.stage.control("records", {"Contacts": [{"id": one, "Last_Name": "B"}]})

    @rule(n=st.integers(0, 7))
    def somebody_takes_a_contact_out_of_the_view(self, n: int) -> None:
        if CONTACTS[n] in self.stage.records("Contacts"):
            self.stage.control("records", {"Contacts": [{"id": CONTACTS[n], "Last_Name": "C"}]})

    @precondition(lambda self: self.people.in_bin())
    @rule(which=st.integers(0, 100))
    def somebody_restores(self, which: int) -> None:
        self.people.restore(which)

    @precondition(lambda self: self.people.in_bin())
    @rule(which=st.integers(0, 100))
    def somebody_purges(self, which: int) -> None:
        self.people.purge(which)

    @rule(lead=st.sampled_from(LEADS))
    def somebody_deletes(self, lead: str) -> None:
        self.people.delete("Leads", lead)

    @rule(settings=st.sampled_from(BIN_SETTINGS))
    def zohos_bin_is_another(self, settings: dict[str, Any]) -> None:
        self.stage.control("settings", settings)

    @rule(seconds=st.sampled_from([0, 20, 400]))
    def zoho_lets_jobs_queue(self, seconds: int) -> None:
        """400 s are longer than any wait of the stage."""
        self.stage.control("settings", {"job_queued_seconds": seconds})

    # --- the end ---------------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self._rest()
            self._judge()
        finally:
            self.exits.close()

    def _rest(self) -> None:
        self.stage.recorder.plan = None
        self.client.delete_item(TableName=self.table.name, Key=items.org_key("*", "PAUSE"))
        self.stage.server.sim.state.faults.all.clear()
        for delivery, body in self.sent.items():
            self._send(delivery, body)
        self.stage.rest(5000)
        self.stage.accepted += self.people.children()

    def _judge(self) -> None:
        asked: set[str] = set()
        views = 0
        back = set(self.stage.server.sim.state.store.module("Leads").restored)
        for deletion in invariants.ended(self.stage):
            if deletion.request.parent:
                continue
            if deletion.request.operation is Operation.MASS_DELETE:
                views += 1
            elif not deletion.request.dry_run:
                ids = set(self.table.chunk(deletion.id, 0).ids)
                asked |= ids
                if deletion.status is Status.COMPLETED:
                    assert not ids & self.stage.records("Leads") - back
        self._nothing_was_lost_or_made_up()
        theirs = {one for one, _ in self.people.deleted}
        assert set(LEADS) - asked - theirs <= self.stage.records("Leads")
        assert set(KEPT) <= self.stage.records("Leads")
        self._what_came_later_stays(views)
        self._cost_is_bounded()
        self.people.judge()

    def _nothing_was_lost_or_made_up(self) -> None:
        """As many deletions as deliveries, each under the id that its sender was told, and their children."""
        found = self.client.scan(TableName=self.table.name, ConsistentRead=True)["Items"]
        there = {item["pk"]["S"][2:] for item in found if item["sk"]["S"] == "META"}
        children = set(self.people.children())
        assert there == {*self.answers.values(), *children} == set(self.stage.accepted)
        assert len(there - children) == len(self.sent)

    def _what_came_later_stays(self, views: int) -> None:
        """What went was listed, or was in the view when Zoho selected it; never a second start."""
        invariants.views_start_once(self.stage)
        went = {*CONTACTS, *self.added} - self.stage.records("Contacts")
        listed, only_exact = set(), True
        for one in self.stage.accepted:
            deletion = self.table.get(one)
            assert deletion is not None
            if deletion.request.operation is Operation.MASS_DELETE:
                only_exact = only_exact and deletion.request.freeze is Freeze.EXACT
                listed |= {i for n in range(deletion.chunks) for i in self.table.chunk(one, n).ids}
        jobs = [job for job in self.stage.server.sim.state.jobs.by_id.values() if not job.foreign]
        selected = {i for job in jobs for i in job.selected}
        assert len(jobs) <= views
        assert went <= listed | selected
        if only_exact:
            assert not jobs
            assert went <= listed

    def _cost_is_bounded(self) -> None:
        """Calls and credits, for each deletion, record and hour of waiting: whatever Zoho answered."""
        calls = self.stage.server.sim.state.journal.calls
        deletions = len(self.stage.accepted)
        records = len(LEADS) * deletions + len(CONTACTS) + len(self.added)
        hours = (self.stage.now - self.began) / 3600
        # The stage waits 5 s at the longest between two tries; with a second one on the way these are 1,440
        # an hour.
        assert len(calls) <= 150 * (deletions + 1) + 5 * records + 1500 * hours * (deletions + 1)


def machine(client: Any) -> type[Anything]:
    """The machine over this DynamoDB client."""
    return type("AnythingOver", (Anything,), {"client": client})
