"""Random orgs with persons in them, values of others that hold theirs, fields that are withheld, answers that
are lost: nothing of another person is ever deleted or changed, what is said to be gone is gone, and what is
still there is named.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.document import document
from chalicelib.domain.outcomes import Mark, outcome_name
from chalicelib.domain.request import Limits
from chalicelib.domain.zoho.metadata import FieldInfo
from chalicelib.domain.zoho.reply import Reply
from tests.fake_phones import FewPhones
from tests.fake_zoho import LOST, REFUSED, error, lose
from tests.unit.service.world import World

EMAIL, PHONE = "anna@example.com", "+436601234567"
IDENTITY: dict[str, Any] = {"emails": [EMAIL], "phones": [PHONE], "records": []}
MODULES = ("Contacts", "Leads", "Cases", "Accounts", "Custom_A", "Custom_B")
#: Modules whose records the default person map deletes.
DELETED = {"Contacts", "Leads", "Custom_A", "Custom_B"}
HERS = ("anna@example.com", "Anna@Example.COM", " anna@example.com ")
NOT_HERS = (
    "joanna@example.com",
    "anna@example.com.au",
    "hanna.anna@example.com",
    "anna@example.co",
    "",
    None,
)
NUMBERS = ("+43 660 1234567", "+43 (660) 123-4567", "+43 660 12345678", "+43 660 7654321", None)
FIELDS = ("Email", "Second_Email", "Phone")
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
    emails = [each.strip().casefold() for each in (person.email, person.second) if each]
    number = FewPhones().e164(person.phone, None) if person.phone else ""
    return EMAIL in emails or number == PHONE


class Org(World):
    """A world with these people. Each lead to one deal, and Anna's and others' share an event."""

    def __init__(self, listed: list[Person], veiled: dict[str, str]) -> None:
        super().__init__()
        self.deps = replace(self.deps, phones=FewPhones())
        for name in MODULES:
            self.zoho.add_module(name, *_fields(veiled.get(name, "")), **_info(name, veiled.get(name, "")))
        self.zoho.add_module("Deals", FieldInfo("Contact_Name", "lookup", ("Contacts",)))
        self.people = {str(1000 + n): person for n, person in enumerate(listed)}
        for one, person in self.people.items():
            self.zoho.add_person(
                person.module, one, Email=person.email, Second_Email=person.second, Phone=person.phone
            )
            if person.module == "Contacts":
                self.zoho.add_person("Deals", f"9{one}", Contact_Name={"id": one}, Amount=5)
        self.before = copy.deepcopy({name: m.values for name, m in self.zoho.people.items()})

    def erase(self) -> dict[str, Any]:
        """Erase Anna without an approval; the status document of the end."""
        limits = Limits(max_records=500, erase_person_approval=False)
        self.one = self.accept("erase_person", module="*", identity=IDENTITY, limits=limits)
        row = self.ledger.rows[self.one]
        row.deletion = replace(row.deletion, seed="5eed" * 8)
        self.settle(3000)
        return document(self.get(self.one))

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
        for name in FIELDS
    ]


def _info(name: str, veil: str) -> dict[str, Any]:
    kind = "custom" if name.startswith("Custom") else "default"
    return {"kind": kind, "searched": veil != "unsearched", "served": veil != "unserved"}


@settings(max_examples=120)
@given(st.lists(people, max_size=9), veils, troubles)
def test_nobody_else_is_touched_and_what_is_said_is_so(
    listed: list[Person], veiled: dict[str, str], trouble: list[tuple[str, int, Any]]
) -> None:
    org = Org(listed, veiled)
    for call, behind, answer in trouble:
        planned = org.zoho.script.setdefault(call, [])
        planned += [lambda work: work()] * behind + [answer]
    shown = org.erase()
    outcomes = org.outcomes()
    reach = {each["module"] for each in (shown["plan"] or {}).get("out_of_reach", ())}
    for one, person in org.people.items():
        there, values = org.zoho.there(one), org.zoho.people[person.module].values[one]
        if not hers(person):
            assert there, (person, shown)
            assert values == org.before[person.module][one]
        elif outcomes.get(one) in ("deleted", "already_absent"):
            assert not there, (person, shown)
        elif shown["status"] == "completed" and person.module in DELETED and one not in outcomes:
            assert person.module in reach, (person, shown)
        if there and one in outcomes and outcomes[one] in ("failed", "unknown"):
            assert shown["status"] != "completed"
    _deals(org, outcomes)


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


def test_the_property_meets_erasures_that_delete() -> None:
    org = Org([Person("Contacts", *HERS[:2], NUMBERS[0]), Person("Leads", NOT_HERS[0], None, None)], {})
    shown = org.erase()
    assert (shown["status"], org.outcomes()["1000"], org.zoho.there("1001")) == ("completed", "deleted", True)
