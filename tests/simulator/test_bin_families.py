"""What goes along with a record, who sees what in the recycle bin, how far its lists are behind."""

import json
from typing import Any

import pytest

from tests.simulator.crm import Crm, codes

BIN = "v8/settings/recycle_bin"
DAY = 86_400
FAMILY = {
    "Contacts": [{"id": "1", "Last_Name": "Mother"}, {"id": "2", "Last_Name": "Other"}],
    "Notes": [{"id": "11", "Parent_Id": {"id": "1"}}, {"id": "12", "Parent_Id": "2"}],
    "Attachments": [{"id": "21", "Parent_Id": {"id": "1", "name": "Mother"}}],
    "Tasks": [{"id": "31", "Who_Id": {"id": "1"}}, {"id": "32", "What_Id": {"id": "9"}}],
}


@pytest.fixture
def family(crm: Crm) -> Crm:
    """Contact 1 with a note, an attachment and a task; contact 2 with a note of its own."""
    crm.control("records", FAMILY)
    return crm


def left(crm: Crm) -> dict[str, int]:
    return {name: count for name, count in crm.see("state")["records"].items() if count}


def in_bin(crm: Crm) -> set[str]:
    response = crm.get(BIN)
    return set() if response.status_code == 204 else {item["id"] for item in response.json()["recycle_bin"]}


def deleted(crm: Crm, module: str = "Contacts", query: str = "", since: str = "") -> dict[str, str]:
    headers = {"If-Modified-Since": since} if since else {}
    response = crm.get(f"{module}/deleted?{query}", headers=headers)
    return {} if response.status_code == 204 else {one["id"]: one["type"] for one in response.json()["data"]}


def restored(crm: Crm, *ids: str) -> Any:
    return crm.post(f"{BIN}/actions/restore", {"ids": list(ids)})


def test_notes_attachments_and_tasks_go_and_come_back_with_their_record(family: Crm) -> None:
    before = left(family)
    assert codes(family.delete("Contacts?ids=1")) == ["SUCCESS"]
    assert left(family) == {"Contacts": 1, "Notes": 1, "Tasks": 1}
    assert in_bin(family) == {"1", "11", "21", "31"}
    assert set(deleted(family, "Notes")) == {"11"}
    assert codes(restored(family, "1")) == ["SUCCESS"]
    assert (left(family), in_bin(family), deleted(family, "Notes")) == (before, set(), {})
    family.delete("Contacts?ids=1")
    assert in_bin(family) == {"1", "11", "21", "31"}


def test_they_are_purged_with_it(family: Crm) -> None:
    family.delete("Contacts?ids=1")
    assert codes(family.delete(f"{BIN}?ids=1")) == ["SUCCESS"]
    assert in_bin(family) == set()
    assert deleted(family, "Tasks") == {"31": "permanent"}


def test_a_child_cannot_come_back_before_its_parent(family: Crm) -> None:
    family.delete("Notes?ids=11")
    family.delete("Contacts?ids=1")
    for child in ("11", "31"):
        assert codes(restored(family, child)) == ["CANNOT_RESTORE_WITHOUT_PARENT"]
    assert codes(restored(family, "1")) == ["SUCCESS"]
    assert in_bin(family) == {"11"}  # it had been deleted by itself
    assert codes(restored(family, "11")) == ["SUCCESS"]


def test_a_child_that_found_another_parent_stays_with_it(family: Crm) -> None:
    family.control("records", {"Notes": [{"id": "11", "Parent_Id": {"id": "2"}}]})
    family.delete("Contacts?ids=1")
    assert in_bin(family) == {"1", "21", "31"}
    family.delete("Contacts?ids=2")
    assert in_bin(family) == {"1", "2", "11", "12", "21", "31"}


def test_what_went_along_may_have_no_entries_of_its_own(family: Crm) -> None:
    family.control("settings", {"bin_lists_children": False, "deleted_lists_children": False})
    family.delete("Contacts?ids=1")
    assert (in_bin(family), deleted(family, "Notes"), deleted(family)) == ({"1"}, {}, {"1": "recycle"})
    assert family.get(f"{BIN}/actions/count").json() == {"count": 1}
    restored(family, "1")
    assert left(family)["Notes"] == 2


