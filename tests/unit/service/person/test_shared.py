"""A value that many records have: what is carried out is the map that was approved."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.domain.zoho.reply import Reply
from tests.unit.service.person.people import ANNA, CONTACT, People


def test_a_value_is_shared_by_records_too_that_the_person_map_does_not_match_by_it() -> None:
    world = People()
    rules = {
        "Contacts": {"action": "delete"},
        "Leads": {"action": "delete", "match": ["Email"]},
        "Accounts": {"action": "keep", "keep_reason": "company record"},
    }
    world.ledger.person_maps["default"] = {"region": None, "max_shared": 5, "modules": rules}
    for n in range(6):
        world.zoho.add_person("Leads", f"25{n}", Email=f"l{n}@example.com", Phone="+43 660 1234567")
    world.zoho.add_person("Contacts", "110", Email="office@example.com", Phone="+43 660 1234567")
    one = world.erase({**ANNA, "emails": []}, approval=False)
    world.until_asked(one)
    assert world.shown(one)["plan"]["shared"] == [{"value": "/identity/phones/0", "shared_with": 9}]
    world.approve(one)
    world.settle()
    assert set(world.outcomes(one).values()) == {"kept"}
    assert {CONTACT, "110"} <= world.zoho.records.keys()
    assert world.changed() == []


def test_a_record_that_only_a_shared_value_matches_by_now_is_kept() -> None:
    world = People()
    rules = {"Contacts": {"action": "delete"}, "Leads": {"action": "delete", "match": ["Email"]}}
    world.ledger.person_maps["default"] = {"region": None, "max_shared": 5, "modules": rules}
    for n in range(6):
        world.zoho.add_person("Leads", f"25{n}", Email=f"l{n}@example.com", Phone="+43 660 1234567")
    one = world.erase(ANNA)
    world.until_asked(one)
    world.approve(one)

    def changed_meanwhile(work: Callable[[], Reply]) -> Reply:
        world.zoho.people["Contacts"].values[CONTACT]["Email"] = "office@example.com"
        return work()

    world.zoho.script["update"] = [changed_meanwhile]
    world.settle()
    assert world.outcomes(one)["Contacts/101"] == "kept NO_LONGER_MATCHES"
    assert CONTACT in world.zoho.records
