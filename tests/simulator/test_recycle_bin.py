"""The recycle bin: list, count, purge, restore, empty, the age limit."""

import json
from typing import Any

import pytest

from tests.simulator.crm import Crm, codes

BIN = "v8/settings/recycle_bin"
LEADS = {
    "group_operator": "AND",
    "group": [{"field": {"api_name": "module"}, "comparator": "equal", "value": "Leads"}],
}


@pytest.fixture
def bin_(crm: Crm) -> Crm:
    """Leads 1 to 3 and contact 4 were deleted, ten seconds apart."""
    leads = [{"id": str(n), "Last_Name": f"L{n}"} for n in (1, 2, 3)]
    crm.control("records", {"Leads": leads, "Contacts": [{"id": "4", "Last_Name": "C"}]})
    for path in ("Leads?ids=1", "Leads?ids=2", "Leads?ids=3", "Contacts?ids=4"):
        crm.delete(path)
        crm.advance(10)
    return crm


def listed(crm: Crm, query: str = "") -> list[str]:
    response = crm.get(f"{BIN}?{query}")
    return [] if response.status_code == 204 else [item["id"] for item in response.json()["recycle_bin"]]


def left(crm: Crm) -> dict[str, int]:
    return {name: count for name, count in crm.see("state")["records"].items() if count}


def outcome(response: Any) -> tuple[int, list[str], list[str]]:
    items = response.json()["recycle_bin"]
    return response.status_code, [item["code"] for item in items], [item["message"] for item in items]


def test_list(bin_: Crm) -> None:
    assert listed(bin_) == ["4", "3", "2", "1"]
    assert listed(bin_, "ids=1,2") == ["2", "1"]
    assert listed(bin_, "page=2&per_page=3") == ["1"]
    assert listed(bin_, "sort_by=display_name&sort_order=asc") == ["4", "1", "2", "3"]
    assert listed(bin_, f"filters={json.dumps(LEADS)}") == ["3", "2", "1"]
    item = bin_.get(f"{BIN}/4").json()["recycle_bin"][0]
    assert (item["display_name"], item["module"]["api_name"]) == ("C", "Contacts")
    assert bin_.get(f"{BIN}/actions/count").json() == {"count": 4}
    assert bin_.get(f"{BIN}/404").status_code == 204
    assert bin_.get(f"{BIN}?ids=404").status_code == 204


def test_purge(bin_: Crm) -> None:
    assert outcome(bin_.delete(f"{BIN}/1"))[:2] == (200, ["SUCCESS"])
    assert outcome(bin_.delete(f"{BIN}?ids=1,2"))[:2] == (207, ["INVALID_DATA", "SUCCESS"])
    assert outcome(bin_.delete(f"{BIN}?ids=1"))[:2] == (400, ["INVALID_DATA"])
    assert listed(bin_) == ["4", "3"]
    assert [item["type"] for item in bin_.get("Leads/deleted").json()["data"]] == [
        "permanent",
        "permanent",
        "recycle",
    ]


def test_restore(bin_: Crm) -> None:
    assert outcome(bin_.post(f"{BIN}/1/actions/restore")) == (200, ["SUCCESS"], ["record restored"])
    assert outcome(bin_.post(f"{BIN}/actions/restore", {"ids": ["1", 2]})) == (
        207,
        ["INVALID_DATA", "SUCCESS"],
        ["the id given seems to be invalid", "record restored"],
    )
    assert left(bin_) == {"Leads": 2}
    assert bin_.get("Leads/1").json()["data"][0]["Last_Name"] == "L1"
    assert [item["id"] for item in bin_.get("Leads/deleted").json()["data"]] == ["3"]


def test_by_filter_it_is_scheduled(bin_: Crm) -> None:
    response = bin_.post(f"{BIN}/actions/restore", {"filters": LEADS})
    assert response.json()["recycle_bin"][0] == {
        "code": "SCHEDULED",
        "details": {},
        "message": "record has been scheduled for restoration",
        "status": "success",
    }
    assert (response.status_code, left(bin_)) == (202, {})
    bin_.advance(1)
    assert left(bin_) == {"Leads": 3}
    purge = bin_.delete(f"{BIN}?filters={json.dumps({**LEADS, 'group': []})}")
    assert outcome(purge) == (202, ["SCHEDULED"], ["record has been scheduled for deletion"])
    bin_.advance(1)
    assert listed(bin_) == []