def test_other_records_may_go_along(family: Crm) -> None:
    family.control("settings", {"children": {"Contacts": ["Account_Name"], "Notes": ["Parent_Id"]}})
    family.control(
        "records", {"Accounts": [{"id": "5"}], "Contacts": [{"id": "1", "Account_Name": {"id": "5"}}]}
    )
    family.delete("Accounts?ids=5")
    assert in_bin(family) == {"5", "1", "11"}
    restored(family, "5")
    assert left(family)["Contacts"] == 2


@pytest.mark.parametrize(("setting", "ids"), [("each", ["1", "2"]), ("one", [None])])
def test_above_a_thousand_records_with_children_it_is_a_job_without_an_id(
    family: Crm, setting: str, ids: list[str | None]
) -> None:
    notes = [{"id": str(n), "Parent_Id": {"id": "1"}} for n in range(1_000, 2_000)]
    family.control("records", {"Notes": notes})
    family.control("settings", {"scheduled_items": setting, "bin_job_seconds": 60})
    family.delete("Contacts?ids=1,2")
    back = restored(family, "1", "2")
    assert back.status_code == 202
    assert [item["code"] for item in back.json()["recycle_bin"]] == ["SCHEDULED"] * len(ids)
    assert [item["details"].get("id") for item in back.json()["recycle_bin"]] == ids
    assert left(family) == {"Tasks": 1}
    family.advance(60)
    assert left(family)["Notes"] == 1_002
    family.delete("Contacts?ids=1,2")
    assert family.delete(f"{BIN}?ids=1,2").status_code == 202
    assert len(in_bin(family)) == 200  # a page
    family.advance(60)
    assert in_bin(family) == set()
    family.delete("Notes?ids=32")
    assert family.delete(f"{BIN}?ids=1").status_code == 400


def test_sixty_days_in_the_bin_and_a_hundred_and_twenty_in_the_deleted_list(family: Crm) -> None:
    family.delete("Contacts?ids=1")
    family.advance(59 * DAY)
    family.authorize()
    assert deleted(family) == {"1": "recycle"}
    family.delete("Contacts?ids=2")
    family.delete(f"{BIN}?ids=2")
    family.advance(2 * DAY)
    family.authorize()
    assert (in_bin(family), deleted(family)) == (set(), {"1": "permanent", "2": "permanent"})
    family.advance(59.5 * DAY)
    family.authorize()
    assert deleted(family) == {"2": "permanent"}
    family.advance(59 * DAY)
    family.authorize()
    assert deleted(family) == {}


def test_nobody_keeps_the_name_of_what_is_gone_for_good(family: Crm) -> None:
    family.delete("Contacts?ids=1,2")
    family.delete(f"{BIN}?ids=1")
    entries = {one["id"]: one for one in family.get("Contacts/deleted").json()["data"]}
    assert [entries["1"][key] for key in ("display_name", "deleted_by", "created_by")] == [None] * 3
    assert entries["2"]["display_name"] == "Other"
    assert entries["2"]["deleted_by"]["name"] == "Patricia Boyle"


@pytest.mark.parametrize(
    ("purged_time", "since_by", "listed", "shown"),
    [
        ("deletion", "change", True, "22:13:20"),
        ("deletion", "deletion", False, "22:13:20"),
        ("purge", "change", True, "23:13:20"),
        ("purge", "deletion", False, "23:13:20"),
    ],
)
def test_how_a_purge_shows_in_the_deleted_list_is_a_setting(
    family: Crm, purged_time: str, since_by: str, listed: bool, shown: str
) -> None:
    family.control("settings", {"purged_time": purged_time, "deleted_since_by": since_by})
    family.delete("Contacts?ids=1,2")
    family.advance(3_600)
    family.authorize()
    family.delete(f"{BIN}?ids=1")
    found = deleted(family, query="type=permanent", since="2023-11-14T23:00:00+00:00")
    assert found == ({"1": "permanent"} if listed else {})
    entry = family.get("Contacts/deleted?type=permanent").json()["data"][0]
    assert entry["deleted_time"] == f"2023-11-14T{shown}+00:00"


