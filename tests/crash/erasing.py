"""The erasures of the crash matrix: Anna in an org with others, whose belongings stand beside hers."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.operators import Hold
from chalicelib.domain.outcomes import Mark, outcome_name
from chalicelib.domain.request import Limits
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.metadata import FieldInfo
from tests.crash.stage import VISIBILITY, Stage
from tests.crash.zoho import MatrixZoho

IDENTITY = {"emails": ["anna@example.com"], "phones": [], "records": []}
#: What must not stand anywhere once the erasure has ended.
SECRETS = ("anna@", "example.com")
LIMITS = Limits(max_records=100)
#: Records of other people; each has values, and a note of its own.
OTHERS = (("Contacts", "102"), ("Leads", "202"), ("Cases", "402"))
#: What belongs to the contact and to the case that are Anna's.
HER_NOTE, CASE_NOTES, CASE_FILES = "901", ("921", "922"), ("931", "932")
RULES: dict[str, Any] = {
    "Contacts": {"action": "delete"},
    "Leads": {"action": "delete"},
    "Cases": {"action": "clear", "clear": ["Email", "Subject", "Notes", "Attachments", "photo"]},
    "Deals": {"action": "unlink"},
}
#: Calls that change Zoho, but for delink.
CHANGES = frozenset({"delete_records", "update", "delete_attachment", "delete_photo"})


def org(zoho: MatrixZoho) -> None:
    """Anna as contact, lead and case, with deals, a campaign and an event; each has another's beside it."""
    email = FieldInfo("Email", "email")
    zoho.add_module("Contacts", email, lists=("Notes", "Deals", "Campaigns", "Events"))
    zoho.add_module("Leads", email)
    picture = FieldInfo("Record_Image", "profileimage")
    zoho.add_module("Cases", email, FieldInfo("Subject", "text"), picture)
    zoho.add_module("Deals", FieldInfo("Contact_Name", "lookup", ("Contacts",)))
    zoho.add_module("Campaigns", FieldInfo("Campaign_Name", "text"))
    zoho.add_module("Events", FieldInfo("Event_Title", "text"))
    for module, hers, other in (("Contacts", "101", "102"), ("Leads", "201", "202"), ("Cases", "401", "402")):
        more = {"Subject": "late", "Record_Image": "a.png"} if module == "Cases" else {}
        zoho.add_person(module, hers, Email="Anna@Example.com", **more)
        zoho.add_person(module, other, Email="joanna@example.com", **more)
    for deal, contact in (("301", "101"), ("302", "102")):
        zoho.add_person("Deals", deal, Contact_Name={"id": contact}, Amount=7)
        zoho.belongs["Contacts", contact, "Deals"] = ["301", "302"]
    zoho.add_person("Campaigns", "701", Campaign_Name="spring")
    zoho.add_person("Events", "801", Participants=[{"participant": "101"}, {"participant": "102"}])
    for deal in ("301", "302"):
        zoho.belongs["Deals", deal, "Contact_Roles"] = ["101", "102"]
    zoho.belongs["Campaigns", "701", "Contacts"] = ["101", "102"]
    for contact in ("101", "102"):
        zoho.belongs["Contacts", contact, "Campaigns"] = ["701"]
        zoho.belongs["Contacts", contact, "Events"] = ["801"]
    for parent, notes in (
        (("Contacts", "101"), (HER_NOTE,)),
        (("Contacts", "102"), ("902",)),
        (("Leads", "202"), ("912",)),
        (("Cases", "401"), CASE_NOTES),
        (("Cases", "402"), ("929",)),
    ):
        zoho.belongs[*parent, "Notes"] = list(notes)
        zoho.records |= dict.fromkeys(notes)
        zoho.along |= dict.fromkeys(notes, parent[1])
    zoho.belongs["Cases", "401", "Attachments"] = list(CASE_FILES)
    zoho.belongs["Cases", "402", "Attachments"] = ["939"]


