"""Delink: only the link goes."""

import pytest

from tests.simulator.crm import Crm, codes


@pytest.fixture
def campaign(crm: Crm) -> str:
    crm.control("records", {"Contacts": [{"id": "3"}, {"id": "4"}]})
    crm.control(
        "records", {"Campaigns": [{"id": "2", "Campaign_Name": "C", "Contacts": ["3", {"id": "4"}, "5"]}]}
    )
    return "Campaigns/2/Contacts"


def test_many(crm: Crm, campaign: str) -> None:
    mixed = crm.delete(f"{campaign}?ids=3,404")
    assert (mixed.status_code, codes(mixed)) == (207, ["SUCCESS", "INVALID_DATA"])
    assert crm.see("state")["links"] == {"Campaigns/2/Contacts": ["4", "5"]}
    assert crm.see("state")["records"]["Contacts"] == 2
    again = crm.delete(f"{campaign}?ids=3")
    assert (again.status_code, codes(again)) == (400, ["INVALID_DATA"])


def test_one(crm: Crm, campaign: str) -> None:
    assert crm.delete(f"{campaign}/5").json()["data"][0]["details"] == {"id": "5"}
    gone = crm.delete(f"{campaign}/5")
    assert gone.json()["details"] == {"resource_path_index": 3}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("Campaigns/404/Contacts?ids=3", 404, "INVALID_DATA"),
        ("Campaigns/x/Contacts?ids=3", 400, "UNABLE_TO_PARSE_DATA_TYPE"),
        ("Campaigns/2/Contacts", 400, "MANDATORY_NOT_FOUND"),
        ("Campaigns/2/Contacts?ids=3,", 400, "UNABLE_TO_PARSE_DATA_TYPE"),
        ("Campaigns/2/Contacts/x", 400, "UNABLE_TO_PARSE_DATA_TYPE"),
        ("Campaigns/2/Deals?ids=3", 400, "INVALID_DATA"),
        ("Campaigns/2/Contacts?ids=" + ",".join(map(str, range(101))), 400, "LIMIT_EXCEEDED"),
    ],
)
def test_refused(crm: Crm, campaign: str, path: str, status: int, code: str) -> None:
    response = crm.delete(path)
    assert (response.status_code, codes(response)) == (status, [code])
    assert crm.see("state")["links"] == {"Campaigns/2/Contacts": ["3", "4", "5"]}


def test_links_go_with_either_record_and_come_back(crm: Crm, campaign: str) -> None:
    crm.delete("Contacts?ids=3")
    assert crm.see("state")["links"] == {"Campaigns/2/Contacts": ["4", "5"]}
    crm.delete("Campaigns?ids=2")
    assert crm.see("state")["links"] == {}
    # The contact comes back first: its link waits for the campaign.
    crm.post("v8/settings/recycle_bin/3/actions/restore")
    assert crm.see("state")["links"] == {}
    crm.post("v8/settings/recycle_bin/2/actions/restore")
    assert crm.see("state")["links"] == {"Campaigns/2/Contacts": ["4", "5", "3"]}


def test_a_link_waits_for_the_end_that_still_lies_in_the_bin(crm: Crm, campaign: str) -> None:
    crm.delete("Campaigns?ids=2")
    crm.delete("Contacts?ids=3")
    crm.post("v8/settings/recycle_bin/2/actions/restore")
    assert crm.see("state")["links"] == {"Campaigns/2/Contacts": ["4", "5"]}
    crm.post("v8/settings/recycle_bin/3/actions/restore")
    assert crm.see("state")["links"] == {"Campaigns/2/Contacts": ["4", "5", "3"]}


def test_a_record_of_another_module_with_the_same_id_keeps_its_link(crm: Crm, campaign: str) -> None:
    crm.control("records", {"Leads": [{"id": "3"}]})
    crm.delete("Leads?ids=3")
    assert crm.see("state")["links"]["Campaigns/2/Contacts"] == ["3", "4", "5"]


def test_documented_relations_with_other_names(crm: Crm) -> None:
    crm.control(
        "records",
        {"Products": [{"id": "1", "Potentials": ["9"]}], "Appointments": [{"id": "2", "Services": ["8"]}]},
    )
    assert codes(crm.delete("Products/1/Deals/9")) == ["SUCCESS"]
    assert codes(crm.delete("Appointments/2/Services/8")) == ["SUCCESS"]