def test_the_bins_list_may_lag_and_acts_on_what_is_there_all_the_same(family: Crm) -> None:
    family.control("settings", {"bin_lag_seconds": 30})
    family.delete("Contacts?ids=1,2")
    assert in_bin(family) == set()
    assert codes(family.delete(f"{BIN}?ids=2")) == ["SUCCESS"]
    family.advance(29)
    assert in_bin(family) == set()
    family.advance(1)
    assert "1" in in_bin(family)
    assert "2" not in in_bin(family)
    restored(family, "1")
    assert "1" in in_bin(family)
    assert family.get(f"{BIN}?ids=1").json()["recycle_bin"][0]["id"] == "1"
    assert codes(restored(family, "1")) == ["INVALID_DATA"]
    family.advance(30)
    assert in_bin(family) == set()


def test_the_deleted_list_may_lag(family: Crm) -> None:
    family.control("settings", {"deleted_lag_seconds": 30})
    family.delete("Contacts?ids=1,2")
    assert deleted(family) == {}
    family.advance(30)
    assert deleted(family) == {"1": "recycle", "2": "recycle"}
    family.delete(f"{BIN}?ids=1")
    restored(family, "2")
    assert deleted(family) == {"1": "recycle", "2": "recycle"}
    assert deleted(family, query="type=permanent") == {}
    family.advance(30)
    assert deleted(family) == {"1": "permanent"}


def test_what_was_restored_may_stay_in_the_deleted_list(family: Crm) -> None:
    family.control("settings", {"restored_listed": True})
    family.delete("Contacts?ids=1")
    restored(family, "1")
    assert deleted(family) == {"1": "recycle"}


def test_a_user_who_is_no_administrator_sees_a_part_of_the_bin(family: Crm) -> None:
    family.control("records", {"Contacts": [{"id": "1", "Owner": {"id": "77", "name": "Somebody"}}]})
    family.delete("Contacts?ids=1,2")
    assert {"1", "2"} <= in_bin(family)
    family.control("settings", {"profile": "Standard"})
    assert "1" not in in_bin(family)
    assert family.get(f"{BIN}?ids=1").status_code == 204
    assert codes(restored(family, "1")) == ["INVALID_DATA"]
    assert codes(family.delete(f"{BIN}?ids=1")) == ["INVALID_DATA"]
    assert deleted(family)["1"] == "recycle"
    assert codes(family.post(f"{BIN}/actions/empty")) == ["AUTHORIZATION_FAILED"]
    assert codes(family.delete(f"{BIN}?ids=2")) == ["SUCCESS"]


@pytest.mark.parametrize(("code", "status"), [("AUTHORIZATION_FAILED", 400), ("NO_PERMISSION", 403)])
def test_purging_may_be_for_administrators_only(family: Crm, code: str, status: int) -> None:
    family.control("settings", {"purge_refusal": code})
    family.delete("Contacts?ids=1,2")
    assert family.delete(f"{BIN}?ids=1").status_code == 200
    family.control("settings", {"profile": "Standard"})
    for path in (f"{BIN}?ids=2", f"{BIN}/2"):
        response = family.delete(path)
        assert (response.status_code, codes(response)) == (status, [code])


@pytest.mark.parametrize(
    ("place", "method", "path"),
    [
        ("*.bin", "GET", BIN),
        ("*.purge", "DELETE", f"{BIN}?ids=1"),
        ("*.restore", "POST", f"{BIN}/actions/restore"),
    ],
)
def test_calls_on_the_bin_can_be_refused(family: Crm, place: str, method: str, path: str) -> None:
    family.delete("Contacts?ids=1")
    family.control("settings", {"refuse": {place: "NO_PERMISSION"}})
    response = family.call(method, path, json={"ids": ["1"]} if method == "POST" else None)
    assert (response.status_code, codes(response)) == (403, ["NO_PERMISSION"])


