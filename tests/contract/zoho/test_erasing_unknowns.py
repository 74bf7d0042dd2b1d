"""An erasure under each answer that no public page settles: nobody else is touched, and whatever of the
person is still there is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import simulator
from chalicelib.domain.document import document
from tests.contract.zoho.test_erasing import CONTACT, JOANNA, LEAD, MEMBER, OTHER, Org

CONVERTED, UNAPPROVED, LOCKED, STOPPED, PRIVATE, SECRET, PARTY = (str(n) for n in range(1301, 1308))
STATES = {
    CONVERTED: {"$converted": True},
    UNAPPROVED: {"$approved": False},
    LOCKED: {"Locked__s": True},
    STOPPED: {"$stop_processing": True},
}
ANNA = "anna@example.com"
SETTINGS: list[dict[str, Any]] = [
    {},
    {"restricted_read": "absent"},
    {"restricted_read": "INVALID_QUERY"},
    {"restricted_query": "null"},
    {"restricted_query": "value"},
    {"restricted_searched": True},
    {"restricted_searched": True, "restricted_read": "INVALID_QUERY"},
    {"encrypted_searched": False},
    {"coql_hides": ["converted", "unapproved", "locked", "stopped"]},
    {"search_hides": ["converted", "unapproved", "locked", "stopped"]},
    {"coql_case": "sensitive"},
    {"search_parts": False},
    {"search_refuses": "@+"},
    {"phone_search": "digits"},
    {"converted_delete": "deleted"},
    {"stopped_delete": "deleted"},
    {"lookups_of_deleted": "emptied"},
    {"participants_update": "merge"},
    {"participants_searched": True},
    {"participants_searched": True, "participants_update": "merge"},
    {"required_update": "emptied"},
    {"no_photo": "INVALID_DATA"},
    {"no_bin": ["Leads"]},
    {"children": {"Notes": ["Parent_Id"], "Deals": ["Contact_Name"]}},
    {"search_lag_seconds": 3600},
    {"deleted_lag_seconds": 3600},
]


@pytest.fixture(scope="module")
def server() -> Iterator[simulator.Server]:
    with simulator.running(documents=False) as running:
        yield running


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_nobody_else_is_touched_and_who_is_still_there_is_named(
    server: simulator.Server, setting: dict[str, Any]
) -> None:
    org = Org(server, **setting)
    for one, state in STATES.items():
        org.place.add("Leads", one, Last_Name="Anna", Email=ANNA, **state)
    org.place.add("Leads", PRIVATE, Last_Name="Anna", Private_Email=ANNA)
    org.place.add("Leads", SECRET, Last_Name="Anna", Secret_Email=ANNA)
    guest = {"type": "email", "participant": ANNA, "Email": ANNA}
    ben = {"type": "email", "participant": "ben@example.com", "Email": "ben@example.com"}
    org.place.add("Events", PARTY, Event_Title="Party", Participants=[guest, ben])
    # So many records of hers would make her address a shared one, and nothing would be done without a word.
    rules = {name: {"action": "delete"} for name in ("Contacts", "Leads", "Members")}
    org.ledger.person_maps["default"] = {"region": None, "max_shared": 50, "modules": rules}
    one = org.erase()
    org.settle()
    shown = document(org.get(one))
    assert shown["status"] in ("completed", "partially_completed"), shown
    assert org.outcomes(one)[f"Contacts/{CONTACT}"] == "deleted"
    outcomes = org.outcomes(one)
    assert org.there("Leads", OTHER)
    assert org.there("Contacts", JOANNA)
    theirs = [("Leads", each) for each in (LEAD, *STATES, PRIVATE, SECRET)]
    theirs += [("Contacts", CONTACT), ("Members", MEMBER)]
    for module, record in theirs:
        outcome = outcomes.get(f"{module}/{record}", "")
        if outcome in ("deleted", "already_absent"):
            assert not org.there(module, record), (record, shown)
    left = {record for module, record in theirs if org.there(module, record)}
    said = {name.partition("/")[2] for name, outcome in outcomes.items() if not outcome.startswith("deleted")}
    reach = {(each["module"], each["field"]) for each in shown["plan"]["out_of_reach"]}
    event = org.deps.zoho("default", 0.0).read_record("Events", PARTY).body
    told: Any = event or {}
    guests = told["data"][0]["Participants"]
    assert ben in guests
    assert ("Events", "Participants") in reach
    if setting.get("participants_searched") and "participants_update" not in setting:
        assert (guests, outcomes[f"Events/{PARTY}"]) == ([ben], "unlinked")
    silent = left - said
    assert silent <= {PRIVATE, SECRET}, (silent, shown)
    assert PRIVATE not in silent or ("Leads", "Private_Email") in reach
    # Search alone reaches an encrypted field, so what it does not show yet is beyond every search.
    named = {("Leads", "Secret_Email"), ("Leads", None)} & reach
    assert SECRET not in silent or named or "search_lag_seconds" in setting
    if left & said:
        assert shown["status"] != "completed"
