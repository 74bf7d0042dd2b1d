"""The service as a whole on the local stack: what a caller is promised, through real functions and queues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local import stack as local_stack
from local.running import RunningStack
from local.settings import Settings
from tests.stack.conftest import Events, wait_for

pytestmark = pytest.mark.stack

WIDE = {"max_records": 200_000}


def sim(stack: RunningStack, control: str, body: Any) -> None:
    requests.post(f"{stack['zoho_url']}/_sim/{control}", json=body, timeout=180).raise_for_status()


def named(last_name: str) -> dict[str, Any]:
    """Criteria of a view, in Zoho's shape."""
    return {"field": {"api_name": "Last_Name"}, "comparator": "equal", "value": last_name}


def calls(stack: RunningStack, method: str, path: str) -> list[dict[str, Any]]:
    found = requests.get(f"{stack['zoho_url']}/_sim/calls", timeout=120).json()
    return [call for call in found if call["method"] == method and call["path"].endswith(path)]


def add_source(stack: RunningStack, name: str, **entry: Any) -> None:
    secrets = stack.client("secretsmanager")
    known = json.loads(secrets.get_secret_value(SecretId=stack["sources_secret"])["SecretString"])
    known[name] = {**known["crm-workflow"], **entry}
    secrets.put_secret_value(SecretId=stack["sources_secret"], SecretString=json.dumps(known))


def accepted(stack: RunningStack, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = stack.send(body, **more)
    assert answer.status_code == 202, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


@pytest.fixture
def deaf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack whose work queue nobody reads: every message is as good as thrown away."""
    settings = Settings(tmp_path_factory.mktemp("deaf"))
    running = RunningStack(local_stack.up(settings))
    try:
        functions = running.client("lambda")
        (mapping,) = functions.list_event_source_mappings(FunctionName=running["functions"]["work"])[
            "EventSourceMappings"
        ]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        yield running
    finally:
        local_stack.down(settings)


def test_without_any_message_the_poll_alone_ends_every_deletion(deaf: RunningStack) -> None:
    sent = [
        accepted(
            deaf, {"operation": "delete_records", "module": "Leads", "ids": ["410405000002264040", "77"]}
        ),
        accepted(deaf, {"operation": "mass_delete", "module": "Leads", "cvid": "3652397000000538003"}),
    ]
    deaf.client("sqs").purge_queue(QueueUrl=deaf["work_queue_url"])
    events = Events(deaf)
    ends = [events.final(receipt["id"], seconds=180)["data"] for receipt in sent]
    assert [end["status"] for end in ends] == ["completed", "completed"]
    assert [end["counts"]["requested"] for end in ends] == [2, 12]
    assert len(calls(deaf, "POST", "/actions/mass_delete")) == 1


def test_a_second_org_is_a_second_secret(stack: RunningStack, events: Events) -> None:
    secrets = stack.client("secretsmanager")
    org = json.loads(secrets.get_secret_value(SecretId=stack["zoho_secret"])["SecretString"])
    own = {**org, "refresh_token": "1000.second"}
    secrets.create_secret(Name="expunge/local/zoho/second", SecretString=json.dumps(own))
    add_source(stack, "second-org", org="second")
    sim(stack, "records", {"Contacts": [{"id": "5150", "Last_Name": "Second"}]})
    body = {"operation": "delete_records", "module": "Contacts", "ids": ["5150"]}
    receipt = accepted(stack, body, source="second-org")
    assert receipt["org"] == "second"
    end = events.final(receipt["id"])
    assert (end["data"]["status"], end["data"]["org"]) == ("completed", "second")
    token = json.loads(secrets.get_secret_value(SecretId="expunge/local/zoho/second/token")["SecretString"])
    assert token["access_token"]


def test_120000_records_of_a_view_go_in_three_rounds(stack: RunningStack, events: Events) -> None:
    add_source(stack, "large", modules=["Bulk"], **WIDE)
    sim(stack, "settings", {"job_records_per_second": 50_000})
    sim(stack, "generate", {"module": "Bulk", "count": 120_000, "fields": {"Last_Name": "Bulk"}})
    sim(stack, "views", {"module": "Bulk", "cvid": "4711", "criteria": named("Bulk")})
    receipt = accepted(stack, {"operation": "mass_delete", "module": "Bulk", "cvid": "4711"}, source="large")
    end = events.final(receipt["id"], seconds=300)
    counts = end["data"]["counts"]
    assert (end["data"]["status"], counts["requested"], counts["deleted"]) == ("completed", 120_000, 120_000)
    assert len(calls(stack, "POST", "/Bulk/actions/mass_delete")) == 3
    left = requests.get(f"{stack['zoho_url']}/_sim/state", timeout=120).json()["records"]
    assert not left.get("Bulk")


@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "changed"])
def test_a_start_without_an_answer_is_not_sent_again_and_what_was_listed_goes(
    stack: RunningStack, events: Events, fault: str
) -> None:
    module = f"Lost{fault.title().replace('_', '')}"
    add_source(stack, f"lost-{fault.replace('_', '-')}", modules=[module])
    sim(stack, "records", {module: [{"id": str(9_000 + n), "Last_Name": "Lost"} for n in range(9)]})
    sim(stack, "views", {"module": module, "cvid": "31337", "criteria": named("Lost")})
    kind = "drop_after" if fault == "changed" else fault
    sim(stack, "faults", [{"kind": kind, "method": "POST", "path": f"{module}/actions/mass_delete"}])
    body = {"operation": "mass_delete", "module": module, "cvid": "31337"}
    receipt = accepted(stack, body, source=f"lost-{fault.replace('_', '-')}")
    if fault == "changed":
        wait_for(lambda: calls(stack, "POST", f"{module}/actions/mass_delete"), what="start")
        sim(stack, "records", {module: [{"id": str(9_900 + n), "Last_Name": "Lost"} for n in range(3)]})
    end = events.final(receipt["id"], seconds=180)
    counts = {name: n for name, n in end["data"]["counts"].items() if n}
    assert (end["data"]["status"], counts) == ("completed", {"requested": 9, "deleted": 9})
    assert [problem["code"] for problem in end["data"]["problems"]] == ["START_LOST"]
    assert len(calls(stack, "POST", f"{module}/actions/mass_delete")) == 1
    left = requests.get(f"{stack['zoho_url']}/_sim/state", timeout=120).json()["records"]
    assert left.get(module, 0) == (3 if fault == "changed" else 0)


def test_the_status_link_tells_the_end_and_every_outcome(stack: RunningStack, events: Events) -> None:
    sim(stack, "records", {"Accounts": [{"id": "61"}, {"id": "62", "Locked__s": True}]})
    body = {"operation": "delete_records", "module": "Accounts", "ids": ["61", "62", "63"]}
    receipt = accepted(stack, body)
    link = receipt["links"]["self"]
    wait_for(lambda: stack.get(link).json()["waiting_for"] == "locked records", what="wait")
    sim(stack, "records", {"Accounts": [{"id": "62", "Locked__s": False}]})
    end = events.final(receipt["id"])
    shown = stack.get(link).json()
    assert {**shown, "failed_ids": []} == end["data"]
    listed = stack.get(link.replace("?", "/records?")).json()
    outcomes = {record["id"]: record["outcome"] for record in listed["records"]}
    assert (outcomes, listed["next_cursor"]) == (
        {"61": "deleted", "62": "deleted", "63": "already_absent"},
        None,
    )
