"""Update Records: the fields of one record, and nothing else."""

from typing import Any

import pytest

from tests.simulator.crm import Crm, codes

CASE = "3652397000000111001"


@pytest.fixture
def case(crm: Crm) -> str:
    crm.control("records", {"Cases": [{"id": CASE, "Subject": "Erasure", "Status": "New"}]})
    return f"v8/Cases/{CASE}"


def put(crm: Crm, path: str, body: Any) -> Any:
    return crm.call("PUT", path, json=body)


def test_it_merges(crm: Crm, case: str) -> None:
    answer = put(crm, case, {"data": [{"Status": "Closed", "Deletion": None}], "trigger": []})
    assert (answer.status_code, codes(answer)) == (200, ["SUCCESS"])
    (item,) = answer.json()["data"]
    assert (item["message"], item["details"]["id"]) == ("record updated", CASE)
    (record,) = crm.get(case).json()["data"]
    assert (record["Status"], record["Subject"], record["Deletion"]) == ("Closed", "Erasure", None)
    assert record["Modified_Time"] == item["details"]["Modified_Time"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([], "UNABLE_TO_PARSE_DATA_TYPE"),
        ({}, "MANDATORY_NOT_FOUND"),
        ({"data": []}, "MANDATORY_NOT_FOUND"),
        ({"data": {"Status": "x"}}, "INVALID_DATA"),
        ({"data": [{"Status": "x"}, {"Status": "y"}]}, "INVALID_DATA"),
        ({"data": [{"Status": "x"}], "trigger": ["all"]}, "INVALID_DATA"),
        ({"data": [{"Status": "x"}], "more": 1}, "INVALID_DATA"),
        ({"data": [{"Status": "x", "id": "5"}]}, "INVALID_DATA"),
        ({"data": [{"Status": ["x"]}]}, "INVALID_DATA"),
    ],
)
def test_what_is_refused_changes_nothing(crm: Crm, case: str, body: Any, code: str) -> None:
    answer = put(crm, case, body)
    assert (answer.status_code, codes(answer)) == (400, [code])
    assert crm.get(case).json()["data"][0]["Status"] == "New"


@pytest.mark.parametrize("path", ["v8/Cases/404", "v8/Cases/x"])
def test_a_record_that_is_not_there_is_not_made(crm: Crm, case: str, path: str) -> None:
    answer = put(crm, path, {"data": [{"Status": "Closed"}]})
    assert (answer.status_code, codes(answer)) == (400, ["INVALID_DATA"])
    assert crm.see("state")["records"]["Cases"] == 1


def test_a_locked_record(crm: Crm, case: str) -> None:
    crm.control("records", {"Cases": [{"id": CASE, "Locked__s": True}]})
    assert codes(put(crm, case, {"data": [{"Status": "Closed"}]})) == ["RECORD_LOCKED"]


@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        (["ZohoCRM.modules.cases.UPDATE"], 200),
        (["ZohoCRM.modules.cases.WRITE"], 200),
        (["ZohoCRM.modules.cases.READ", "ZohoCRM.modules.leads.UPDATE"], 401),
    ],
)
def test_scopes(crm: Crm, case: str, scopes: list[str], status: int) -> None:
    crm.control("settings", {"scopes": scopes})
    assert put(crm, case, {"data": [{"Status": "Closed"}]}).status_code == status


def test_the_setting_refuse(crm: Crm, case: str) -> None:
    crm.control("settings", {"refuse": {"Cases.update": "NO_PERMISSION"}})
    answer = put(crm, case, {"data": [{"Status": "Closed"}]})
    assert (answer.status_code, codes(answer)) == (403, ["NO_PERMISSION"])
