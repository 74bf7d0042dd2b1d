"""Random orgs with persons in them, values of others that hold theirs, fields that are withheld, answers that
are lost: nothing of another person is ever deleted or changed, what is said to be gone is gone, and what is
still there is named.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.commands import Given
from chalicelib.domain.document import document
from chalicelib.domain.outcomes import Mark, outcome_name
from chalicelib.domain.request import Limits
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.metadata import FieldInfo
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.operators import commands
from tests.fake_phones import FewPhones
from tests.fake_zoho import LOST, REFUSED, error, lose
from tests.property.oracle import EMAIL, HERS, NOT_HERS, NUMBERS, PERSONAL, PHONE, Oracle, is_hers
from tests.unit.service.operators.test_commands import ann, operators
from tests.unit.service.world import World

IDENTITY: dict[str, Any] = {"emails": [EMAIL], "phones": [PHONE], "records": []}
MODULES = ("Contacts", "Leads", "Cases", "Accounts", "Custom_A", "Custom_B")
#: Modules whose records the default person map deletes.
DELETED = {"Contacts", "Leads", "Custom_A", "Custom_B"}
RULES = {name: {"action": "delete"} for name in sorted(DELETED)} | {
    "Cases": {"action": "unlink"},
    "Accounts": {"action": "keep", "keep_reason": "company record"},
}
ANSWERS = (LOST, REFUSED, error("TOO_MANY_REQUESTS", 429), error("INTERNAL_ERROR", 500), Reply(502), lose)
CALLS = (
    "modules", "fields", "search", "select", "read_values", "read_record", "related_lists", "related",
    "related_counts", "update", "delink", "delete_records", "read", "deleted_since",
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """A record: whose it is shows in its values alone."""

    module: str
    email: str | None
    second: str | None
    phone: str | None


people = st.builds(
    Person,
    st.sampled_from(MODULES),
    st.sampled_from(HERS + NOT_HERS * 2),
    st.sampled_from((None, None, *HERS, *NOT_HERS)),
    st.sampled_from((None, *NUMBERS)),
)
#: What of a module is in the way: a field that is withheld or encrypted, no search, no API.
veils = st.dictionaries(
    st.sampled_from(MODULES),
    st.sampled_from(
        ["restricted Email", "encrypted Second_Email", "restricted Phone", "unsearched", "unserved"]
    ),
    max_size=3,
)
troubles = st.lists(
    st.tuples(st.sampled_from(CALLS), st.integers(0, 6), st.sampled_from(ANSWERS)), max_size=6
)


def hers(person: Person) -> bool:
    """Is it Anna's, by whole values?"""
    return bool(held(person))


def held(person: Person) -> set[str]:
    """Which values of Anna's it holds."""
    named = {"Email": person.email, "Second_Email": person.second, "Phone": person.phone}
    return {PHONE if name == "Phone" else EMAIL for name, value in named.items() if is_hers(name, value)}


