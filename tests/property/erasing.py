"""Erasures under anything: answers, commands, holds, pauses, deaths, people who change records meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from chalicelib.domain.callers import Caller
from chalicelib.domain.commands import Given, Outcome
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import WrongState
from chalicelib.domain.operators import Hold
from chalicelib.domain.outcomes import Mark
from chalicelib.domain.request import Limits
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.metadata import FieldInfo
from chalicelib.domain.zoho.reply import Item, Reply
from chalicelib.service.operators import commands
from tests.fake_phones import FewPhones
from tests.fake_zoho import LOST, REFUSED, error, lose
from tests.property.by_ids import Died, Dying, Watched
from tests.property.oracle import HERS, NOT_HERS, NUMBERS, Oracle
from tests.unit.service.operators.test_commands import ann, operators
from tests.unit.service.world import World

CONTACTS, LEADS, CASES, ACCOUNT = ("101", "102", "103"), ("201", "202", "203"), ("401", "402"), "501"
DEALS = ("301", "302")
PEOPLE = [("Contacts", i) for i in CONTACTS] + [("Leads", i) for i in LEADS] + [("Cases", i) for i in CASES]
RULES: list[dict[str, dict[str, Any]]] = [
    {"Contacts": {"action": "delete"}, "Leads": {"action": "delete"}},
    {
        "Contacts": {"action": "delete"},
        "Leads": {"action": "delete", "match": ["Phone"]},
        "Cases": {"action": "clear", "clear": ["Email", "Subject", "Notes", "Attachments"]},
    },
    {
        "Contacts": {"action": "delete"},
        "Leads": {"action": "unlink"},
        "Cases": {"action": "unlink", "clear": ["Subject", "Notes"]},
        "Deals": {"action": "keep", "keep_reason": "books"},
    },
]
IDENTITIES: list[dict[str, Any]] = [
    {"emails": ["anna@example.com"], "phones": [], "records": []},
    {"emails": ["anna@example.com"], "phones": ["+43 660 1234567"], "records": []},
    {"emails": [], "phones": [], "records": [{"module": "Contacts", "id": "102"}]},
]
CALLS = ("modules", "fields", "search", "select", "read_values", "read_record", "related", "related_counts")
CHANGES = ("update", "delink", "delete_records", "delete_attachment")
ANSWERS: list[Any] = [LOST, lose, REFUSED, error("TOO_MANY_REQUESTS", 429), error("INTERNAL_ERROR", 500)]
ANSWERS += [error("NO_PERMISSION", 403), Reply(200, body=None)]


class Erasing(RuleBasedStateMachine):
    """What the service may not do the oracle says at each call; all of it ends once it is quiet, truly."""

    @initialize(rules=st.sampled_from(RULES), listed=st.data(), most=st.sampled_from([2, 5]))
    def begin(self, rules: dict[str, dict[str, Any]], listed: st.DataObject, most: int) -> None:
        self.ledger = Watched()
        self.world = World(ledger=self.ledger)
        world, self.topic = self.world, Dying()
        zoho = self.zoho = Oracle(lambda: world.now)
        zoho.ledger, zoho.rules = self.ledger, rules | {"Accounts": {"action": "keep"}}
        zoho.tick = self._a_call_takes_time
        world.zoho = zoho
        world.deps = replace(
            world.deps, topic=self.topic, phones=FewPhones(), zoho=lambda org, deadline: self.zoho
        )
        told = {**rules, "Accounts": {"action": "keep", "keep_reason": "company record"}}
        self.ledger.person_maps["default"] = {"region": None, "max_shared": most, "modules": told}
        self.asked: list[str] = []
        self.operators = operators(self.world)  # one, as the ids that it makes count on
        self._org(listed)
        refused = listed.draw(st.lists(st.sampled_from(CHANGES), max_size=2, unique=True))
        zoho.script = {name: [error("NO_PERMISSION", 403)] for name in refused}

    def _a_call_takes_time(self) -> None:
        """So that a slice ends in the midst of an erasure, and people act between two of them."""
        self.world.now += CALL_SECONDS

    def _org(self, listed: st.DataObject) -> None:
        zoho = self.zoho
        email, phone = FieldInfo("Email", "email"), FieldInfo("Phone", "phone")
        zoho.add_module("Contacts", email, phone, lists=("Notes", "Deals", "Campaigns", "Events"))
        zoho.add_module("Leads", email, phone)
        zoho.add_module("Cases", email, FieldInfo("Subject", "text"))
        zoho.add_module("Accounts", phone)
        zoho.add_module("Deals", FieldInfo("Contact_Name", "lookup", ("Contacts",)))
        zoho.add_module("Campaigns", FieldInfo("Campaign_Name", "text"))
        zoho.add_module("Events", FieldInfo("Event_Title", "text"))
        whose = listed.draw(st.lists(st.booleans(), min_size=len(PEOPLE), max_size=len(PEOPLE)))
        for (module, one), hers in zip(PEOPLE, whose, strict=True):
            values = {"Email": HERS[int(one) % 3] if hers else NOT_HERS[int(one) % 6]}
            values |= {"Subject": "late"} if module == "Cases" else {"Phone": NUMBERS[int(one) % 5]}
            zoho.add_person(module, one, **values)
            note = f"9{one}"
            zoho.records[note], zoho.along[note] = None, one
            zoho.belongs[module, one, "Notes"], zoho.belongs[module, one, "Attachments"] = [note], [f"8{one}"]
        zoho.add_person("Accounts", ACCOUNT, Phone="+43 660 1234567")
        zoho.add_person("Campaigns", "701", Campaign_Name="spring")
        zoho.add_person("Events", "801", Participants=[{"participant": one} for one in CONTACTS])
        zoho.belongs["Campaigns", "701", "Contacts"] = list(CONTACTS)
        for deal, contact in zip(DEALS, CONTACTS, strict=False):
            zoho.add_person("Deals", deal, Contact_Name={"id": contact}, Amount=7)
            zoho.belongs["Deals", deal, "Contact_Roles"] = list(CONTACTS)
        for contact in CONTACTS:
            zoho.belongs["Contacts", contact, "Deals"] = list(DEALS)
            zoho.belongs["Contacts", contact, "Campaigns"] = ["701"]
            zoho.belongs["Contacts", contact, "Events"] = ["801"]

    # --- who asks, and operators ----------------------------------------------------------------------

    @precondition(lambda self: len(self.asked) < 2)
    @rule(
        identity=st.sampled_from(IDENTITIES),
        approval=st.booleans(),
        dry=st.sampled_from([False, False, False, True]),
    )
    def ask(self, identity: dict[str, Any], approval: bool, dry: bool) -> None:
        limits = Limits(max_records=500, erase_person_approval=approval)
        one = self.world.accept("erase_person", module="*", identity=identity, limits=limits, dry_run=dry)
        row = self.ledger.rows[one]
        row.deletion = replace(row.deletion, seed="5eed" * 8)
        self.zoho.identities[one] = identity
        self.asked.append(one)

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 9), meant=st.booleans(), stale=st.sampled_from([False, False, True]))
    def approve(self, which: int, meant: bool, stale: bool) -> None:
        one = self.asked[which % len(self.asked)]
        deletion = self.world.get(one)
        waits = deletion.status is Status.AWAITING_APPROVAL and deletion.approval is not None
        if not waits or deletion.approval is None or deletion.approval.approved_at is not None:
            return
        named: Any = deletion.erasure.get("shared", ()) if meant else ()
        shared = tuple(str(each["value"]) for each in named)
        map_hash = "0" * 64 if stale else deletion.approval.map_hash
        bob = Caller("arn:aws:iam::1:user/bob", self.world.now)
        given = Given(deletion.approval.count, map_hash, shared)
        self._operate(lambda: commands.approve(self.operators, one, given, bob))

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 9), what=st.sampled_from(["cancel", "done", "not_done"]))
    def operate(self, which: int, what: str) -> None:
        one = self.asked[which % len(self.asked)]
        if what == "cancel":
            self._operate(lambda: commands.cancel(self.operators, one, ann(self.world)))
        else:
            outcome = Outcome(what)
            self._operate(lambda: commands.resolve(self.operators, one, outcome, "looked", ann(self.world)))

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 9))
    def retry(self, which: int) -> None:
        one = self.asked[which % len(self.asked)]
        with suppress(WrongState):
            new = commands.retry(self.operators, one, ann(self.world)).deletion_id
            if new not in self.asked:
                self.zoho.identities[new] = self.zoho.identities[one]
                self.asked.append(new)

    @staticmethod
    def _operate(command: Callable[[], Deletion]) -> None:
        with suppress(WrongState):
            command()

    @rule(record=st.sampled_from([*PEOPLE, ("Deals", "301")]), held=st.booleans())
    def hold(self, record: tuple[str, str], held: bool) -> None:
        if held:
            self.ledger.set_hold(Hold("default", *record, "audit", "ann", self.world.now, None))
        else:
            self.ledger.remove_hold("default", *record)

    @rule(record=st.sampled_from(PEOPLE), late=st.sampled_from(["hold", "pause"]))
    def hold_or_pause_while_an_event_leaves(self, record: tuple[str, str], late: str) -> None:
        def act() -> None:
            if late == "hold":
                self.ledger.set_hold(Hold("default", *record, "audit", "ann", self.world.now, None))
            else:
                self.ledger.pauses["*"] = "stop"

        self.topic.late = act

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        self.ledger.pauses = {"*": "stop"} if paused else {}

    # --- people in Zoho, and Zoho ------------------------------------------------------------------------

    @rule(record=st.sampled_from(PEOPLE), value=st.sampled_from([*HERS, *NOT_HERS]))
    def somebody_edits(self, record: tuple[str, str], value: str | None) -> None:
        module, one = record
        self.zoho.people[module].values[one]["Email"] = value

    @rule(deal=st.sampled_from(DEALS), contact=st.sampled_from(CONTACTS))
    def a_deal_goes_to_another_contact(self, deal: str, contact: str) -> None:
        self.zoho.people["Deals"].values[deal]["Contact_Name"] = {"id": contact}

    @rule(record=st.sampled_from(PEOPLE))
    def somebody_deletes(self, record: tuple[str, str]) -> None:
        if record[1] in self.zoho.records:
            self.zoho.to_bin(record[1], self.world.now)

    @rule(one=st.sampled_from(LEADS), locked=st.booleans())
    def lock(self, one: str, locked: bool) -> None:
        self.zoho.locked = self.zoho.locked | {one} if locked else self.zoho.locked - {one}

    @rule(name=st.sampled_from([*CALLS, *CHANGES, *CHANGES]), n=st.integers(0, 9), behind=st.integers(0, 3))
    def answer(self, name: str, n: int, behind: int) -> None:
        planned = self.zoho.script.setdefault(name, [])
        planned += [lambda work: work()] * behind + [ANSWERS[n % len(ANSWERS)]]

    @rule(one=st.sampled_from([*LEADS, *CONTACTS]))
    def a_record_is_locked_for_one_call(self, one: str) -> None:
        said = Reply(400, items=(Item("RECORD_LOCKED", "locked", id=one),), body={"data": []})
        self.zoho.script.setdefault("update", []).append(said)

    # --- workers -----------------------------------------------------------------------------------------

    @rule(
        die=st.sampled_from(["", "", "", "before", "after", "publish"]), seconds=st.sampled_from([1, 7, 61])
    )
    def work(self, die: str, seconds: int) -> None:
        self.ledger.die = die if die != "publish" else ""
        self.topic.die = die == "publish"
        self._step()
        self.ledger.die, self.topic.die = "", False
        self.world.now += seconds

    @rule(turns=st.integers(2, 12))
    def time_passes(self, turns: int) -> None:
        for _ in range(turns):
            self._step()
            waiting = [row.next_at for row in self.ledger.rows.values() if row.due]
            self.world.now = max(self.world.now, min(waiting, default=self.world.now))

    def _step(self) -> None:
        for one in self.ledger.due(self.world.now, 9):
            self.zoho.working = one
            try:
                self.world.step(one)
            except Died:
                self.ledger.leases.clear()

    # --- the end -----------------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "asked"):
            return
        self.topic.late = None
        self.ledger.pauses = {}
        self.world.now += self.world.deps.lease_seconds
        self._quiet()
        self.zoho.script, self.zoho.locked = {}, set()  # what failed may be tried again then
        for number in range(len(self.asked)):
            self.retry(number)
        self._quiet()
        for one in self.asked:
            self._ended(one)
        assert len(self.zoho.log) <= MOST_CALLS * (len(self.asked) + 1), len(self.zoho.log)

    def _quiet(self) -> None:
        """Until nothing is due any more; what waits is approved, of the first erasure with shared values."""
        for _ in range(3000):
            for number in range(len(self.asked)):
                self.approve(number, meant=number == 0, stale=False)
            self._step()
            waiting = [row.next_at for row in self.ledger.rows.values() if row.due]
            if not waiting:
                return
            self.world.now = max(self.world.now, min(waiting))

    def _ended(self, one: str) -> None:
        row = self.ledger.rows[one]
        deletion = row.deletion
        assert deletion.is_final
        assert not row.due
        assert deletion.request.identity is None
        text = f"{row}{self.topic.events}{self.world.reports}".lower()
        assert "anna@" not in text
        assert "1234567" not in text
        counts = deletion.counts
        if deletion.status is Status.COMPLETED:
            assert not counts.unknown + counts.pending + counts.failed + counts.held
        resolved = any(entry.by.startswith("arn:") and "resolve" in str(entry) for entry in row.entries)
        if not resolved:
            for chunk in row.chunks.values():
                for position in chunk.at(Mark.DELETED, Mark.ABSENT):
                    assert chunk.ids[position].partition("/")[2] not in self.zoho.records


#: Of a call to Zoho: a slice has time for some ten of them.
CALL_SECONDS = 2.0
#: Calls of one erasure at most: four searches, the reading of what belongs to records, what is done, and what
#: the answers of a sequence make it ask again.
MOST_CALLS = 400
