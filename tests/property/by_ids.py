"""Deletions by ids under anything: answers, commands, holds, pauses, crashes, a lost secret, new records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from chalicelib.domain.commands import Outcome
from chalicelib.domain.deletion import Counts
from chalicelib.domain.errors import SecretUnusable, WrongState
from chalicelib.domain.outcomes import Mark, outcome_name
from chalicelib.domain.request import Limits
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import Item, Reply
from chalicelib.service.operators import commands
from chalicelib.service.ports import Change, Claim
from tests.crash.zoho import MatrixZoho
from tests.fake_ledger import FakeLedger
from tests.fake_zoho import LOST, REFUSED, error, lose
from tests.unit.service.operators.test_commands import ann, operators
from tests.unit.service.world import FakeTopic, World

RECORDS = [str(n) for n in range(1, 9)]
VALUES = [f"E-{n}" for n in RECORDS]
#: Enough for two calls at a time.
MANY = [str(n) for n in range(1000, 1150)]


class Died(BaseException):
    """The worker's process ends here."""


class Watched(FakeLedger):
    """A ledger that looks at every write, and can die before or after the next one."""

    def __init__(self) -> None:
        super().__init__()
        self.die = ""
        self.resolved: dict[str, dict[str, str]] = {}
        #: What was told since the last write, of the pause and of holds by record; empty: nobody has asked.
        self.pause_told: list[str | None] = []
        self.holds_told: dict[str, bool] = {}

    def paused(self, org: str, source: str = "") -> str | None:
        told = super().paused(org, source)
        self.pause_told = [told]
        return told

    def held(self, org: str, module: str, ids: Sequence[str], now: float) -> set[str]:
        told = super().held(org, module, ids, now)
        self.holds_told |= {one: one in told for one in ids}
        return told

    def save(self, claim: Claim, change: Change) -> Claim:
        self.pause_told, self.holds_told = [], {}
        if self._dies("before"):
            raise Died
        after = super().save(claim, change)
        self._look(change.deletion.id)
        if self._dies("after"):
            raise Died
        return after

    def _dies(self, when: str) -> bool:
        dies = self.die == when
        self.die = "" if dies else self.die
        return dies

    def _look(self, one: str) -> None:
        row = self.rows[one]
        if not row.deletion.request.dry_run:
            # Of a map that was refused no entry counts, though it stays to be read.
            counted = [c for c in row.chunks.values() if c.number < row.deletion.chunks]
            letters = Counter(outcome_name(Mark(x)) for c in counted for x in c.marks)
            assert row.deletion.counts == Counts(requested=sum(letters.values()), **letters)
        known = self.resolved.setdefault(one, dict(self.resolved.get(row.deletion.retry_of or "", {})))
        for chunk in row.chunks.values():
            for position, record in chunk.records.items():
                first = known.setdefault(chunk.ids[position], record)
                assert record == first, "an external id was resolved anew"


class Dying(FakeTopic):
    """A topic whose next message may be the worker's last, or take so long that somebody acts meanwhile."""

    die = False
    late: Callable[[], None] | None = None

    def publish(self, message: str, attributes: Any) -> None:
        act, self.late = self.late, None
        if act is not None:
            act()
        if self.die:
            self.die = False
            raise Died
        super().publish(message, attributes)


class Guarded(MatrixZoho):
    """Zoho, which looks at what is sent: never in a pause, never what is held or was not meant first.

    What counts is what was told between the write of the intents and the call: while a wave is under way an
    event may leave, and a person may act, before the last of its calls is on its way.
    """

    ledger: Watched

    def delete_records(self, module: str, ids: Sequence[str], wf_trigger: bool) -> Reply:
        self._may_leave(ids)
        return super().delete_records(module, ids, wf_trigger)

    def mass_delete_ids(self, module: str, ids: Sequence[str]) -> Reply:
        self._may_leave(ids)
        return super().mass_delete_ids(module, ids)

    def delink(self, module: str, record_id: str, related_list: str, ids: Sequence[str]) -> Reply:
        assert self.ledger.pause_told == [None], "sent in a pause"
        return super().delink(module, record_id, related_list, ids)

    def _may_leave(self, ids: Sequence[str]) -> None:
        assert self.ledger.pause_told == [None], "sent in a pause"
        assert [self.ledger.holds_told.get(one) for one in ids] == [False] * len(ids), (
            "sent in spite of a hold"
        )
        assert len(set(ids)) == len(ids)
        assert all(one.isdigit() for one in ids), "an external id was sent"


