"""Faults: each kind, and how often."""

import time
from typing import Any

import pytest
import requests

from tests.simulator.crm import Crm, codes

START, STATUS = "Leads/actions/mass_delete", "Leads/actions/mass_delete?job_id="


@pytest.fixture
def leads(crm: Crm) -> Crm:
    crm.control("records", {"Leads": [{"id": str(n)} for n in range(1, 11)]})
    crm.control("views", {"module": "Leads", "cvid": "77", "ids": [str(n) for n in range(1, 11)]})
    return crm


def fault(crm: Crm, kind: str, **more: Any) -> None:
    crm.control("faults", [{"kind": kind, **more}])


def left(crm: Crm) -> int:
    return int(crm.see("state")["records"]["Leads"])


@pytest.mark.parametrize(("kind", "remaining"), [("drop_before", 10), ("drop_after", 9)])
def test_dropped_connections(leads: Crm, kind: str, remaining: int) -> None:
    fault(leads, kind, method="DELETE", path="^/crm/v7/Leads$")
    with pytest.raises(requests.ConnectionError):
        leads.delete("Leads?ids=1")
    assert left(leads) == remaining
    call = leads.see("calls")[-1]
    assert (call["method"], call["path"], call["query"], call["status"]) == (
        "DELETE",
        "/crm/v7/Leads",
        "ids=1",
        None,
    )
    assert leads.delete("Leads?ids=2").status_code == 200


def test_a_dropped_start_of_a_job(leads: Crm) -> None:
    fault(leads, "drop_after", method="POST", path="mass_delete")
    with pytest.raises(requests.ConnectionError):
        leads.post(START, {"cvid": "77"})
    leads.advance(60)
    assert left(leads) == 0


def test_reply(leads: Crm) -> None:
    fault(leads, "reply", status=502, body="<html>Bad Gateway</html>", times=2)
    fault(leads, "reply", status=503, headers={"Retry-After": "7"})
    first, _, third = (leads.delete("Leads?ids=1") for _ in range(3))
    assert (first.status_code, first.text) == (502, "<html>Bad Gateway</html>")
    assert first.headers["Content-Type"].startswith("text/html")
    assert (third.status_code, third.content, third.headers["Retry-After"]) == (503, b"", "7")
    assert left(leads) == 10
    assert leads.delete("Leads?ids=1").status_code == 200


@pytest.mark.parametrize(
    ("status", "code"), [(401, "INVALID_TOKEN"), (429, "TOO_MANY_REQUESTS"), (500, "INTERNAL_ERROR")]
)
def test_usual_bodies(leads: Crm, status: int, code: str) -> None:
    fault(leads, "reply", status=status)
    assert codes(leads.delete("Leads?ids=1")) == [code]


def test_a_reply_after_the_work(leads: Crm) -> None:
    fault(leads, "reply", status=500, body={"any": "thing"}, when="after")
    assert leads.delete("Leads?ids=1").json() == {"any": "thing"}
    assert left(leads) == 9


@pytest.mark.parametrize("when", ["before", "after"])
def test_slow(leads: Crm, when: str) -> None:
    fault(leads, "slow", seconds=0.2, when=when)
    began = time.monotonic()
    assert leads.delete("Leads?ids=1").status_code == 200
    assert time.monotonic() - began >= 0.2


def test_expired_token(leads: Crm) -> None:
    fault(leads, "expired_token")
    refused = leads.delete("Leads?ids=1")
    assert (refused.status_code, codes(refused)) == (401, ["INVALID_TOKEN"])
    # The token stays dead; a new one is good.
    assert leads.delete("Leads?ids=1").status_code == 401
    leads.authorize()
    assert leads.delete("Leads?ids=1").status_code == 200


def test_foreign_job(leads: Crm) -> None:
    fault(leads, "foreign_job", seconds=30)
    assert codes(leads.post(START, {"cvid": "77"})) == ["ALREADY_SCHEDULED"]
    leads.control("settings", {"already_scheduled_scope": "view"})
    assert codes(leads.post(START, {"cvid": "77"})) == ["ALREADY_SCHEDULED"]
    leads.advance(30)
    assert codes(leads.post(START, {"cvid": "77"})) == ["SUCCESS"]


def test_a_foreign_job_over_a_view(leads: Crm) -> None:
    fault(leads, "foreign_job", seconds=10, module="Leads", cvid="77")
    leads.advance(5)
    assert left(leads) == 5
    leads.advance(5)
    assert left(leads) == 0


