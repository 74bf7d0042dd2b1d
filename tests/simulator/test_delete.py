"""Delete Records: what goes, what stays, and what is said about it."""

from typing import Any

import pytest

from tests.simulator.crm import Crm, codes


def leads(count: int, **fields: Any) -> dict[str, Any]:
    return {"Leads": [{"id": str(n), **fields} for n in range(1, count + 1)]}


def test_all_mixed_none(crm: Crm) -> None:
    crm.control("records", leads(3))
    both = crm.delete("Leads?ids=1,2")
    mixed = crm.delete("Leads?ids=2,3,404")
    none = crm.delete("Leads?ids=1,404")
    assert [both.status_code, mixed.status_code, none.status_code] == [200, 207, 400]
    assert codes(mixed) == ["INVALID_DATA", "SUCCESS", "INVALID_DATA"]
    assert mixed.json()["data"][0] == {
        "code": "INVALID_DATA",
        "details": {"id": "2"},
        "message": "record not deleted",
        "status": "error",
    }
    assert crm.see("state")["records"]["Leads"] == 0


@pytest.mark.parametrize("ids", ["1,2", "1%2C2", "1,%202", "1%2c2"])
def test_commas_and_blanks(crm: Crm, ids: str) -> None:
    crm.control("records", leads(2))
    assert codes(crm.delete(f"Leads?ids={ids}")) == ["SUCCESS", "SUCCESS"]


@pytest.mark.parametrize(("value", "workflows"), [("true", 1), ("TRUE", 1), ("False", 0), ("false", 0)])
def test_wf_trigger_in_any_case(crm: Crm, value: str, workflows: int) -> None:
    crm.control("records", leads(1))
    assert codes(crm.delete(f"Leads?ids=1&wf_trigger={value}")) == ["SUCCESS"]
    assert crm.see("state")["workflows"] == workflows


def test_wf_trigger_is_true_when_left_out_and_never_maybe(crm: Crm) -> None:
    crm.control("records", leads(1))
    assert codes(crm.delete("Leads?ids=1&wf_trigger=maybe")) == ["UNABLE_TO_PARSE_DATA_TYPE"]
    crm.delete("Leads?ids=1")
    assert crm.see("state")["workflows"] == 1


def test_at_most_100_ids(crm: Crm) -> None:
    crm.control("records", leads(101))
    ids = [str(n) for n in range(1, 102)]
    refused = crm.delete("Leads?ids=" + ",".join(ids))
    assert (refused.status_code, codes(refused)) == (400, ["LIMIT_EXCEEDED"])
    assert crm.see("state")["records"]["Leads"] == 101
    assert crm.delete("Leads?ids=" + ",".join(ids[:100])).status_code == 200


@pytest.mark.parametrize("ids", ["x", "1,x", "1,,2", "-1", "1.0", "12345678901234567890"])
def test_malformed_ids_spoil_the_whole_call(crm: Crm, ids: str) -> None:
    crm.control("records", leads(2))
    response = crm.delete(f"Leads?ids={ids}")
    assert (response.status_code, codes(response)) == (400, ["UNABLE_TO_PARSE_DATA_TYPE"])
    assert crm.see("state")["records"]["Leads"] == 2


