"""The kits on the running stack: what integrators copy, run as it is."""

from __future__ import annotations

import time

import pytest
import requests

from local.running import RunningStack
from tests.stack.conftest import Events
from tests.zoho_kit import kit
from tests.zoho_kit.builtins import Request

pytestmark = pytest.mark.stack


def control(stack: RunningStack, name: str, body: object) -> None:
    requests.post(f"{stack['zoho_url']}/_sim/{name}", json=body, timeout=10).raise_for_status()


def to_stack(request: Request) -> tuple[int, str]:
    answer = requests.post(request.url, request.body.encode(), headers=dict(request.headers), timeout=30)
    return answer.status_code, answer.text


def test_the_workflow_function_deletes(stack: RunningStack, events: Events) -> None:
    record = "410405000009100001"
    control(stack, "records", {"Leads": [{"id": record, "Deletion_Requested": True}]})
    world = kit.world(to_stack, time.time, kit.key_text(stack.keys[0]))
    kit.script("delete_record.dg", endpoint=stack["api_url"])(world, record, kit.CHANGED)
    (said,) = world.said
    final = events.final(said.rpartition(" ")[2])
    assert (final["type"], final["data"]["counts"]["deleted"]) == ("expunge.deletion.completed", 1)
    assert final["data"]["reference"] == f"Leads/{record}"
