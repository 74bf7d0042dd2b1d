"""A stage that does not allow hosts of one's own contacts none, whatever the org's secret says."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from local import stack as local_stack
from local.running import RunningStack
from local.settings import Settings
from tests.stack.conftest import Events

pytestmark = pytest.mark.stack


def test_a_host_that_the_stage_does_not_allow_is_never_called(directory: Path) -> None:
    overrides = {"EXPUNGE_ALLOW_CUSTOM_ZOHO_HOSTS": "false", "EXPUNGE_GIVE_UP_SECONDS": "4"}
    stack = RunningStack(local_stack.up(Settings(directory, overrides=overrides)))
    sent = stack.send({"operation": "delete_records", "module": "Leads", "ids": ["410405000002264040"]})
    assert sent.status_code == 202
    event = Events(stack).final(sent.json()["id"])
    assert event["type"] == "expunge.deletion.failed"
    assert event["data"]["counts"]["deleted"] == 0
    with requests.Session() as session:
        session.trust_env = False
        calls = session.get(f"{stack['zoho_url']}/_sim/calls", timeout=60).json()
    assert [call for call in calls if not call["path"].startswith("/_sim")] == []
