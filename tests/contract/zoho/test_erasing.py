"""A whole erasure against the simulator, under each value of what no public page settles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import simulator
from chalicelib.adapters.phones import PhoneNumbers
from chalicelib.domain.document import document
from chalicelib.domain.outcomes import Mark, outcome_name
from chalicelib.domain.request import Limits
from tests.contract.zoho.kit import Bench
from tests.contract.zoho.people_places import Simulated
from tests.unit.service.world import World

IDENTITY: dict[str, Any] = {"emails": ["anna@example.com"], "phones": ["+43 660 1234567"], "records": []}
LEAD, SECOND, OTHER, CONTACT, DEAL, MEMBER, EVENT, CAMPAIGN = (str(n) for n in range(1101, 1109))
JOANNA, BOSS = "1201", "1202"


@pytest.fixture(scope="module")
def server() -> Iterator[simulator.Server]:
    with simulator.running(documents=False) as running:
        yield running


class Org(World):
    """A world whose Zoho is the simulator."""

    def __init__(self, server: simulator.Server, **settings: Any) -> None:
        super().__init__()
        self.place = Simulated(server, "v7")
        if settings:
            self.place.control("settings", settings)
        client = Bench(server.url).client(seconds=600, api_version="v7")
        self.deps = replace(self.deps, phones=PhoneNumbers(), zoho=lambda org, deadline: client)
        add = self.place.add
        add("Leads", LEAD, Last_Name="Anna", Email="Anna@Example.com")
        add("Leads", SECOND, Last_Name="A.", Mobile="+43 (660) 123-4567")
        add("Leads", OTHER, Last_Name="Joanna", Email="joanna@example.com", Mobile="+43 660 12345678")
        add("Contacts", CONTACT, Last_Name="Anna", Email="anna@example.com")
        add("Contacts", JOANNA, Last_Name="Joanna", Email="anna@example.com.au")
        add("Deals", DEAL, Deal_Name="Big", Contact_Name={"id": CONTACT, "name": "Anna"})
        add("Members", MEMBER, Name="x", Contact_Email="ANNA@example.com")
        participants = [
            {"type": "contact", "participant": CONTACT, "Email": "anna@example.com"},
            {"type": "contact", "participant": JOANNA, "Email": "anna@example.com.au"},
        ]
        add("Events", EVENT, Event_Title="Tea", Participants=participants)
        add("Campaigns", CAMPAIGN, Campaign_Name="Spring")
        self.place.link("Campaigns", CAMPAIGN, "Contacts", CONTACT)
        self.place.add_note("Contacts", CONTACT, "1301")

    def erase(self, **request: Any) -> str:
        limits = Limits(max_records=100, erase_person_approval=False)
        return self.accept("erase_person", module="*", identity=IDENTITY, limits=limits, **request)

    def outcomes(self, one: str) -> dict[str, str]:
        chunk = self.ledger.chunk(one, 0)
        return {
            entry: " ".join(filter(None, (outcome_name(Mark(mark)), chunk.codes.get(n, ("", ""))[0])))
            for n, (entry, mark) in enumerate(zip(chunk.ids, chunk.marks, strict=True))
        }

    def there(self, module: str, one: str) -> bool:
        return bool(self.deps.zoho("default", 0.0).read(module, [one]).items)


def test_a_person_is_found_in_every_module_and_is_gone_afterwards(server: simulator.Server) -> None:
    org = Org(server)
    one = org.erase()
    org.settle()
    shown = document(org.get(one))
    assert org.get(one).chunks, str((shown["problems"], org.get(one).progress, org.place.calls()[-3:]))
    outcomes = org.outcomes(one)
    assert outcomes[f"Leads/{LEAD}"] == "deleted"
    assert outcomes[f"Leads/{SECOND}"] == "deleted"
    assert outcomes[f"Contacts/{CONTACT}"] == "deleted"
    assert outcomes[f"Members/{MEMBER}"] == "deleted"
    assert outcomes[f"Deals/{DEAL}"] == "unlinked"
    assert outcomes[f"Campaigns/{CAMPAIGN}"] == "unlinked"
    assert outcomes[f"Events/{EVENT}"] == "unlinked"
    assert len(outcomes) == 7
    assert shown["status"] == "completed", shown
    assert shown["verification"]["found_again"] == 0
    assert shown["plan"]["goes_along"] == {"Notes": 1}
    assert org.there("Leads", OTHER)
    assert org.there("Contacts", JOANNA)
    codes = {(each["code"], each["module"], each["field"]) for each in shown["plan"]["out_of_reach"]}
    assert ("RESTRICTED_FIELD", "Leads", "Private_Email") in codes


UNKNOWN = [
    {"phone_search": "digits"},
    {"restricted_read": "absent"},
    {"restricted_query": "null"},
    {"restricted_query": "value"},
    {"restricted_searched": True},
    {"coql_case": "sensitive"},
    {"lookups_of_deleted": "emptied"},
    {"participants_update": "merge"},
    {"search_lag_seconds": 3600},
]


@pytest.mark.parametrize("setting", UNKNOWN, ids=lambda each: " ".join(map(str, *each.items())))
def test_whatever_zoho_does_nobody_else_is_touched_and_the_person_is_gone(
    server: simulator.Server, setting: dict[str, Any]
) -> None:
    org = Org(server, **setting)
    one = org.erase()
    org.settle()
    shown = document(org.get(one))
    outcomes = org.outcomes(one)
    assert org.there("Leads", OTHER)
    assert org.there("Contacts", JOANNA)
    for module, record in (("Leads", LEAD), ("Contacts", CONTACT), ("Members", MEMBER)):
        assert outcomes[f"{module}/{record}"] == "deleted", shown
        assert not org.there(module, record)
    assert shown["verification"]["found_again"] == 0
    expected = "completed" if "participants_update" not in setting else "partially_completed"
    assert shown["status"] == expected, (shown, outcomes)