class Org(World):
    """A world with these people. A deal leads to each contact; all contacts take part in an event; everybody
    has a note. Its Zoho looks at each call that changes it.
    """

    def __init__(self, listed: list[Person], veiled: dict[str, str], most: int = 5) -> None:
        super().__init__()
        self.most, self.veiled = most, veiled
        zoho = Oracle(lambda: self.now, 10)
        zoho.ledger, zoho.rules, self.zoho = self.ledger, RULES, zoho
        self.deps = replace(self.deps, phones=FewPhones(), zoho=lambda org, deadline: zoho)
        told = {"region": None, "max_shared": most, "modules": RULES}
        self.ledger.person_maps["default"] = told
        for name in MODULES:
            lists = ("Notes", "Events") if name == "Contacts" else ("Notes",)
            fields, info = _fields(veiled.get(name, "")), _info(name, veiled.get(name, ""))
            zoho.add_module(name, *fields, lists=lists, **info)
        zoho.add_module("Deals", FieldInfo("Contact_Name", "lookup", ("Contacts",)))
        zoho.add_module("Events", FieldInfo("Event_Title", "text"))
        self.people = {str(1000 + n): person for n, person in enumerate(listed)}
        for one, person in self.people.items():
            zoho.add_person(
                person.module, one, Email=person.email, Second_Email=person.second, Phone=person.phone
            )
            zoho.records[f"7{one}"], zoho.along[f"7{one}"] = None, one
            zoho.belongs[person.module, one, "Notes"] = [f"7{one}"]
            if person.module == "Contacts":
                zoho.add_person("Deals", f"9{one}", Contact_Name={"id": one}, Amount=5)
                zoho.belongs["Contacts", one, "Events"] = ["8000"]
        guests = [{"participant": i} for i, person in self.people.items() if person.module == "Contacts"]
        zoho.add_person("Events", "8000", Participants=guests)
        self.before = copy.deepcopy({name: m.values for name, m in zoho.people.items()})

    def erase(self) -> dict[str, Any]:
        """Erase Anna, and where a shared value waits for an approval, approve without meaning it; the status
        document of the end.
        """
        limits = Limits(max_records=500, erase_person_approval=False)
        self.one = self.accept("erase_person", module="*", identity=IDENTITY, limits=limits)
        zoho = cast("Oracle", self.zoho)
        zoho.working, zoho.identities[self.one] = self.one, IDENTITY
        row = self.ledger.rows[self.one]
        row.deletion = replace(row.deletion, seed="5eed" * 8)
        for _ in range(3000):
            if not row.due:
                return document(self.get(self.one))
            approval = row.deletion.approval
            if row.deletion.status is Status.AWAITING_APPROVAL and approval and not approval.approved_at:
                given = Given(approval.count, approval.map_hash)
                commands.approve(operators(self), self.one, given, ann(self))
            self.now = max(self.now, row.next_at)
            self.step(self.one)
        raise AssertionError("still not at rest")

    def shared(self) -> set[str]:
        """The values that more records have than one person's, as far as nothing veils them."""
        plain = [each for each in self.people.values() if each.module not in self.veiled]
        counts = Counter(value for each in plain for value in held(each))
        return {value for value, number in counts.items() if number > self.most}

    def outcomes(self) -> dict[str, str]:
        """Outcomes by record id."""
        if not self.get(self.one).chunks:
            return {}
        chunk = self.ledger.chunk(self.one, 0)
        pairs = zip(chunk.ids, chunk.marks, strict=True)
        return {entry.partition("/")[2]: outcome_name(Mark(mark)) for entry, mark in pairs}


def _fields(veil: str) -> list[FieldInfo]:
    kinds = {"Email": "email", "Second_Email": "email", "Phone": "phone"}
    how, _, field = veil.partition(" ")
    return [
        FieldInfo(
            name,
            kinds[name],
            restricted=how == "restricted" and field == name,
            encrypted=how == "encrypted" and field == name,
        )
        for name in PERSONAL
    ]


def _info(name: str, veil: str) -> dict[str, Any]:
    kind = "custom" if name.startswith("Custom") else "default"
    return {"kind": kind, "searched": veil != "unsearched", "served": veil != "unserved"}