#: What becomes of each entry where nothing goes wrong.
DONE = {
    "Campaigns/701": "unlinked",
    "Cases/401": "cleared",
    "Contacts/101": "deleted",
    "Deals/301": "unlinked",
    "Deals/302": "unlinked",
    "Events/801": "unlinked",
    "Leads/201": "deleted",
}
_HELD = dict.fromkeys(("Campaigns/701", "Contacts/101", "Deals/301", "Deals/302", "Events/801"), "held")


@dataclass(frozen=True)
class Erasure:
    """`run` sends, approves and waits until rest. `outcomes`: of each entry at the end."""

    run: Callable[[Stage], None]
    outcomes: Mapping[str, str]
    status: Status = Status.COMPLETED
    held: bool = False
    identity: Mapping[str, Any] = field(default_factory=lambda: IDENTITY)

    def judge(self, stage: Stage, before: MatrixZoho, ended: Sequence[Deletion]) -> None:
        """Nothing of another person went, was unlinked or cleared; what is said is so; no value is left."""
        zoho = stage.zoho
        one = ended[0]
        assert outcomes(stage, one.id) == self.outcomes
        assert one.status is self.status
        verification: Any = one.erasure["verification"]
        assert (verification["found_again"], verification["searches"]) == (0, 2)
        tallies = stage.ledger.tallies.items()
        named = sum(tally.day for (source, _), tally in tallies if source == one.source)
        assert named >= one.counts.deleted, "its source counts fewer records than went"
        _others_are_untouched(zoho, before)
        _what_is_said_is_so(zoho, self.outcomes)
        if self.held:
            _held_keeps_everything(zoho, before)
        text = f"{stage.ledger.rows}{stage.ledger.deliveries}{stage.reports}{stage.topic.events}".lower()
        assert not [word for word in SECRETS if word in text]


def outcomes(stage: Stage, one: str) -> dict[str, str]:
    """The outcome of each entry, by `Module/id`."""
    chunk = stage.ledger.chunk(one, 0)
    return {entry: outcome_name(Mark(mark)) for entry, mark in zip(chunk.ids, chunk.marks, strict=True)}


def _others_are_untouched(zoho: MatrixZoho, before: MatrixZoho) -> None:
    for module, one in OTHERS:
        assert zoho.there(one), f"{module} {one} is gone"
        assert zoho.people[module].values[one] == before.people[module].values[one]
        for (of, record, name), there in before.belongs.items():
            if (of, record) == (module, one):
                assert zoho.belongs[of, record, name] == there, f"{name} of {module} {one}"
                assert all(zoho.there(each) for each in there if each in before.along)
    deal = zoho.people["Deals"].values["302"]
    assert deal == before.people["Deals"].values["302"]
    assert zoho.people["Deals"].values["301"]["Amount"] == 7
    for deals in ("301", "302"):
        assert "102" in zoho.belongs["Deals", deals, "Contact_Roles"]
    assert "102" in zoho.belongs["Campaigns", "701", "Contacts"]
    assert {"participant": "102"} in zoho.people["Events"].values["801"]["Participants"]
    assert {"301", "302", "701", "801", "401"} <= zoho.records.keys(), "a record that stays is gone"


def _what_is_said_is_so(zoho: MatrixZoho, said: Mapping[str, str]) -> None:
    for entry, outcome in said.items():
        assert zoho.there(entry.partition("/")[2]) is (outcome != "deleted"), entry
    if said.get("Cases/401") == "cleared":
        values = zoho.people["Cases"].values["401"]
        assert (values["Email"], values["Subject"], values["Record_Image"]) == (None, None, None)
        assert not [one for one in CASE_NOTES if zoho.there(one)]
        assert zoho.belongs["Cases", "401", "Attachments"] == []
    if said.get("Contacts/101") == "deleted":
        assert zoho.people["Deals"].values["301"]["Contact_Name"] is None
        assert zoho.people["Events"].values["801"]["Participants"] == [{"participant": "102"}]
        assert zoho.belongs["Campaigns", "701", "Contacts"] == ["102"]
        assert zoho.belongs["Deals", "301", "Contact_Roles"] == ["102"]
        assert zoho.belongs["Deals", "302", "Contact_Roles"] == ["102"]


