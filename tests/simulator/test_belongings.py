"""What belongs to a record: related lists and their counts, attachments, photo, and what goes along."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.crm import Crm, codes

CONTACT = {"id": "7", "Last_Name": "Moser", "Email": "anna@example.com", "Record_Image": "abc"}
RECORDS: dict[str, list[dict[str, Any]]] = {
    "Contacts": [CONTACT, {"id": "8", "Last_Name": "Huber"}],
    "Deals": [
        {"id": "1", "Deal_Name": "Roof", "Contact_Name": {"id": "7", "name": "Moser"}},
        {"id": "2", "Deal_Name": "Wall", "Contact_Roles": ["7", "8"]},
    ],
    "Campaigns": [{"id": "3", "Campaign_Name": "Spring", "Contacts": ["7"]}],
    "Notes": [{"id": "11", "Parent_Id": "7"}, {"id": "12", "Parent_Id": {"id": "7"}}],
    "Attachments": [{"id": "21", "Parent_Id": "7"}, {"id": "22", "Parent_Id": "8"}],
    "Events": [
        {"id": "31", "Participants": [{"participant": "7", "type": "contact"}, {"participant": "8"}]},
        {"id": "32", "Participants": [{"type": "email", "Email": "anna@example.com"}]},
        {"id": "33", "Participants": []},
    ],
}


@pytest.fixture
def people(crm: Crm) -> Crm:
    crm.control("records", RECORDS)
    return crm


def listed(crm: Crm, path: str) -> list[str]:
    answer = crm.get(f"v8/{path}?fields=id")
    return [] if answer.status_code == 204 else [each["id"] for each in answer.json()["data"]]


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("Contacts/7/Notes", ["11", "12"]),
        ("Contacts/7/Attachments", ["21"]),
        ("Contacts/7/Deals", ["1", "2"]),
        ("Contacts/7/Campaigns", ["3"]),
        ("Contacts/7/Invited_Events", ["31", "32"]),
        ("Contacts/8/Invited_Events", ["31"]),
        ("Contacts/7/Cases", []),
        ("Deals/2/Contact_Roles", ["7", "8"]),
        ("Campaigns/3/Contacts", ["7"]),
    ],
)
def test_a_related_list(people: Crm, path: str, ids: list[str]) -> None:
    assert listed(people, path) == ids
    module, one, name = path.split("/")
    body = {"get_related_records_count": [{"related_list": {"api_name": name}}]}
    (counted,) = people.post(f"v8/{module}/{one}/actions/get_related_records_count", body).json().values()
    assert counted == [{"count": len(ids), "related_list": {"api_name": name, "id": None}}]


def test_it_has_pages(people: Crm) -> None:
    first = people.get("v8/Contacts/7/Notes?fields=id&per_page=1").json()
    second = people.get("v8/Contacts/7/Notes?fields=Parent_Id&per_page=1&page=2").json()
    assert (first["data"], first["info"]["more_records"]) == ([{"id": "11"}], True)
    assert (second["data"][0]["id"], second["info"]["more_records"]) == ("12", False)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("v8/Contacts/7/Notes", "REQUIRED_PARAM_MISSING"),
        ("v8/Contacts/7/Nothing?fields=id", "INVALID_DATA"),
        ("v8/Contacts/404/Notes?fields=id", "INVALID_DATA"),
        ("v8/Contacts/7/Notes?fields=id&per_page=201", "INVALID_DATA"),
    ],
)
def test_a_related_list_that_is_refused(people: Crm, path: str, code: str) -> None:
    answer = people.get(path)
    assert (answer.status_code, codes(answer)) == (400, [code])


def test_in_v2_no_fields_are_asked_for(people: Crm) -> None:
    assert [each["id"] for each in people.get("v2/Contacts/7/Notes").json()["data"]] == ["11", "12"]


COUNT = "v8/Contacts/7/actions/get_related_records_count"


@pytest.mark.parametrize(
    ("asked", "status", "found"),
    [
        (
            [{"related_list": {"api_name": "Notes"}}, {"related_list": {"api_name": "Nothing"}}],
            207,
            "INVALID_DATA",
        ),
        ([{"related_list": {}}], 400, "EXPECTED_FIELD_MISSING"),
        ([{}], 400, "MANDATORY_NOT_FOUND"),
    ],
)
def test_each_count_has_its_own_answer(people: Crm, asked: Any, status: int, found: str) -> None:
    answer = people.post(COUNT, {"get_related_records_count": asked})
    assert answer.status_code == status
    assert answer.json()["get_related_records_count"][-1]["code"] == found


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (COUNT, {}, "MANDATORY_NOT_FOUND"),
        (COUNT, {"get_related_records_count": []}, "MANDATORY_NOT_FOUND"),
        (
            COUNT,
            {"get_related_records_count": [{"related_list": {"api_name": "Notes"}}] * 21},
            "LIMIT_EXCEEDED",
        ),
        (COUNT.replace("/7/", "/404/"), {}, "INVALID_DATA"),
        (COUNT.replace("v8", "v7"), {}, "INVALID_REQUEST_METHOD"),
    ],
)
def test_a_count_that_is_refused_whole(people: Crm, path: str, body: Any, code: str) -> None:
    assert codes(people.post(path, body)) == [code]


def test_a_converted_lead_is_not_counted_for_and_a_count_costs_two_credits(people: Crm) -> None:
    people.control("records", {"Leads": [{"id": "9", "$converted": True}]})
    body = {"get_related_records_count": [{"related_list": {"api_name": "Notes"}}]}
    answer = people.post("v8/Leads/9/actions/get_related_records_count", body)
    assert answer.json()["message"] == "id already converted"
    before = people.see("state")["credits"]["used"]
    people.post(COUNT, body)
    assert people.see("state")["credits"]["used"] - before == 2


def test_an_attachment_goes_alone_and_only_from_its_record(people: Crm) -> None:
    assert codes(people.delete("v8/Contacts/7/Attachments/22")) == ["INVALID_DATA"]
    assert codes(people.delete("v8/Contacts/7/Attachments/21")) == ["SUCCESS"]
    again = people.delete("v8/Contacts/7/Attachments/21")
    assert (again.status_code, again.json()["details"]) == (400, {"resource_path_index": 3})
    assert listed(people, "Contacts/7/Attachments") == []
    assert listed(people, "Contacts/8/Attachments") == ["22"]
    people.post("v8/settings/recycle_bin/21/actions/restore")
    assert listed(people, "Contacts/7/Attachments") == ["21"]


@pytest.mark.parametrize(("setting", "again"), [("SUCCESS", "SUCCESS"), ("INVALID_DATA", "INVALID_DATA")])
def test_a_photo(people: Crm, setting: str, again: str) -> None:
    people.control("settings", {"no_photo": setting})
    answer = people.delete("v8/Contacts/7/photo")
    assert (answer.status_code, answer.json()["code"], answer.json()["details"]) == (200, "SUCCESS", {})
    assert people.get("v8/Contacts/7").json()["data"][0]["Record_Image"] is None
    assert people.delete("v8/Contacts/7/photo").json()["code"] == again
    assert codes(people.delete("v8/Contacts/404/photo")) == ["INVALID_DATA"]


@pytest.mark.parametrize(
    ("flag", "code"),
    [
        ({"Locked__s": True}, "RECORD_LOCKED"),
        ({"$approved": False}, "NOT_APPROVED"),
        ({"$stop_processing": True}, "CANNOT_PROCESS"),
        ({"$converted": True}, "CONVERTED_RECORD"),
        ({"$update_error": "DUPLICATE_DATA"}, "DUPLICATE_DATA"),
    ],
)
def test_a_record_that_may_not_be_changed(people: Crm, flag: dict[str, Any], code: str) -> None:
    people.control("records", {"Contacts": [{"id": "7", **flag}]})
    assert codes(people.call("PUT", "v8/Contacts/7", json={"data": [{"Email": None}]})) == [code]
    assert codes(people.delete("v8/Contacts/7/photo")) == [code]
    assert codes(people.delete("v8/Contacts/7/Attachments/21")) == [code]
    assert people.get("v8/Contacts/7").json()["data"][0]["Email"] == "anna@example.com"


def put(crm: Crm, path: str, **values: Any) -> list[str]:
    return codes(crm.call("PUT", f"v8/{path}", json={"data": [values], "trigger": []}))


def test_an_update_takes_lookups_and_participants(people: Crm) -> None:
    assert put(people, "Deals/1", Contact_Name=None) == ["SUCCESS"]
    assert listed(people, "Contacts/7/Deals") == ["2"]
    assert put(people, "Deals/1", Contact_Name={"id": "7"}) == ["SUCCESS"]
    assert put(people, "Deals/1", Stage={"id": "7"}) == ["INVALID_DATA"]
    assert put(people, "Deals/1", Contact_Name=["7"]) == ["INVALID_DATA"]
    assert put(people, "Events/31", Participants=[{"participant": "8"}]) == ["SUCCESS"]
    assert listed(people, "Contacts/7/Invited_Events") == ["32"]
    assert put(people, "Events/31", Participants={"participant": "8"}) == ["INVALID_DATA"]


def test_where_an_update_only_adds_participants_they_stay(people: Crm) -> None:
    people.control("settings", {"participants_update": "merge"})
    assert put(people, "Events/31", Participants=[]) == ["SUCCESS"]
    assert listed(people, "Contacts/7/Invited_Events") == ["31", "32"]


@pytest.mark.parametrize(
    ("setting", "code", "name"),
    [("MANDATORY_NOT_FOUND", "MANDATORY_NOT_FOUND", "Moser"), ("emptied", "SUCCESS", None)],
)
def test_a_mandatory_field(people: Crm, setting: str, code: str, name: str | None) -> None:
    people.control("settings", {"required_update": setting})
    assert put(people, "Contacts/7", Last_Name=None) == [code]
    assert people.get("v8/Contacts/7").json()["data"][0]["Last_Name"] == name


def test_a_field_that_is_read_only(people: Crm) -> None:
    people.control("modules", {"Contacts": {"fields": [{"api_name": "Email", "read_only": True}]}})
    assert put(people, "Contacts/7", Email=None) == ["NOT_ALLOWED"]


def test_workflows_fire_for_an_update_unless_it_says_that_none_shall(people: Crm) -> None:
    put(people, "Contacts/7", Email=None)
    assert people.see("state")["workflows"] == 0
    people.call("PUT", "v8/Contacts/7", json={"data": [{"Email": None}]})
    assert people.see("state")["workflows"] == 1


def test_roles_and_memberships_go_with_the_contact_and_come_back_with_it(people: Crm) -> None:
    people.delete("v8/Contacts?ids=7")
    assert listed(people, "Deals/2/Contact_Roles") == ["8"]
    assert listed(people, "Campaigns/3/Contacts") == []
    assert people.get("v8/Notes/11").status_code == 204
    people.post("v8/settings/recycle_bin/7/actions/restore")
    assert sorted(listed(people, "Deals/2/Contact_Roles")) == ["7", "8"]
    assert listed(people, "Contacts/7/Notes") == ["11", "12"]


def mentioned(crm: Crm) -> tuple[Any, list[Any]]:
    deal = crm.get("v8/Deals/1").json()["data"][0]["Contact_Name"]
    event = crm.get("v8/Events/31").json()["data"][0]["Participants"]
    return deal, [each["participant"] for each in event]


@pytest.mark.parametrize(
    ("setting", "left"), [("kept", ({"id": "7", "name": "Moser"}, ["7", "8"])), ("emptied", (None, ["8"]))]
)
@pytest.mark.parametrize("links", [True, False])
def test_whether_others_go_on_naming_a_deleted_record(
    people: Crm, setting: str, left: Any, links: bool
) -> None:
    before = mentioned(people)
    people.control("settings", {"lookups_of_deleted": setting, "restore_links": links})
    people.delete("v8/Contacts?ids=7")
    assert mentioned(people) == left
    people.post("v8/settings/recycle_bin/7/actions/restore")
    assert mentioned(people) == (before if links else left)


@pytest.mark.parametrize(
    ("state", "setting", "code"),
    [
        ("$converted", "converted_delete", "CONVERTED_RECORD"),
        ("$stop_processing", "stopped_delete", "CANNOT_PROCESS"),
    ],
)
def test_what_deleting_a_converted_or_a_stopped_record_gets(
    people: Crm, state: str, setting: str, code: str
) -> None:
    people.control("records", {"Contacts": [{"id": "8", state: True}]})
    assert codes(people.delete("v8/Contacts?ids=8")) == [code]
    people.control("settings", {setting: "deleted"})
    assert codes(people.delete("v8/Contacts?ids=8")) == ["SUCCESS"]


@pytest.mark.parametrize(
    ("call", "right"),
    [
        (("GET", "v8/Contacts/7/Notes?fields=id"), "READ"),
        (("POST", COUNT), "READ"),
        (("DELETE", "v8/Contacts/7/Attachments/21"), "DELETE"),
        (("DELETE", "v8/Contacts/7/photo"), "DELETE"),
    ],
)
def test_scopes(people: Crm, call: tuple[str, str], right: str) -> None:
    for scope, refused in (
        (f"ZohoCRM.modules.contacts.{right}", False),
        ("ZohoCRM.modules.contacts.CREATE", True),
    ):
        people.control("settings", {"scopes": [scope]})
        assert (people.call(*call).status_code == 401) is refused