@settings(max_examples=120)
@given(st.lists(people, max_size=9), veils, troubles, st.sampled_from([1, 2, 5]))
def test_nobody_else_is_touched_and_what_is_said_is_so(
    listed: list[Person], veiled: dict[str, str], trouble: list[tuple[str, int, Any]], most: int
) -> None:
    org = Org(listed, veiled, most)
    for call, behind, answer in trouble:
        planned = org.zoho.script.setdefault(call, [])
        planned += [lambda work: work()] * behind + [answer]
    shown = org.erase()
    outcomes = org.outcomes()
    reach = {each["module"] for each in (shown["plan"] or {}).get("out_of_reach", ())}
    shared = org.shared()
    for one, person in org.people.items():
        there, values = org.zoho.there(one), org.zoho.people[person.module].values[one]
        # Whom only a value marks that others share may be somebody else: nobody has said that it is meant.
        if not held(person) - shared or person.module == "Accounts":
            assert there, (person, shown)
            assert org.zoho.there(f"7{one}"), "a note of somebody else"
            assert values == org.before[person.module][one]
        elif outcomes.get(one) in ("deleted", "already_absent"):
            assert not there, (person, shown)
        elif shown["status"] == "completed" and person.module in DELETED and one not in outcomes:
            assert person.module in reach, (person, shown)
        elif shown["status"] == "completed" and person.module in DELETED and there:
            assert outcomes[one] == "kept", (person, shown)
        if there and one in outcomes and outcomes[one] in ("failed", "unknown"):
            assert shown["status"] != "completed"
    _deals(org, outcomes)
    _event(org)


def _deals(org: Org, outcomes: dict[str, str]) -> None:
    """No deal goes, and each keeps the contact that stays."""
    for deal, values in org.before["Deals"].items():
        contact = values["Contact_Name"]["id"]
        assert org.zoho.there(deal)
        now = org.zoho.people["Deals"].values[deal]
        assert now["Amount"] == 5
        if not hers(org.people[contact]):
            assert now == values
        elif outcomes.get(deal) == "unlinked":
            assert now["Contact_Name"] is None


def _event(org: Org) -> None:
    """The event stays, and everybody else takes part in it as before."""
    assert org.zoho.there("8000")
    left = [each["participant"] for each in org.zoho.people["Events"].values["8000"]["Participants"]]
    before = [each["participant"] for each in org.before["Events"]["8000"]["Participants"]]
    shared = org.shared()
    assert [one for one in before if one in left] == left
    assert {one for one in before if not held(org.people[one]) - shared} <= set(left)


def test_the_property_meets_erasures_that_delete() -> None:
    org = Org([Person("Contacts", *HERS[:2], NUMBERS[0]), Person("Leads", NOT_HERS[0], None, None)], {})
    shown = org.erase()
    assert (shown["status"], org.outcomes()["1000"], org.zoho.there("1001")) == ("completed", "deleted", True)


def test_the_property_meets_records_of_two_modules() -> None:
    org = Org([Person(module, HERS[0], None, None) for module in ("Contacts", "Leads", "Custom_A")], {})
    shown = org.erase()
    assert (shown["status"], shown["counts"]["deleted"]) == ("completed", 3)


def test_the_property_meets_values_that_are_shared() -> None:
    many = [Person("Leads", HERS[0], None, None)] * 2
    org = Org([*many, Person("Contacts", HERS[0], None, NUMBERS[0])], {}, most=2)
    shown = org.erase()
    assert shown["plan"]["shared"] == [{"value": "/identity/emails/0", "shared_with": 3}]
    assert org.outcomes() == {
        "1000": "kept", "1001": "kept", "1002": "deleted", "91002": "unlinked", "8000": "unlinked",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("module", "one", "call"),
    [
        ("Contacts", "1001", "delete_records"),
        ("Contacts", "1001", "update"),
        ("Leads", "1000", "delete_records"),
        ("Deals", "91001", "update"),
    ],
)
def test_the_oracle_refuses_what_is_somebody_elses(module: str, one: str, call: str) -> None:
    org = Org([Person("Contacts", HERS[0], None, None), Person("Contacts", NOT_HERS[0], None, None)], {})
    org.erase()
    zoho = cast("Oracle", org.zoho)
    emptied = {"Contact_Name" if module == "Deals" else "Email": None}
    calls = {
        "update": lambda: zoho.update(module, one, emptied),
        "delete_records": lambda: zoho.delete_records(module, [one], False),
    }
    with pytest.raises(AssertionError):
        calls[call]()
