"""docs/openapi.json is true of what the operators' endpoints answer."""

from __future__ import annotations

from typing import Any

from tests.app.test_openapi import fits
from tests.app.test_operator import Office
from tests.app.test_policies import DOCUMENT
from tests.app.test_policies import Office as PolicyOffice
from tests.fakes import LEADS

ROOT = "/v1/operator"
ONE, HOLD = f"{ROOT}/deletions/{{id}}", f"{ROOT}/holds/{{module}}/{{record_id}}"
POLICY = f"{ROOT}/policies/{{name}}"
RECORD: Any = {"module": "Leads", "record_id": "1"}


def test_deletions_and_commands() -> None:
    office = Office()
    sent = office.send(LEADS)
    fits(sent, f"{ROOT}/deletions")
    fits(office.send(LEADS, key=None), f"{ROOT}/deletions")
    fits(office.call("GET", f"{ROOT}/deletions"), f"{ROOT}/deletions", "get")
    one = sent.json["id"]
    for each in (one, "del_01JD0000000000000000000000"):
        fits(office.call("GET", ONE, id=each), ONE, "get")
    seen = set()
    for what, body in (
        ("approve", {"count": 1}),
        ("resolve", {"outcome": "done"}),
        ("retry", None),
        ("cancel", None),
    ):
        for given in (body, {"bogus": 1}):
            reply = office.on(one, what, given)
            fits(reply, f"{ONE}/{what}")
            seen.add(reply.status)
    fits(office.on("del_01JD0000000000000000000000", "cancel"), f"{ONE}/cancel")
    assert seen == {202, 400, 409}


def test_holds_and_pauses() -> None:
    office = Office()
    fits(
        office.call("PUT", HOLD, {"reason": "audit", "until": "2099-01-01T00:00:00Z"}, **RECORD), HOLD, "put"
    )
    fits(office.call("PUT", HOLD, {}, **RECORD), HOLD, "put")
    fits(office.call("GET", f"{ROOT}/holds"), f"{ROOT}/holds", "get")
    for method in ("GET", "DELETE", "GET"):
        fits(office.call(method, HOLD, **RECORD), HOLD, method.lower())
    for body in ({"paused": True, "reason": "audit"}, {}):
        fits(office.call("PUT", f"{ROOT}/pause", body), f"{ROOT}/pause", "put")
    fits(office.call("GET", f"{ROOT}/pause"), f"{ROOT}/pause", "get")


def test_policies() -> None:
    office = PolicyOffice()
    fits(office.call("PUT", "old", DOCUMENT), POLICY, "put")
    fits(office.call("PUT", "old", {}), POLICY, "put")
    fits(office.call("GET"), f"{ROOT}/policies", "get")
    fits(office.call("POST", "old/run"), f"{POLICY}/run")
    for method in ("GET", "DELETE", "GET"):
        fits(office.call(method, "old"), POLICY, method.lower())
