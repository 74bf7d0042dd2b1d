"""Zoho's own Python client, not patched, against the simulator: all of deleting and its errors."""

from collections.abc import Iterator
from typing import Any

import pytest

import simulator
from simulator import Settings
from tests.sdk.environment import told_by

pytestmark = pytest.mark.sdk

LOCKED = "You cannot perform this operation as the record is locked."
UNAPPROVED = "cannot delete record that is not approved yet"
RECORDS = {
    "Leads": [
        {"id": "71", "Locked__s": True},
        {"id": "72", "$approved": False},
        *({"id": str(72 + n), "External": f"ext {n}"} for n in (1, 2, 3)),
    ],
    "Campaigns": [{"id": "3652397000000327001", "Contacts": ["81"]}],
}
JOB = 3652397000009565021

# Step: HTTP status, then (code, message, id) of each element of data[]. The client gives ids of successful
# deletes as text and all others as numbers.
MANY: dict[str, tuple[int, list[tuple[str, str, Any]]]] = {
    "delete_many": (
        200,
        [
            ("SUCCESS", "record deleted", "410405000002264040"),
            ("SUCCESS", "record deleted", "410405000002264025"),
        ],
    ),
    "delete_mixed": (
        207,
        [
            ("INVALID_DATA", "record not deleted", 410405000002264040),
            ("SUCCESS", "record deleted", "3477061000005908033"),
        ],
    ),
    "delete_gone": (400, [("INVALID_DATA", "record not deleted", 410405000002264040)]),
    "delete_locked": (400, [("RECORD_LOCKED", LOCKED, 71), ("NOT_APPROVED", UNAPPROVED, 72)]),
    "delete_external_many": (200, [("SUCCESS", "record deleted", "73"), ("SUCCESS", "record deleted", "74")]),
    "delete_external_one": (200, [("SUCCESS", "record deleted", "75")]),
    "delete_one": (200, [("SUCCESS", "record deleted", "3477061000005908017")]),
    "mass_ids": (
        200,
        [
            ("SUCCESS", "record is deleted", 3652397000006064023),
            ("SUCCESS", "record is deleted", 3652397000003852074),
        ],
    ),
    "mass_ids_mixed": (
        207,
        [
            ("INVALID_DATA", "the id given seems to be invalid", None),
            ("SUCCESS", "record is deleted", 3477061000005908001),
        ],
    ),
    "mass_ids_gone": (400, [("INVALID_DATA", "the id given seems to be invalid", None)]),
    "mass_view": (200, [("SUCCESS", "mass delete scheduled successfully", None)]),
    "delink_many": (
        200,
        [
            ("SUCCESS", "relation removed", 3652397000000925128),
            ("SUCCESS", "relation removed", 3652397000000649013),
        ],
    ),
    "delink_gone": (400, [("INVALID_DATA", "the related id given seems to be invalid", 3652397000000925128)]),
    "delink_one": (200, [("SUCCESS", "relation removed", 81)]),
}
# Step: HTTP status, code and message of a bare error object.
REFUSED = {
    "delete_one_gone": (400, "INVALID_DATA", "record not deleted"),
    "delete_wrong_module": (400, "INVALID_MODULE", "The module name given seems to be invalid"),
    "delete_unsupported_module": (400, "INVALID_MODULE", "The given module is not supported in API"),
    "mass_view_twice": (
        400,
        "ALREADY_SCHEDULED",
        "Already a Mass Action scheduler is running for the given cvid",
    ),
    "mass_view_unknown": (400, "INVALID_DATA", "the cvid given seems to be invalid"),
    "mass_view_unsupported": (400, "NOT_SUPPORTED", "Mass delete is not supported for this module"),
    "status_unknown": (400, "INVALID_DATA", "The jobid given seems to be invalid"),
    "delink_one_gone": (400, "INVALID_DATA", "the related id given seems to be invalid"),
    "delink_no_parent": (404, "INVALID_DATA", "the id given seems to be invalid"),
}
OTHERS = ("count_before", "count_after", "sample_status", "job_finished")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the client made of every answer; it runs once for all tests."""
    settings = Settings(job_start_seconds=0.1, job_min_seconds=0.3)
    with simulator.running(settings=settings) as server:
        server.sim.load(RECORDS)
        yield {
            **told_by("driver.py", server.url, tmp_path_factory.mktemp("sdk")),
            "calls": server.sim.state.journal.since(0),
        }


def test_every_step_is_expected(told: dict[str, Any]) -> None:
    assert set(told) == {*MANY, *REFUSED, *OTHERS, "calls"}


@pytest.mark.parametrize("step", MANY)
def test_answers_record_by_record(told: dict[str, Any], step: str) -> None:
    status, items = MANY[step]
    found = told[step]
    seen = [(item["code"], item["message"], item["details"].get("id")) for item in found["data"]]
    assert (found["http"], found["object"], seen) == (status, "ActionWrapper", items)
    kinds = {item["kind"] for item in found["data"] if item["code"] == "SUCCESS"}
    assert kinds <= {"SuccessResponse"}


@pytest.mark.parametrize("step", REFUSED)
def test_refusals(told: dict[str, Any], step: str) -> None:
    found = told[step]
    error = found["error"]
    assert found["object"] == "APIException"
    assert (found["http"], error["code"], error["message"]) == REFUSED[step]


def test_the_job_runs_to_its_end(told: dict[str, Any]) -> None:
    final = {"kind": "Status", "status": "COMPLETED", "total": 9, "deleted": 9, "failed": 0}
    assert told["sample_status"]["data"] == [final]
    assert told["mass_view"]["data"][0]["details"] == {"job_id": JOB}
    assert told["job_finished"]["data"] == [final]
    assert told["job_finished"]["seen"][-2:] == ["RUNNING", "COMPLETED"]


def test_the_count_falls_by_what_the_job_deleted(told: dict[str, Any]) -> None:
    assert (told["count_before"]["count"], told["count_after"]["count"]) == (12, 3)


def test_the_wire_is_the_clients_own(told: dict[str, Any]) -> None:
    """Commas are encoded, booleans capitalised, ids of a mass delete numbers: all of it is taken."""
    queries = [call["query"] for call in told["calls"]]
    bodies = [call["body"] for call in told["calls"]]
    assert "ids=410405000002264040%2C410405000002264025&wf_trigger=False" in queries
    assert '{"ids": [3652397000006064023, 3652397000003852074]}' in bodies
    assert told["calls"][0]["path"] == "/oauth/v2/token"
