"""Modules that hold links or parts of records: who leads to the person from there is unlinked, or named."""

from __future__ import annotations

from chalicelib.domain.zoho.metadata import FieldInfo
from chalicelib.domain.zoho.reply import Reply
from tests.fake_zoho import error
from tests.unit.service.person.people import CONTACT, EMAIL_ONLY, OTHERS, People

TO_CONTACTS = FieldInfo("Guest_of", "lookup", ("Contacts",))


def _world(kind: str) -> People:
    """Anna's org with a module of this kind, whose records lead to her contact and to Joanna's."""
    world = People()
    world.zoho.add_module("Contacts_X_Tours", TO_CONTACTS, kind=kind)
    world.zoho.add_person("Contacts_X_Tours", "951", Guest_of={"id": CONTACT})
    world.zoho.add_person("Contacts_X_Tours", "952", Guest_of={"id": OTHERS["Contacts"]})
    return world


def test_a_record_of_a_linking_module_that_leads_to_the_person_is_unlinked() -> None:
    world = _world("linking")
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    values = world.zoho.people["Contacts_X_Tours"].values
    assert world.outcomes(one)["Contacts_X_Tours/951"] == "unlinked"
    assert values == {"951": {"Guest_of": None}, "952": {"Guest_of": {"id": OTHERS["Contacts"]}}}


def test_a_linking_module_that_cannot_be_asked_is_named() -> None:
    world = _world("linking")
    real = world.zoho.select

    def select(selection: object) -> Reply:
        if getattr(selection, "module", "") == "Contacts_X_Tours":
            return error("INVALID_QUERY", 400)
        return real(selection)  # type: ignore[arg-type]  # handed on as it came

    world.zoho.__dict__["select"] = select
    one = world.erase(EMAIL_ONLY, dry_run=True)
    world.settle()
    reach = {(each["code"], each["module"]) for each in world.shown(one)["plan"]["out_of_reach"]}
    assert ("LINKS_NOT_READ", "Contacts_X_Tours") in reach


def test_rows_of_subforms_that_may_lead_to_the_person_are_named_and_left() -> None:
    world = _world("subform")
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    reach = {(each["code"], each["module"]) for each in world.shown(one)["plan"]["out_of_reach"]}
    assert ("PART_OF_RECORDS", "Contacts_X_Tours") in reach
    assert world.zoho.people["Contacts_X_Tours"].values["951"] == {"Guest_of": {"id": CONTACT}}