def start(crm: Crm) -> str:
    return str(crm.post(START, {"cvid": "77"}).json()["data"][0]["details"]["job_id"])


def status(crm: Crm, job: str) -> tuple[str, int, int]:
    found = crm.get(STATUS + job).json()["data"][0]
    return found["Status"], found["Deleted_Count"], found["Failed_Count"]


def test_stuck_for_ever(leads: Crm) -> None:
    fault(leads, "job_stuck")
    job = start(leads)
    leads.advance(3000)
    assert status(leads, job) == ("RUNNING", 0, 0)
    assert codes(leads.post(START, {"cvid": "77"})) == ["ALREADY_SCHEDULED"]


def test_stuck_for_a_while(leads: Crm) -> None:
    fault(leads, "job_stuck", after=4, seconds=100, job_status="SUSPENDED")
    job = start(leads)
    leads.advance(1)
    assert status(leads, job) == ("RUNNING", 2, 0)
    leads.advance(98)
    assert status(leads, job) == ("SUSPENDED", 4, 0)
    leads.advance(1)
    assert status(leads, job) == ("COMPLETED", 10, 0)


def test_failed_with_none_some_or_by_time(leads: Crm) -> None:
    found = []
    for more in ({}, {"after": 3}, {"seconds": 1}):
        fault(leads, "job_failed", **more)
    for _ in range(3):  # one fault for each job
        job = start(leads)
        leads.advance(60)
        found.append(status(leads, job))
    assert found == [("FAILED", 0, 0), ("FAILED", 3, 0), ("FAILED", 3, 0)]
    assert left(leads) == 4


def test_vanished(leads: Crm) -> None:
    fault(leads, "job_vanished")
    job = start(leads)
    assert codes(leads.get(STATUS + job)) == ["INVALID_DATA"]
    leads.advance(60)
    assert left(leads) == 0


def test_a_running_job_by_its_id(leads: Crm) -> None:
    job = start(leads)
    leads.advance(1.5)
    fault(leads, "job_failed", job_id=job)
    assert status(leads, job) == ("FAILED", 5, 0)


def test_how_often(leads: Crm) -> None:
    fault(leads, "reply", status=500, path="Contacts")
    assert leads.delete("Leads?ids=1").status_code == 200
    fault(leads, "reply", status=500, probability=1, times=2)
    assert [leads.get("org").status_code for _ in range(3)] == [500, 500, 200]
    fault(leads, "reply", status=500, probability=0)
    assert leads.get("org").status_code == 200
    fault(leads, "reply", status=500, probability=1.0)
    assert [leads.get("org").status_code for _ in range(3)] == [500, 500, 500]
    assert leads.http.delete(leads.server.url + "/_sim/faults", timeout=60).json() == {"faults": []}
    assert leads.get("org").status_code == 200


def test_the_token_endpoint_too(leads: Crm) -> None:
    fault(leads, "reply", path="/oauth/v2/token", status=200, body={"error": "invalid_code"})
    assert leads.token().json() == {"error": "invalid_code"}


@pytest.mark.parametrize(
    "body",
    [
        "drop",
        {"kind": "explode"},
        {"kind": "reply", "times": 0},
        {"kind": "reply", "times": "2"},
        {"kind": "reply", "probability": 2},
        {"kind": "reply", "status": 99},
        {"kind": "reply", "path": "("},
        {"kind": "reply", "when": "later"},
        {"kind": "reply", "headers": {"a": 1}},
        {"kind": "reply", "headers": {"a": "b\r\nc: d"}},
        {"kind": ["reply"]},
        {"kind": "job_stuck", "job_status": 5},
        {"kind": "reply", "pth": "typo"},
        {"kind": "slow"},
        {"kind": "slow", "seconds": -1},
        {"kind": "foreign_job"},
        {"kind": "foreign_job", "seconds": 1, "module": "Leads", "cvid": "404"},
        {"kind": "job_failed", "job_id": "404"},
        {"kind": "job_failed", "job_id": 404},
    ],
)
def test_bad_faults(leads: Crm, body: Any) -> None:
    """One bad fault of a list spoils the list."""
    asked = [{"kind": "drop_before"}, body]
    response = leads.http.post(leads.server.url + "/_sim/faults", json=asked, timeout=60)
    assert response.status_code == 400
    assert response.json()["error"]
    assert leads.see("state")["faults"] == []
