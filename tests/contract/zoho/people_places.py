"""Two orgs with the same people in them, behind the same port: the fake one and the simulator's."""

from __future__ import annotations

from typing import Any, Protocol

import requests

import simulator
from chalicelib.domain.zoho.metadata import FieldInfo
from chalicelib.service.zoho_port import Zoho
from tests.contract.zoho.kit import Bench
from tests.fake_zoho import FakeZoho

Values = dict[str, Any]
#: Fields by module; of these the simulator knows Zoho's own by itself.
FIELDS: dict[str, tuple[FieldInfo, ...]] = {
    "Leads": (
        FieldInfo("Last_Name", "text", required=True),
        FieldInfo("Email", "email"),
        FieldInfo("Secondary_Email", "email"),
        FieldInfo("Mobile", "phone"),
        FieldInfo("Record_Image", "profileimage"),
        FieldInfo("Private_Email", "email", restricted=True, sensitivity="High"),
        FieldInfo("Secret_Email", "email", encrypted=True),
    ),
    "Contacts": (
        FieldInfo("Last_Name", "text", required=True),
        FieldInfo("Email", "email"),
        FieldInfo("Account_Name", "lookup", points_to=("Accounts",)),
    ),
    "Deals": (
        FieldInfo("Deal_Name", "text", required=True),
        FieldInfo("Contact_Name", "lookup", points_to=("Contacts",)),
    ),
    "Events": (FieldInfo("Event_Title", "text", required=True), FieldInfo("Participants", "jsonarray")),
    "Campaigns": (FieldInfo("Campaign_Name", "text", required=True),),
    "Members": (FieldInfo("Name", "text"), FieldInfo("Contact_Email", "email")),
    "Notes": (FieldInfo("Note_Title", "text"),),
}
LISTS = {"Leads": ("Notes", "Attachments"), "Contacts": ("Notes", "Attachments", "Deals", "Campaigns")}
#: The least that a record of each module has.
NAMED = {"Leads": "Last_Name", "Contacts": "Last_Name", "Deals": "Deal_Name", "Campaigns": "Campaign_Name"}


class Place(Protocol):
    """An org without records."""

    zoho: Zoho

    def add(self, module: str, record_id: str, **values: Any) -> None: ...
    def add_note(self, module: str, record_id: str, note_id: str) -> None: ...
    def add_attachment(self, module: str, record_id: str, attachment_id: str) -> None: ...
    def link(self, module: str, record_id: str, related_list: str, other_id: str) -> None: ...
    def not_found_yet(self, module: str, record_id: str, **values: Any) -> None: ...
    def unsearched(self, module: str) -> None: ...
    def unserved(self, module: str) -> None: ...


class Faked:
    """The fake org."""

    def __init__(self) -> None:
        self.fake = FakeZoho(lambda: 1_700_000_000.0)
        self.zoho: Zoho = self.fake
        for module, fields in FIELDS.items():
            self.fake.add_module(module, *fields, lists=LISTS.get(module, ()))

    def add(self, module: str, record_id: str, **values: Any) -> None:
        self.fake.add_person(module, record_id, **values)

    def add_note(self, module: str, record_id: str, note_id: str) -> None:
        self.fake.add_person("Notes", note_id, Note_Title="n")
        self.fake.along[note_id] = record_id
        self.fake.belongs.setdefault((module, record_id, "Notes"), []).append(note_id)

    def add_attachment(self, module: str, record_id: str, attachment_id: str) -> None:
        self.fake.belongs.setdefault((module, record_id, "Attachments"), []).append(attachment_id)

    def link(self, module: str, record_id: str, related_list: str, other_id: str) -> None:
        self.fake.belongs.setdefault((module, record_id, related_list), []).append(other_id)

    def not_found_yet(self, module: str, record_id: str, **values: Any) -> None:
        self.add(module, record_id, **values)
        self.fake.unsearched.add(record_id)

    def unsearched(self, module: str) -> None:
        self.fake.add_module(module, *FIELDS[module], searched=False)

    def unserved(self, module: str) -> None:
        self.fake.add_module(module, *FIELDS[module], served=False)


class Simulated:
    """The simulator, through the client of an org with this API version."""

    def __init__(self, server: simulator.Server, version: str) -> None:
        self.server = server
        self.control("reset", {})
        told = {module: {"fields": [_told(each) for each in fields]} for module, fields in FIELDS.items()}
        self.control("modules", told)
        self.client = Bench(server.url).client(api_version=version)
        self.zoho: Zoho = self.client

    def control(self, name: str, body: object) -> None:
        requests.post(f"{self.server.url}/_sim/{name}", json=body, timeout=60).raise_for_status()

    def calls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = requests.get(f"{self.server.url}/_sim/calls", timeout=60).json()
        return found

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self.server.url}/_sim/state", timeout=60).json()
        return found

    def add(self, module: str, record_id: str, **values: Any) -> None:
        self.control("records", {module: [{"id": record_id, **values}]})

    def add_note(self, module: str, record_id: str, note_id: str) -> None:
        self.add("Notes", note_id, Parent_Id=record_id, Note_Title="n")

    def add_attachment(self, module: str, record_id: str, attachment_id: str) -> None:
        self.add("Attachments", attachment_id, Parent_Id=record_id, File_Name="passport.pdf")

    def link(self, module: str, record_id: str, related_list: str, other_id: str) -> None:
        self.control("records", {module: [{"id": record_id, related_list: [other_id]}]})

    def not_found_yet(self, module: str, record_id: str, **values: Any) -> None:
        self.control("clock", {"advance_seconds": 60})
        self.control("settings", {"search_lag_seconds": 30})
        self.add(module, record_id, **values)

    def unsearched(self, module: str) -> None:
        self.control("modules", {module: {"global_search_supported": False}})

    def unserved(self, module: str) -> None:
        self.control("modules", {module: {"api_supported": False}})


def _told(field: FieldInfo) -> dict[str, Any]:
    """The field as Zoho tells it."""
    private = {"restricted": field.restricted, "type": field.sensitivity, "export": True}
    told: dict[str, Any] = {"api_name": field.name, "data_type": field.type}
    told["private"] = private if field.restricted or field.sensitivity else None
    told["crypt"] = {"mode": "encryption", "status": 1} if field.encrypted else None
    told["system_mandatory"] = field.required
    if field.points_to:
        told["lookup"] = {"module": {"api_name": field.points_to[0], "id": "1"}}
    return told