def some_locked(work: Callable[[], Reply]) -> Reply:
    """The work is done, and every second answer says that it was not."""
    reply = work()
    items = [Item("RECORD_LOCKED", "locked", id=i.id) if n % 2 else i for n, i in enumerate(reply.items)]
    return replace(reply, status=207, items=tuple(items))


SENT = [LOST, lose, lose, REFUSED, error("INTERNAL_ERROR", 500), error("TOO_MANY_REQUESTS", 429)]
SENT += [error("NO_PERMISSION", 403), error("API_LIMIT_EXCEEDED", 403), Reply(200, body=None)]
ASKED = [LOST, REFUSED, error("INTERNAL_ERROR", 500), error("TOO_MANY_REQUESTS", 429), error("NO_PERMISSION")]


class ByIds(RuleBasedStateMachine):
    """At every write counts equal marks; what leaves may leave; all of it ends once it is quiet."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Watched()
        self.world = World(ledger=self.ledger)
        world = self.world
        zoho = Guarded(lambda: world.now, [*RECORDS, *MANY], 2)
        zoho.ledger = self.ledger
        zoho.external = {f"E-{n}": [n] for n in RECORDS}
        zoho.links = dict.fromkeys(RECORDS)
        self.zoho = zoho
        self.topic = Dying()
        world.zoho, world.topic = zoho, self.topic
        world.deps = replace(world.deps, topic=self.topic, zoho=self._client)
        self.secret = True
        self.new = 100
        self.asked: list[str] = []

    def _client(self, org: str, deadline: float) -> Any:
        if not self.secret:
            raise SecretUnusable("expunge/test/zoho/default", "is missing")
        return self.zoho

    # --- senders and operators --------------------------------------------------------------------------

    @precondition(lambda self: len(self.asked) < 4)
    @rule(
        ids=st.lists(st.sampled_from([*RECORDS, "99"]), min_size=1, max_size=5, unique=True),
        kind=st.sampled_from(["plain", "external", "delink", "mass", "many"]),
        dry=st.sampled_from([False, False, False, True]),
    )
    def ask(self, ids: list[str], kind: str, dry: bool) -> None:
        more: dict[str, Any] = {"ids": tuple(ids), "dry_run": dry}
        if kind == "external":
            more |= {"ids": tuple(f"E-{n}" for n in ids), "external_id_field": "ERP_Id"}
        elif kind == "delink":
            more |= {"operation": "delink_records", "record_id": "7", "related_list": "Contacts"}
        elif kind != "plain":
            more |= {"ids": tuple(MANY), "limits": Limits(1000, mass_delete_by_ids=kind == "mass")}
        self.asked.append(self.world.accept(**more))

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 9), what=st.sampled_from(["cancel", "done", "not_done", "retry"]))
    def operate(self, which: int, what: str) -> None:
        world, one = self.world, self.asked[which % len(self.asked)]
        try:
            if what == "cancel":
                commands.cancel(operators(world), one, ann(world))
            elif what == "retry":
                self._retried(commands.retry(operators(world), one, ann(world)).deletion_id)
            else:
                commands.resolve(operators(world), one, Outcome(what), "looked", ann(world))
        except WrongState:
            pass

    def _retried(self, one: str) -> None:
        assert self.world.get(one).id_count, "a retry of nothing"
        if one not in self.asked:
            self.asked.append(one)

    @rule(record=st.sampled_from([*RECORDS, MANY[3]]), held=st.booleans())
    def hold(self, record: str, held: bool) -> None:
        if held:
            self.world.hold(record)
        else:
            self.ledger.remove_hold("default", "Leads", record)

    @rule(record=st.sampled_from(RECORDS), late=st.sampled_from(["hold", "pause"]))
    def hold_or_pause_while_an_event_leaves(self, record: str, late: str) -> None:
        def act() -> None:
            if late == "hold":
                self.world.hold(record)
            else:
                self.ledger.pauses["*"] = "stop"

        self.topic.late = act

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        self.ledger.pauses = {"*": "stop"} if paused else {}

    # --- Zoho and the rest of the world -----------------------------------------------------------------

    @rule(name=st.sampled_from(["delete_records", "mass_delete_ids", "delink"]), n=st.integers(0, 9))
    def answer(self, name: str, n: int) -> None:
        answers = [*SENT, some_locked]
        self.zoho.script.setdefault(name, []).append(answers[n % len(answers)])

    @rule(name=st.sampled_from(["read", "read_external", "deleted_since"]), n=st.integers(0, 4))
    def refuse_a_look(self, name: str, n: int) -> None:
        self.zoho.script.setdefault(name, []).append(ASKED[n])

    @rule(n=st.sampled_from(RECORDS))
    def sync_gives_the_external_id_to_a_new_record(self, n: str) -> None:
        if self.zoho.external[f"E-{n}"][0] not in self.zoho.records:
            self.new += 1
            self.zoho.records[str(self.new)] = None
            self.zoho.external[f"E-{n}"] = [str(self.new)]

    @rule(n=st.sampled_from(RECORDS), locked=st.booleans())
    def lock(self, n: str, locked: bool) -> None:
        self.zoho.locked = self.zoho.locked | {n} if locked else self.zoho.locked - {n}

    @rule(there=st.booleans())
    def secret_comes_and_goes(self, there: bool) -> None:
        self.secret = there

    # --- workers -----------------------------------------------------------------------------------------

    @rule(die=st.sampled_from(["", "", "", "before", "after", "publish"]), seconds=st.integers(0, 40))
    def work(self, die: str, seconds: int) -> None:
        self.ledger.die = die if die != "publish" else ""
        self.topic.die = die == "publish"
        for one in self.ledger.due(self.world.now, 9):
            try:
                self.world.step(one)
            except Died:
                self.ledger.leases.clear()
        self.ledger.die, self.topic.die = "", False
        self.world.now += seconds

    def teardown(self) -> None:
        self.secret, self.topic.late = True, None
        self.ledger.pauses, self.zoho.script, self.zoho.locked = {}, {}, set()
        self.world.now += self.world.deps.lease_seconds  # of a worker that died last
        self.world.settle()
        for one in self.asked:
            self._ended(one)
        meant = {record for known in self.ledger.resolved.values() for record in known.values()}
        newcomers = {one for one in self.zoho.removed if 100 < int(one) < 1000}
        assert newcomers <= meant, "a record was deleted that no external id meant first"

    def _ended(self, one: str) -> None:
        row = self.ledger.rows[one]
        assert row.deletion.is_final
        assert not row.due
        counts = row.deletion.counts
        if row.deletion.request.dry_run:
            assert row.deletion.status in {Status.COMPLETED, Status.FAILED, Status.REFUSED, Status.CANCELLED}
            return
        assert (
            row.deletion.status is not Status.COMPLETED or not counts.unknown + counts.pending + counts.failed
        )
        resolved_by_a_person = any(entry.by.startswith("arn:") for entry in row.entries)
        if not resolved_by_a_person:
            self._claims_are_true(one)

    def _claims_are_true(self, one: str) -> None:
        """What is said to be gone is gone."""
        row = self.ledger.rows[one]
        delinks = row.deletion.request.operation == "delink_records"
        there = self.zoho.links if delinks else self.zoho.records
        for chunk in row.chunks.values():
            for position in chunk.at(Mark.DELETED, Mark.ABSENT):
                record = chunk.records.get(position, chunk.ids[position])
                assert record not in there or record.startswith("E-")
