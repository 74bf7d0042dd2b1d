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

pytestmark = pytest.mark.stack

LEAD, CONTACT, OTHER = "540000000001000001", "540000000001000002", "540000000001000003"
IDENTITY = {"emails": ["anna@erased.example"], "phones": ["+43 660 7654321"]}


def sim(stack: RunningStack, control: str, body: Any) -> None:
    requests.post(f"{stack['zoho_url']}/_sim/{control}", json=body, timeout=300).raise_for_status()


def source(stack: RunningStack) -> str:
    """The key of a source that may ask for erasures, and make them permanent."""
    key = filling.new_key()
    secrets = stack.client("secretsmanager")
    known = json.loads(secrets.get_secret_value(SecretId=stack["sources_secret"])["SecretString"])
    entry = {**known["crm-workflow"], "keys": [key], "operations": ["erase_person"], "permanent_min_days": 0}
    known["privacy"] = entry
    secrets.put_secret_value(SecretId=stack["sources_secret"], SecretString=json.dumps(known))
    return key


def test_a_person_is_found_approved_erased_and_looked_for_again(stack: RunningStack, events: Events) -> None:
    people = [
        {"id": LEAD, "Last_Name": "Anna", "Email": "Anna@Erased.example"},
        {"id": OTHER, "Last_Name": "Joanna", "Email": "joanna@erased.example"},
    ]
    sim(stack, "records", {"Leads": people})
    sim(stack, "records", {"Contacts": [{"id": CONTACT, "Last_Name": "A", "Phone": "+43 (660) 765 43 21"}]})
    key = source(stack)
    request = {"operation": "erase_person", "identity": IDENTITY, "permanent_after": "PT0H"}
    sent = []

    def known() -> bool:
        sent.append(stack.send(request, source="privacy", key=key))
        return bool(sent[-1].status_code == 202)

    wait_for(known, what="the source is known")
    one = str(sent[-1].json()["id"])
    operator = OperatorApi(stack["api_url"], stack["region"], stack.aws.session().get_credentials())

    def read(path: str) -> Any:
        return http.good(operator.call("GET", path))

    shown = wait_for(
        lambda: (found := read(f"deletions/{one}"))["status"] == "awaiting_approval" and found,
        what="its map",
    )
    plan = shown["plan"]
    assert plan["by_module"] == {"Contacts": 1, "Leads": 1}
    page = read(f"deletions/{one}/map")
    assert {(each["module"], each["id"], each["action"]) for each in page["entries"]} == {
        ("Contacts", CONTACT, "delete"),
        ("Leads", LEAD, "delete"),
    }
    assert page["map_hash"] == plan["map_hash"]
    given = {"map_hash": plan["map_hash"], "count": 2}
    http.good(operator.call("POST", f"deletions/{one}/approve", body=given))
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
