"""docs/openapi.json says what the endpoints do: fresh, and true of answers and of bodies."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chalicelib.domain.deletion import Approval, Counts, Plan
from chalicelib.domain.document import document as shown
from chalicelib.domain.errors import NotValid
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status
from chalicelib.web import request_body, strict_json
from docs.generate import errors, openapi, openapi_routes
from local.filling import new_key
from local.settings import ROOT
from tests.fakes import LEADS, NOW, SOURCES, House, Reply, event
from tests.fuzz.mutate import BODIES, Mutator

DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
CRM, STATUS = "/v1/sources/{source}/deletions", "/v1/deletions/{id}"
VIEW = {"operation": "mass_delete", "module": "Leads", "cvid": "3652397000000538003"}


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    """Checks against a schema of the document, its references resolved there."""
    return Draft202012Validator({"components": DOCUMENT["components"], **schema})


def described(path: str, method: str, status: int) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][path][method]["responses"][str(status)]
    if "$ref" in found:
        found = DOCUMENT["components"]["responses"][found["$ref"].rpartition("/")[2]]
    return found


def fits(reply: Reply, path: str = CRM, method: str = "post") -> None:
    """The answer is one that the document describes for the route: its body and its headers."""
    found = described(path, method, reply.status)
    if reply.headers["Content-Type"] == "application/json":
        validator(found["content"]["application/json"]["schema"]).validate(reply.json)
    else:
        assert reply.headers["Content-Type"].startswith("text/html")
        assert "text/html" in found["content"]
    for name, where in found["headers"].items():
        header = DOCUMENT["components"]["headers"][where["$ref"].rpartition("/")[2]]
        if header.get("required") or name in reply.headers:
            validator(header["schema"]).validate(reply.headers[name])


def test_the_documents_made_from_code_are_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert openapi.main(["--check"]) == 0, capsys.readouterr().err
    assert errors.main(["--check"]) == 0, capsys.readouterr().err


def test_a_route_that_is_not_described_is_named() -> None:
    with pytest.raises(openapi.NotDescribed, match=r"^PUT .* describe it in docs/generate/"):
        openapi.document({STATUS: ["GET", "PUT"]})


def test_an_operators_call_that_does_not_tell_of_dry_runs_is_named() -> None:
    at = ("/v1/operator/pause", "PUT")
    described = {at: replace(openapi_routes.ROUTES[at], parameters=())}
    with pytest.raises(openapi.NotDescribed, match=r"^PUT .*: give it the parameter dry_run"):
        openapi.document({at[0]: ["PUT"]}, described)


@pytest.mark.parametrize("body", [LEADS, VIEW, *BODIES[:1]])
def test_what_is_accepted_and_read(body: dict[str, Any]) -> None:
    house = House()
    accepted = house.post(body)
    fits(accepted)
    fits(house.post(body))
    link = accepted.json["links"]["self"]
    fits(house.get(link), STATUS, "get")
    fits(house.get(link, accept="text/html"), STATUS, "get")
    fits(house.get(link, "/records"), STATUS + "/records", "get")
    fits(house.get(link, "/records", cursor="x"), STATUS + "/records", "get")
    fits(house.get(link + "x"), STATUS, "get")
    fits(house.get(link + "x", accept="text/html"), STATUS, "get")


def test_the_status_document_has_no_field_that_is_not_described() -> None:
    house = House()
    described_keys = set(DOCUMENT["components"]["schemas"]["Deletion"]["properties"])
    seen: set[str] = set()
    for number, body in enumerate((LEADS, VIEW)):
        deletion_id = house.post(body, delivery=f"m{number}").json["id"]
        deletion = replace(
            house.ledger.rows[deletion_id].deletion,
            plan=Plan(would_delete=1, first_ids=("1",), calls=1, credits=1),
            job_id="3652397000009565021",
            job_status="RUNNING",
            retry_of="del_0",
            lane_ahead=1,
            approval=Approval(count=1, asked_at=NOW, expires_at=NOW + 1),
        )
        whole = replace(deletion.request, policy="old-leads", run="2026-01-01", parent="del_0")
        ended = replace(
            deletion,
            request=replace(deletion.request, operation=Operation.DELETE_RECORDS),
            status=Status.COMPLETED,
            id_count=1,
            counts=Counts(requested=1, deleted=1),
        )
        each_of = [replace(whole, operation=operation) for operation in Operation]
        others = [shown(replace(deletion, request=each)) for each in each_of]
        for document in (shown(deletion), shown(ended), *others):
            validator({"$ref": "#/components/schemas/Deletion"}).validate(document)
            seen |= set(document)
    assert seen == described_keys


def test_every_refusal_of_the_intake() -> None:
    house = House(SOURCES)
    house.post(LEADS)
    body = json.dumps(LEADS).encode()
    replies = [
        house.post({}, delivery="a"),
        house.post(LEADS, key=new_key()),
        house.post(LEADS | {"module": "Deals"}, delivery="b"),
        house.post(VIEW),
        house.post(b" " * 300_000),
        house.post(body, media="text/plain"),
        house.post(LEADS, "broken"),
    ]
    assert [reply.status for reply in replies] == [400, 401, 403, 409, 413, 415, 503]
    for reply in replies:
        fits(reply)
    assert set(DOCUMENT["paths"][CRM]["post"]["responses"]) == {
        *("202", "400", "401", "403", "404", "405", "409", "413", "415", "429", "503"),
    }


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize(("path", "allowed"), [(CRM, "POST"), (STATUS, "GET"), (STATUS + "/records", "GET")])
def test_a_method_that_a_path_does_not_take(path: str, allowed: str, method: str) -> None:
    reply = House().send(event(path, {"source": "crm", "id": "x"}, {"Accept": "*/*"}, method=method))
    assert (reply.status, reply.headers["Allow"]) == (405, allowed)
    fits(reply, path, allowed.lower())


def accepted(body: bytes) -> bool:
    try:
        request_body.request_from_json(body, "default", 5000)
    except NotValid:
        return False
    return True


@pytest.mark.slow
def test_bodies_are_good_for_the_document_where_they_are_good_for_us() -> None:
    mutator, checks = Mutator(Random(11)), validator({"$ref": "#/components/schemas/DeletionRequest"})
    seen = set()
    for _ in range(4000):
        body = mutator.body()
        try:
            value = strict_json.parse(body)
        except NotValid:  # what it is not as JSON, no schema can say
            continue
        assert checks.is_valid(value) == accepted(body), body
        seen.add(accepted(body))
    assert seen == {True, False}