def _held_keeps_everything(zoho: MatrixZoho, before: MatrixZoho) -> None:
    for key, there in before.belongs.items():
        if key[0] != "Cases":
            assert zoho.belongs[key] == there, f"a link or belonging of the held record: {key}"
    assert zoho.there(HER_NOTE)
    for module, one in (("Deals", "301"), ("Events", "801"), ("Contacts", "101")):
        assert zoho.people[module].values[one] == before.people[module].values[one]


def _asked(stage: Stage, one: str, map_hash: str = "") -> str:
    """Goes on until a map other than `map_hash` waits for its approval; its hash."""
    for _ in range(60):
        deletion = stage.ledger.get(one)
        waits = deletion.status is Status.AWAITING_APPROVAL and deletion.approval is not None
        if waits and deletion.approval.approved_at is None and deletion.approval.map_hash != map_hash:
            return str(deletion.approval.map_hash)
        while stage.work():
            pass
        stage.now += VISIBILITY / 36
        stage.poll()
    raise AssertionError("nobody was asked")


def _send(stage: Stage, **request: Any) -> str:
    org(stage.zoho)
    rules = {"region": None, "max_shared": 5, "modules": RULES}
    stage.ledger.person_maps["default"] = rules
    return stage.send(stage.order("erase_person", LIMITS, module="*", identity=IDENTITY, **request))


def _erased(stage: Stage) -> None:
    """Found, approved, found again, done, looked for twice, and gone for good, module by module."""
    one = _send(stage, permanent_after=0)
    _asked(stage, one)
    stage.approve(one)
    stage.rest()
    children = stage.ledger.get(one).children
    assert [stage.ledger.get(child.id).request.module for child in children] == ["Contacts", "Leads"]
    stage.accepted += [child.id for child in children]
    assert set(stage.zoho.purged) == {"101", "201"}


def _another_map(stage: Stage) -> None:
    """A lead of hers comes in between asking and approval: the second search makes another map."""
    one = _send(stage)
    first = _asked(stage, one)
    stage.zoho.add_person("Leads", "203", Email="anna@example.com")
    stage.approve(one)
    _asked(stage, one, first)
    stage.approve(one)
    stage.rest()


def _held(stage: Stage) -> None:
    """A hold that comes after the approval protects the contact, its links and what belongs to it."""
    one = _send(stage)
    _asked(stage, one)
    stage.ledger.set_hold(Hold("default", "Contacts", "101", "audit", "ann", stage.now, None))
    stage.approve(one)
    stage.rest()


def _locked(stage: Stage) -> None:
    """A lead that is locked for a while."""
    one = _send(stage)
    stage.zoho.locked = {"201"}
    _asked(stage, one)
    stage.approve(one)
    while not stage.zoho.sent("delete_records"):
        stage.now += 1
        stage.work()
        stage.poll()
    stage.zoho.unlock_at = stage.now + 12
    stage.rest()


ERASURES = {
    "approved and gone for good": Erasure(_erased, DONE),
    "another map after the approval": Erasure(_another_map, DONE | {"Leads/203": "deleted"}),
    "a hold after the approval": Erasure(_held, DONE | _HELD, Status.PARTIALLY_COMPLETED, held=True),
    "a locked record": Erasure(_locked, DONE),
}


def untouched(stage: Stage) -> MatrixZoho:
    """The org as it was before the erasure."""
    zoho = MatrixZoho(lambda: stage.now, [], 1)
    org(zoho)
    return copy.deepcopy(zoho)
