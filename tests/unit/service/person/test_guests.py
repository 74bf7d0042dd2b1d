"""Guests of events who are there by their address alone: found where Zoho shows them, and named where not."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.zoho.metadata import FieldInfo
from tests.unit.service.person.people import CONTACT, EMAIL_ONLY, EVENT, OTHERS, People

ANNA = {"type": "email", "participant": "Anna@example.com", "Email": "Anna@example.com"}
BEN = {"type": "email", "participant": "ben@example.com", "Email": "ben@example.com"}
JOANNA = {"type": "contact", "participant": OTHERS["Contacts"], "Email": "joanna@example.com"}


def _world(*guests: dict[str, str], searched: bool = True) -> People:
    """Anna's org; the word search looks into guests or does not, which no page tells."""
    world = People()
    names = [FieldInfo("Participants", "jsonarray")] if searched else []
    world.zoho.people["Events"].fields = (*world.zoho.people["Events"].fields, *names)
    world.zoho.add_person("Events", "802", Participants=list(guests))
    return world


def _left(world: People, event: str = "802") -> Any:
    return world.zoho.people["Events"].values[event]["Participants"]


def test_a_guest_by_address_alone_is_taken_off_the_event_and_the_others_stay() -> None:
    world = _world(ANNA, BEN, JOANNA)
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert world.outcomes(one)["Events/802"] == "unlinked"
    assert _left(world) == [BEN, JOANNA]
    assert world.shown(one)["status"] == "completed"


def test_a_map_says_why_the_event_is_in_it() -> None:
    world = _world(ANNA)
    one = world.erase(EMAIL_ONLY, dry_run=True)
    world.settle()
    shown = [each["shown"] for each in world.ledger.rows[one].parts[101]]
    event = next(each for each in shown if each["id"] == "802")
    assert (event["action"], event["why"]) == ("unlink", [{"field": "Participants", "by": "email"}])


def test_a_guest_of_an_event_under_a_record_of_the_persons_is_found_though_no_search_shows_them() -> None:
    world = _world(searched=False)
    world.zoho.add_person("Events", "803", Participants=[ANNA, BEN])
    world.zoho.belongs["Contacts", CONTACT, "Events"] = [EVENT, "803"]
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert world.outcomes(one)["Events/803"] == "unlinked"
    assert _left(world, "803") == [BEN]


def test_a_guest_whom_no_search_shows_may_still_be_there_and_that_is_said() -> None:
    world = _world(ANNA, searched=False)
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert _left(world) == [ANNA]
    reach = {(e["code"], e["module"], e["field"]) for e in world.shown(one)["plan"]["out_of_reach"]}
    assert ("GUESTS_BY_ADDRESS", "Events", "Participants") in reach


def test_where_no_address_is_looked_for_nothing_is_said_of_guests() -> None:
    world = _world()
    one = world.erase({"emails": [], "phones": ["+43 660 1234567"], "records": []}, dry_run=True)
    world.settle()
    codes = {each["code"] for each in world.shown(one)["plan"]["out_of_reach"]}
    assert "GUESTS_BY_ADDRESS" not in codes


def test_an_event_is_never_deleted_for_its_guests() -> None:
    world = _world(ANNA)
    rules = {name: {"action": "delete"} for name in ("Contacts", "Leads", "Guests", "Events")}
    world.ledger.person_maps["default"] = {"region": None, "max_shared": 5, "modules": rules}
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert world.outcomes(one)["Events/802"] == "unlinked"
    assert "802" in world.zoho.records


def test_many_events_do_not_make_the_persons_address_a_shared_one() -> None:
    world = _world(ANNA)
    for n in range(10):
        world.zoho.add_person("Events", f"81{n}", Participants=[ANNA])
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert world.shown(one)["plan"]["shared"] == []
    assert world.outcomes(one)["Contacts/101"] == "deleted"
    assert world.outcomes(one)["Events/819"] == "unlinked"


def test_a_guest_of_a_kept_module_stays() -> None:
    world = _world(ANNA)
    rules: dict[str, Any] = {"Contacts": {"action": "delete"}}
    rules["Events"] = {"action": "keep", "keep_reason": "minutes"}
    world.ledger.person_maps["default"] = {"region": None, "max_shared": 5, "modules": rules}
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert world.outcomes(one)["Events/802"] == "kept"
    assert _left(world) == [ANNA]


def test_a_held_record_stays_among_the_guests() -> None:
    her = {"type": "contact", "participant": CONTACT, "Email": "anna@example.com"}
    world = _world(her, BEN)
    world.zoho.belongs["Contacts", CONTACT, "Events"] = [EVENT, "802"]
    world.protect("Contacts", CONTACT)
    world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert _left(world) == [her, BEN]


def test_who_is_invited_again_while_it_is_done_is_found_again() -> None:
    world = _world(ANNA)
    one = world.erase(EMAIL_ONLY, approval=False)

    def invited_again(work: Any) -> Any:
        world.zoho.add_person("Events", "804", Participants=[ANNA])
        return work()

    world.zoho.script["delete_records"] = [invited_again]
    world.settle()
    shown = world.shown(one)
    assert shown["verification"]["by_module"] == {"Events": 1}
    assert shown["status"] == "partially_completed"


@pytest.mark.parametrize(
    "guests", [None, "x", [None], [{"Email": None}], [{"Email": 5}], [{"participant": 7}]]
)
def test_guests_in_a_shape_that_nobody_knows_are_left(guests: Any) -> None:
    world = _world()
    world.zoho.people["Events"].values["802"]["Participants"] = guests
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert world.shown(one)["status"] == "completed"
    assert _left(world) == guests