def test_one_record_can_be_refused_by_the_bin(family: Crm) -> None:
    flags = {"$purge_error": "CANNOT_DELETE", "$restore_error": "INTERNAL_ERROR"}
    family.control("records", {"Contacts": [{"id": "1", **flags}]})
    family.delete("Contacts?ids=1,2")
    assert codes(family.delete(f"{BIN}?ids=1,2")) == ["CANNOT_DELETE", "SUCCESS"]
    assert codes(restored(family, "1")) == ["INTERNAL_ERROR"]


def test_a_module_may_have_no_recycle_bin(family: Crm) -> None:
    family.control("settings", {"no_bin": ["Contacts"]})
    family.delete("Contacts?ids=1")
    assert (in_bin(family), deleted(family)) == (set(), {"1": "permanent"})


@pytest.mark.parametrize(("limit", "status"), [(100, 400), (200, 207)])
def test_how_many_ids_one_restore_takes_is_a_setting(family: Crm, limit: int, status: int) -> None:
    family.control("settings", {"restore_limit": limit})
    family.delete("Contacts?ids=1")
    assert restored(family, *map(str, range(1, 151))).status_code == status


def test_what_else_a_restore_does_is_a_setting(family: Crm) -> None:
    family.control("records", {"Campaigns": [{"id": "5", "Contacts": ["1"]}]})
    changes = {
        "restore_links": False,
        "restore_modifies": True,
        "restore_triggers": True,
        "restored_id": "new",
    }
    family.control("settings", changes)
    family.delete("Contacts?ids=1&wf_trigger=false")
    family.advance(10)
    (item,) = restored(family, "1").json()["recycle_bin"]
    assert item["details"]["id"] != "1"
    record = family.get(f"Contacts/{item['details']['id']}").json()["data"][0]
    assert record["Modified_Time"] == "2023-11-14T22:13:30+00:00"
    assert family.get("Contacts/1").status_code == 204
    state = family.see("state")
    assert (state["workflows"], state["links"]["Campaigns/5/Contacts"]) == (1, [])


def test_an_entrys_module_may_be_a_text(family: Crm) -> None:
    family.control("settings", {"bin_module": "text", "bin_filter_status": 400})
    family.delete("Contacts?ids=1")
    assert {one["module"] for one in family.get(f"{BIN}?ids=1").json()["recycle_bin"]} == {"Contacts"}
    assert family.get(f"{BIN}?filters=x").status_code == 400


def test_ids_go_before_filters(family: Crm) -> None:
    family.delete("Contacts?ids=1,2")
    criterion = {"field": {"api_name": "module"}, "comparator": "equal", "value": "Contacts"}
    response = family.delete(f"{BIN}?ids=2&filters={json.dumps(criterion)}")
    assert response.status_code == 200
    assert {"1"} <= in_bin(family)


def test_every_record_of_a_view_is_listed_after_some_came_back(crm: Crm) -> None:
    crm.control("generate", {"module": "Leads", "count": 500, "first_id": "1000", "fields": {"Kind": "x"}})
    criteria = {"field": {"api_name": "Kind"}, "comparator": "equal", "value": "x"}
    crm.control("views", {"module": "Leads", "cvid": "77", "criteria": criteria})
    for ids in ([*range(1000, 1050)], [*range(1300, 1350)]):
        text = ",".join(map(str, ids))
        crm.delete(f"Leads?ids={text}")
        crm.post(f"{BIN}/actions/restore", {"ids": [str(one) for one in reversed(ids)]})
    crm.control("records", {"Leads": [{"id": "1400", "Kind": "y"}]})
    crm.control("records", {"Leads": [{"id": "1400", "Kind": "x"}]})
    found: list[str] = []
    token: str | None = ""
    while token is not None:
        more = f"&page_token={token}" if token else ""
        page = crm.get(f"Leads?fields=id&cvid=77{more}").json()
        found += [one["id"] for one in page["data"]]
        token = page["info"]["next_page_token"]
    assert sorted(found) == [str(n) for n in range(1000, 1500)]