def test_restore_all(bin_: Crm) -> None:
    assert bin_.post(f"{BIN}/actions/restore", {"restore_all_records": True}).status_code == 202
    bin_.advance(1)
    assert left(bin_) == {"Leads": 3, "Contacts": 1}


def test_empty(bin_: Crm) -> None:
    assert outcome(bin_.post(f"{BIN}/actions/empty")) == (200, ["SUCCESS"], ["recyclebin is cleared"])
    assert listed(bin_) == []


def test_emptying_a_large_bin_is_scheduled(crm: Crm) -> None:
    crm.control("generate", {"module": "Leads", "count": 1_001, "first_id": "1"})
    for first in range(1, 1_002, 500):
        ids = [str(n) for n in range(first, min(first + 500, 1_002))]
        crm.post("Leads/actions/mass_delete", {"ids": ids})
    assert crm.post(f"{BIN}/actions/empty").status_code == 202
    crm.advance(1)
    assert listed(crm) == []


def test_a_parent_in_the_bin(crm: Crm) -> None:
    crm.control("records", {"Contacts": [{"id": "1", "$parent_deleted": True}]})
    crm.delete("Contacts?ids=1")
    assert outcome(crm.post(f"{BIN}/1/actions/restore"))[:2] == (400, ["CANNOT_RESTORE_WITHOUT_PARENT"])


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "v5/settings/recycle_bin", None, 404, "INVALID_URL_PATTERN"),
        ("POST", "v7/settings/recycle_bin/actions/empty", None, 404, "INVALID_URL_PATTERN"),
        ("POST", "v7/settings/recycle_bin/1/actions/restore", None, 404, "INVALID_URL_PATTERN"),
        ("PUT", BIN, None, 400, "INVALID_REQUEST_METHOD"),
        ("DELETE", BIN, None, 400, "REQUIRED_PARAM_MISSING"),
        ("DELETE", f"{BIN}?ids=x", None, 400, "UNABLE_TO_PARSE_DATA_TYPE"),
        ("DELETE", f"{BIN}?ids=" + ",".join(map(str, range(101))), None, 400, "LIMIT_EXCEEDED"),
        ("DELETE", f"{BIN}?filters=x", None, 403, "INVALID_DATA"),
        ("GET", f"{BIN}?sort_by=x", None, 400, "INVALID_DATA"),
        ("POST", f"{BIN}/actions/restore", {}, 400, "EXPECTED_FIELD_MISSING"),
        ("POST", f"{BIN}/actions/restore", {"ids": []}, 400, "MANDATORY_NOT_FOUND"),
        (
            "POST",
            f"{BIN}/actions/restore",
            {"ids": ["1"], "filters": LEADS},
            400,
            "AMBIGUITY_DURING_PROCESSING",
        ),
        (
            "POST",
            f"{BIN}/actions/restore",
            {"filters": {**LEADS, "group_operator": "OR"}},
            403,
            "INVALID_DATA",
        ),
        ("POST", f"{BIN}/actions/restore", {"restore_all_records": False}, 400, "INVALID_DATA"),
    ],
)
def test_refused(bin_: Crm, method: str, path: str, body: Any, status: int, code: str) -> None:
    response = bin_.call(method, path, json=body)
    assert (response.status_code, codes(response)) == (status, [code])


def test_sixty_days_then_gone(bin_: Crm) -> None:
    bin_.advance(60 * 86_400 - 35)
    bin_.authorize()
    assert listed(bin_) == ["4", "3", "2"]
    bin_.advance(60)
    assert listed(bin_) == []
    assert {item["type"] for item in bin_.get("Leads/deleted").json()["data"]} == {"permanent"}


def test_the_same_id_in_two_modules(crm: Crm) -> None:
    crm.control("records", {"Leads": [{"id": "1"}], "Contacts": [{"id": "1"}]})
    crm.delete("Leads?ids=1")
    crm.delete("Contacts?ids=1")
    assert len(listed(crm)) == 2
    # A record that is loaded again has left the bin.
    crm.control("records", {"Leads": [{"id": "1"}]})
    assert [item["module"]["api_name"] for item in crm.get(BIN).json()["recycle_bin"]] == ["Contacts"]
