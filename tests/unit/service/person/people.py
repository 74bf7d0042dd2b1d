"""An org with Anna in it, and others who share parts of her values; erasures in it."""

from __future__ import annotations

from dataclasses import replace
from secrets import token_bytes
from typing import Any

from chalicelib.domain.callers import Caller
from chalicelib.domain.commands import Given
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import document
from chalicelib.domain.operators import Hold
from chalicelib.domain.outcomes import Mark, outcome_name
from chalicelib.domain.request import Limits
from chalicelib.domain.zoho.metadata import FieldInfo
from chalicelib.service.intake.accept import Acceptance
from chalicelib.service.operators import commands
from chalicelib.service.operators.commands import Operators
from tests.fake_ledger import FakeLedger
from tests.fake_phones import FewPhones
from tests.unit.service.world import World

EMAIL, PHONE = FieldInfo("Email", "email"), FieldInfo("Phone", "phone")
ANNA = {"emails": ["anna@example.com"], "phones": ["+43 660 1234567"], "records": []}
EMAIL_ONLY = {"emails": ["anna@example.com"], "phones": [], "records": []}
CONTACT, LEAD, DEAL, CASE, ACCOUNT, GUEST = "101", "201", "301", "401", "501", "601"
CAMPAIGN, EVENT = "701", "801"
#: Records of others, which nothing may touch.
OTHERS = {"Contacts": "102", "Leads": "202", "Deals": "302", "Guests": "602"}


def org(world: World) -> None:
    """Anna in five modules, under several spellings; Joanna, whose values hold Anna's, beside her."""
    zoho = world.zoho
    lists = ("Notes", "Attachments", "Deals", "Campaigns", "Events")
    photo = FieldInfo("Record_Image", "profileimage")
    zoho.add_module(
        "Contacts", EMAIL, PHONE, photo, FieldInfo("Reporting_To", "lookup", ("Contacts",)), lists=lists
    )
    zoho.add_module("Leads", EMAIL, PHONE, lists=("Notes", "Campaigns"))
    zoho.add_module("Deals", FieldInfo("Contact_Name", "lookup", ("Contacts",)))
    zoho.add_module("Cases", EMAIL, FieldInfo("Subject", "text"), lists=("Notes", "Attachments"))
    zoho.add_module("Accounts", PHONE)
    zoho.add_module("Guests", FieldInfo("Mail", "email"), kind="custom")
    zoho.add_module("Campaigns", FieldInfo("Campaign_Name", "text"))
    zoho.add_module("Events", FieldInfo("Event_Title", "text"))
    zoho.add_person("Contacts", CONTACT, Email="Anna@Example.com", Phone="+43 660 1234567")
    zoho.add_person("Contacts", OTHERS["Contacts"], Email="joanna@example.com", Phone="+43 660 12345678")
    zoho.add_person("Leads", LEAD, Email=" anna@example.com", Phone="0660/1234567")
    zoho.add_person("Leads", OTHERS["Leads"], Email="anna@example.com.au", Phone=None)
    zoho.add_person("Deals", DEAL, Contact_Name={"id": CONTACT}, Amount=7)
    zoho.add_person("Deals", OTHERS["Deals"], Contact_Name={"id": OTHERS["Contacts"]}, Amount=8)
    zoho.add_person("Cases", CASE, Email="anna@example.com", Subject="late")
    zoho.add_person("Accounts", ACCOUNT, Phone="+436601234567")
    zoho.add_person("Guests", GUEST, Mail="ANNA@example.com")
    zoho.add_person("Guests", OTHERS["Guests"], Mail="ben@example.com")
    zoho.add_person("Campaigns", CAMPAIGN)
    other = {"participant": OTHERS["Contacts"]}
    zoho.add_person("Events", EVENT, Participants=[{"participant": CONTACT}, other])
    zoho.belongs["Contacts", CONTACT, "Notes"] = ["901", "902"]
    zoho.belongs["Contacts", CONTACT, "Deals"] = [DEAL]
    zoho.belongs["Contacts", CONTACT, "Events"] = [EVENT]


class People(World):
    """A world with Anna's org."""

    def __init__(self, ledger: FakeLedger | None = None) -> None:
        super().__init__(ledger=ledger)
        self.deps = replace(self.deps, phones=FewPhones())
        self.limits = Limits(max_records=500)
        org(self)

    def erase(self, identity: Any = ANNA, *, approval: bool = True, **request: Any) -> str:
        """An erasure that was accepted."""
        limits = replace(request.pop("limits", self.limits), erase_person_approval=approval)
        one = self.accept("erase_person", module="*", identity=identity, limits=limits, **request)
        row = self.ledger.rows[one]
        row.deletion = replace(row.deletion, seed="5eed" * 8)
        return one

    def until_asked(self, one: str) -> None:
        """Go on until it waits for its approval."""
        for _ in range(60):
            self.step(one)
            row = self.ledger.rows[one]
            if row.deletion.status == "awaiting_approval" and row.next_at > self.now:
                return
            self.now = max(self.now, row.next_at)
        raise AssertionError("nobody was asked")

    def approve(self, one: str, *shared: str, map_hash: str = "") -> Deletion:
        """An operator approves the map as it stands."""
        approval = self.get(one).approval
        assert approval is not None
        given = Given(approval.count, map_hash or approval.map_hash, tuple(shared))
        return commands.approve(self.operators(), one, given, self.ann())

    def operators(self) -> Operators:
        """What operators work with."""
        acceptance = Acceptance(self.ledger, self.nudges, token_bytes, "test", 400)
        return Operators(self.ledger, self.nudges, acceptance)

    def ann(self) -> Caller:
        """An operator."""
        return Caller("arn:aws:iam::1:user/ann", self.now)

    def protect(self, module: str, record_id: str) -> None:
        """A hold on a record."""
        self.ledger.set_hold(Hold("default", module, record_id, "audit", "ann", self.now, None))

    def outcomes(self, one: str) -> dict[str, str]:
        """Outcomes by entry, with their codes."""
        chunk = self.ledger.chunk(one, 0)
        return {
            entry: " ".join(filter(None, (outcome_name(Mark(mark)), chunk.codes.get(n, ("", ""))[0])))
            for n, (entry, mark) in enumerate(zip(chunk.ids, chunk.marks, strict=True))
        }

    def shown(self, one: str) -> dict[str, Any]:
        """The status document."""
        return document(self.get(one))

    def changed(self) -> list[str]:
        """The calls that change Zoho, by name."""
        changing = {
            "delete_records",
            "update",
            "delink",
            "delete_attachment",
            "delete_photo",
            "mass_delete_ids",
        }
        return [name for name, _ in self.zoho.log if name in changing]

    def others_untouched(self) -> bool:
        """Are all records of others there, as they were?"""
        fresh = World()
        org(fresh)
        return all(
            one in self.zoho.records
            and self.zoho.people[module].values[one] == fresh.zoho.people[module].values[one]
            for module, one in OTHERS.items()
        )