def test_one_by_path(crm: Crm) -> None:
    crm.control("records", leads(1))
    assert codes(crm.delete("Leads/1")) == ["SUCCESS"]
    gone, malformed = crm.delete("Leads/1").json(), crm.delete("Leads/x").json()
    assert gone["message"] == "record not deleted"
    assert malformed["message"] == "invalid record id"
    assert gone["details"] == malformed["details"] == {"resource_path_index": 1}


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ({"Locked__s": True}, "RECORD_LOCKED"),
        ({"$in_merge": True}, "RECORD_LOCKED"),
        ({"$approved": False}, "NOT_APPROVED"),
        ({"$converted": True}, "CONVERTED_RECORD"),
        ({"$delete_error": "NO_PERMISSION"}, "NO_PERMISSION"),
        ({"$delete_error": "CANNOT_DELETE"}, "CANNOT_DELETE"),
        ({"$delete_error": "RECORD_IN_BLUEPRINT"}, "RECORD_IN_BLUEPRINT"),
        ({"$delete_error": "CANNOT_PROCESS"}, "CANNOT_PROCESS"),
        ({"$delete_error": "INTERNAL_ERROR"}, "INTERNAL_ERROR"),
        ({"$delete_error": {"code": "NEW_CODE", "message": "never seen"}}, "NEW_CODE"),
    ],
)
def test_flags_of_a_record(crm: Crm, flags: dict[str, Any], code: str) -> None:
    """The same for delete, for mass delete by ids, and one by path."""
    crm.control("records", {"Leads": [{"id": "1", **flags}, {"id": "2"}]})
    assert codes(crm.delete("Leads/1")) == [code]
    assert codes(crm.post("Leads/actions/mass_delete", {"ids": ["1"]})) == [code]
    mixed = crm.delete("Leads?ids=1,2")
    assert (mixed.status_code, codes(mixed)) == (207, [code, "SUCCESS"])
    assert mixed.json()["data"][0]["details"]["id"] == "1"
    # A merge takes the flag away, and with it what stood in the way.
    crm.control("records", {"Leads": [{"id": "1", **dict.fromkeys(flags)}]})
    assert codes(crm.delete("Leads?ids=1")) == ["SUCCESS"]


def test_external_ids(crm: Crm) -> None:
    crm.control("records", {"Leads": [{"id": str(n), "External": f"a b/{n}"} for n in range(1, 4)]})
    header = {"X-EXTERNAL": "Leads.External"}
    one = crm.delete("Leads/a%20b%2F1", headers=header)
    assert one.json()["data"][0]["details"] == {"id": "1"}
    many = crm.delete("Leads?ids=a+b%2F2%2Ca+b%2F3%2Cnone", headers=header)
    assert (many.status_code, codes(many)) == (207, ["SUCCESS", "SUCCESS", "INVALID_DATA"])
    assert many.json()["data"][2]["details"] == {"id": "none"}
    gone = crm.delete("Leads/a%20b%2F1", headers=header)
    assert (gone.status_code, codes(gone)) == (400, ["INVALID_DATA"])


def test_the_external_index_follows_changes(crm: Crm) -> None:
    header = {"X-EXTERNAL": "Leads.External"}
    crm.control("records", {"Leads": [{"id": "1", "External": "a"}]})
    assert codes(crm.delete("Leads/b", headers=header)) == ["INVALID_DATA"]
    crm.control("records", {"Leads": [{"id": "1", "External": "b"}, {"id": "2", "External": "c"}]})
    assert codes(crm.delete("Leads/a", headers=header)) == ["INVALID_DATA"]
    assert codes(crm.delete("Leads/b", headers=header)) == ["SUCCESS"]
    assert codes(crm.delete("Leads/c", headers=header)) == ["SUCCESS"]


def test_the_external_field_belongs_to_the_module(crm: Crm) -> None:
    response = crm.delete("Leads/a", headers={"X-EXTERNAL": "Contacts.External"})
    assert (response.status_code, codes(response)) == (400, ["INVALID_DATA"])


def test_activities_are_tasks_events_and_calls(crm: Crm) -> None:
    crm.control("records", {"Tasks": [{"id": "1"}], "Events": [{"id": "2"}], "Calls": [{"id": "3"}]})
    assert codes(crm.delete("Activities?ids=1,2,3,4")) == ["SUCCESS"] * 3 + ["INVALID_DATA"]


@pytest.mark.parametrize("version", ["v2", "v3", "v4", "v5", "v6", "v7", "v8"])
def test_every_version(crm: Crm, version: str) -> None:
    crm.control("records", {"My_Module": [{"id": "1"}]})
    assert codes(crm.delete(f"{version}/My_Module?ids=1")) == ["SUCCESS"]


@pytest.mark.parametrize("path", ["v1/Leads?ids=1", "v9/Leads?ids=1", "v7", "v7/", "v7//1"])
def test_wrong_paths(crm: Crm, path: str) -> None:
    response = crm.delete(path)
    assert (response.status_code, codes(response)) == (404, ["INVALID_URL_PATTERN"])
