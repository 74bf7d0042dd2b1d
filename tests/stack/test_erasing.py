"""The erasure of a person on the local stack: asked for, approved by an operator, gone for good."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from cli import http
from cli.operator_api import OperatorApi
from local import filling
from local.running import RunningStack
from tests.stack.conftest import Events, wait_for
from tests.stack.test_service import add_source

pytestmark = pytest.mark.stack

LEAD, CONTACT, OTHER = "540000000001000001", "540000000001000002", "540000000001000003"
REQUEST = {"operation": "erase_person"}
IDENTITY = {"emails": ["anna@erased.example"], "phones": ["+43 660 7654321"]}


def sim(stack: RunningStack, control: str, body: Any) -> None:
    requests.post(f"{stack['zoho_url']}/_sim/{control}", json=body, timeout=300).raise_for_status()


def source(stack: RunningStack, name: str, **limits: Any) -> str:
    """The key of a source that may ask for erasures, once it is known."""
    key = filling.new_key()
    add_source(stack, name, keys=[key], operations=["erase_person"], **limits)
    nobody = {**REQUEST, "identity": {"emails": ["nobody@erased.example"]}, "dry_run": True}
    wait_for(lambda: stack.send(nobody, source=name, key=key).status_code == 202, what=name)
    return key


def operator(stack: RunningStack) -> OperatorApi:
    return OperatorApi(stack["api_url"], stack["region"], stack.aws.session().get_credentials())


def asked(api: OperatorApi, one: str) -> dict[str, Any]:
    """Its document once it waits for the approval of its map."""

    def look() -> dict[str, Any]:
        found = http.good(api.call("GET", f"deletions/{one}"))
        return found if found["status"] == "awaiting_approval" else {}

    return wait_for(look, what="its map")


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error", {}).get("code", "")


def test_a_person_is_found_approved_erased_and_looked_for_again(stack: RunningStack, events: Events) -> None:
    people = [
        {"id": LEAD, "Last_Name": "Anna", "Email": "Anna@Erased.example"},
        {"id": OTHER, "Last_Name": "Joanna", "Email": "joanna@erased.example"},
    ]
    sim(stack, "records", {"Leads": people})
    sim(stack, "records", {"Contacts": [{"id": CONTACT, "Last_Name": "A", "Phone": "+43 (660) 765 43 21"}]})
    key = source(stack, "privacy", permanent_min_days=0)
    request = {**REQUEST, "identity": IDENTITY, "permanent_after": "PT0H"}
    one = str(stack.send(request, source="privacy", key=key).json()["id"])
    api = operator(stack)

    def read(path: str) -> Any:
        return http.good(api.call("GET", path))

    shown = asked(api, one)
    plan = shown["plan"]
    assert plan["by_module"] == {"Contacts": 1, "Leads": 1}
    page = read(f"deletions/{one}/map")
    assert {(each["module"], each["id"], each["action"]) for each in page["entries"]} == {
        ("Contacts", CONTACT, "delete"),
        ("Leads", LEAD, "delete"),
    }
    assert page["map_hash"] == plan["map_hash"]
    given = {"map_hash": plan["map_hash"], "count": 2}
    http.good(api.call("POST", f"deletions/{one}/approve", body=given))
    event = events.final(one)
    assert event["data"]["status"] == "completed"
    assert event["data"]["counts"]["deleted"] == 2
    assert event["data"]["verification"]["found_again"] == 0
    assert "anna" not in json.dumps(events.of(one)).lower()
    person_map = read("person-map")
    assert person_map["modules"]["Leads"] == {"action": "delete"}
    state = requests.get(f"{stack['zoho_url']}/_sim/calls", timeout=300).json()
    assert not [
        each for each in state if each["method"] == "DELETE" and OTHER in each["path"] + each["query"]
    ]
    children = read(f"deletions/{one}")["recycle_bin"]["deletions"]
    assert len(children) == 2
    for child in children:
        assert events.final(child["id"])["data"]["status"] == "completed"


def test_while_it_waits_only_another_operator_may_approve_exactly_its_map(stack: RunningStack) -> None:
    one_of_them = "540000000001000011"
    sim(stack, "records", {"Contacts": [{"id": one_of_them, "Last_Name": "B", "Email": "b@erased.example"}]})
    api, key = operator(stack), source(stack, "privacy-waits")
    named = [{"module": "Contacts", "id": one_of_them}, {"module": "Contacts", "id": "540000000001999999"}]
    body = json.dumps({**REQUEST, "identity": {"records": named}}).encode()
    asks = {"Expunge-Asked-By": stack.client("sts").get_caller_identity()["Arn"]}
    words: dict[str, Any] = {"source": "privacy-waits", "key": key, "delivery": "waits-1", "headers": asks}
    receipt = stack.send(body, **words).json()
    again = stack.send(body, **words)
    assert (again.status_code, again.json()) == (202, receipt)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert code(stack.send(body.replace(b"{", b'{"reference": "x", ', 1), **words)) == (409, "conflict")

    path = f"deletions/{receipt['id']}"
    plan = asked(api, receipt["id"])["plan"]
    reach = {(each["code"], each["field"]) for each in plan["out_of_reach"]}
    assert ("NAMED_RECORD_NOT_SHOWN", "/identity/records/1") in reach
    assert ("NAMED_RECORD_NOT_SHOWN", "/identity/records/0") not in reach
    given = {"map_hash": plan["map_hash"], "count": 1}
    for wrong in ({"map_hash": "0" * 64}, {"count": 2}):
        assert code(api.call("POST", f"{path}/approve", body={**given, **wrong}))[0] in (403, 409)
    queries: tuple[dict[str, str], ...] = ({}, {"dry_run": "true"})
    for query in queries:
        assert code(api.call("POST", f"{path}/approve", query, given)) == (403, "not_allowed")
    for call, sent in (("retry", None), ("restore", {}), ("delete_permanently", {}), ("forget", None)):
        assert code(api.call("POST", f"{path}/{call}", body=sent)) == (409, "conflict"), call
    assert api.call("POST", f"{path}/cancel").status_code == 202
    wait_for(lambda: api.deletion(receipt["id"])["status"] == "cancelled", what="the cancel")
    for call, body_of_it in (("approve", given), ("cancel", None), ("retry", None)):
        assert code(api.call("POST", f"{path}/{call}", body=body_of_it)) == (409, "conflict"), call
    assert api.call("GET", f"{path}/map").json()["map_hash"] == plan["map_hash"]
    assert one_of_them in {each["id"] for each in records(stack, "Contacts")}


def test_a_map_that_grows_past_what_its_source_may_name_deletes_nothing(
    stack: RunningStack, events: Events
) -> None:
    def enter(one: str) -> None:
        sim(stack, "records", {"Contacts": [{"id": one, "Last_Name": "C", "Email": "c@erased.example"}]})

    enter("540000000001000021")
    api, key = operator(stack), source(stack, "privacy-grows", max_records_per_day=1)
    request = {**REQUEST, "identity": {"emails": ["c@erased.example"]}}
    one = str(stack.send(request, source="privacy-grows", key=key).json()["id"])
    plan = asked(api, one)["plan"]
    enter("540000000001000022")
    given = {"map_hash": plan["map_hash"], "count": 1}
    http.good(api.call("POST", f"deletions/{one}/approve", body=given))
    end = events.final(one)["data"]
    assert (end["status"], [each["code"] for each in end["problems"]]) == ("refused", ["DAILY_LIMIT"])
    there = {each["id"] for each in records(stack, "Contacts")}
    assert {"540000000001000021", "540000000001000022"} <= there


def records(stack: RunningStack, module: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{stack['zoho_url']}/_sim/records?module={module}", timeout=300)
    found: list[dict[str, Any]] = answer.json()
    return found
