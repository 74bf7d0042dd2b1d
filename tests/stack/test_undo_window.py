"""What people do within the undo window, on the running stack: a hold, a restore, another deletion. All of it
is left alone and told, whatever Zoho's pages leave open about its recycle bin.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local import filling
from local.running import RunningStack
from tests.stack.conftest import Events, wait_for
from tests.stack.test_service import add_source, sim
from tests.stack.test_undo import operator

pytestmark = pytest.mark.stack

#: Who is quicker than Zoho's clock shows cannot be told from the deletion itself (seconds).
APART = 4.0
#: What no page says, and lists that lag.
SETTINGS: dict[str, dict[str, Any]] = {
    "as documented": {},
    "the list goes by the deletion": {"deleted_since_by": "deletion"},
    "the purge is the time that is told": {"purged_time": "purge"},
    "an entry's module is text": {"bin_module": "text"},
    "what was restored is listed": {"restored_listed": True},
    "one record is a lot": {"bin_at_once": 1, "scheduled_items": "one"},
    "both lists lag": {"bin_lag_seconds": 3, "deleted_lag_seconds": 5},
    "an old list by deletion that lags": {"deleted_since_by": "deletion", "deleted_lag_seconds": 5},
}


class Person:
    """Somebody who uses Zoho itself."""

    def __init__(self, stack: RunningStack) -> None:
        self.url = stack["zoho_url"]
        secret = stack.client("secretsmanager").get_secret_value(SecretId=stack["zoho_secret"])
        org = json.loads(secret["SecretString"])
        query = {name: org[name] for name in ("client_id", "client_secret", "refresh_token")}
        answer = requests.post(
            f"{self.url}/oauth/v2/token", params={**query, "grant_type": "refresh_token"}, timeout=60
        )
        self.headers = {"Authorization": f"Zoho-oauthtoken {answer.json()['access_token']}"}

    def restores(self, record: str) -> None:
        self._asks("POST", f"settings/recycle_bin/{record}/actions/restore")

    def deletes(self, module: str, record: str) -> None:
        self._asks("DELETE", f"{module}?ids={record}")

    def in_bin(self, record: str) -> bool:
        url = f"{self.url}/crm/v8/settings/recycle_bin/{record}"
        return requests.get(url, headers=self.headers, timeout=60).status_code == 200

    def _asks(self, method: str, path: str) -> None:
        answer = requests.request(method, f"{self.url}/crm/v8/{path}", headers=self.headers, timeout=60)
        answer.raise_for_status()
        assert "SUCCESS" in answer.text, answer.text


@pytest.fixture
def plain(stack: RunningStack) -> Iterator[None]:
    """Puts the settings back that a test has changed."""
    before = requests.get(f"{stack['zoho_url']}/_sim/settings", timeout=60).json()
    yield
    names = {name for each in SETTINGS.values() for name in each}
    sim(stack, "settings", {name: before[name] for name in names})


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("named", SETTINGS)
def test_what_people_did_within_the_undo_window_is_left_alone_and_told(
    stack: RunningStack, events: Events, named: str
) -> None:
    number = list(SETTINGS).index(named)
    module, key = f"Window{number}", filling.new_key()
    add_source(stack, module.lower(), modules=[module], keys=[key], permanent_min_days=0)
    held, back, again, ours = (str(540_000_000_000_000_000 + number * 10 + n) for n in range(4))
    sim(stack, "records", {module: [{"id": one, "Last_Name": "W"} for one in (held, back, again, ours)]})
    api, person = operator(stack), Person(stack)
    body = {"operation": "delete_records", "module": module, "ids": [held, back, again, ours]}
    answer = stack.send({**body, "permanent_after": "PT1H"}, source=module.lower(), key=key)
    assert answer.status_code == 202, answer.text
    one = answer.json()["id"]
    assert events.final(one)["data"]["counts"]["deleted"] == 4
    ended = time.time()
    [child] = api.deletion(one)["recycle_bin"]["deletions"]
    assert child["operation"] == "delete_permanently"
    wait_for(lambda: api.deletion(child["id"])["waiting_for"] == "the undo window", what="undo window")

    sim(stack, "settings", SETTINGS[named])
    put = api.call("PUT", f"holds/{module}/{held}", {"org": "default"}, {"reason": "audit"})
    assert put.status_code == 200, put.text
    person.restores(back)
    person.restores(again)
    wait_for(lambda: time.time() > ended + APART, what="the next seconds")
    person.deletes(module, again)
    brought = api.call("POST", f"deletions/{one}/delete_permanently", {}, {})
    assert (brought.status_code, brought.json()["id"]) == (202, child["id"]), brought.text

    end = events.final(child["id"], seconds=240)["data"]
    assert end["status"] == "partially_completed", end
    told = {name: end["counts"][name] for name in ("requested", "deleted", "skipped", "held")}
    assert told == {"requested": 4, "deleted": 1, "skipped": 2, "held": 1}, end
    assert {"RESTORED_SINCE", "DELETED_AGAIN"} <= {each["code"] for each in end["problems"]}
    link = api.deletion(child["id"])["links"]["self"].replace("?token", "/records?token")
    outcomes = {each["id"]: each["outcome"] for each in stack.get(link).json()["records"]}
    assert outcomes == {held: "held", back: "skipped", again: "skipped", ours: "deleted"}
    left = requests.get(f"{stack['zoho_url']}/_sim/records?module={module}", timeout=60).json()
    assert {record["id"] for record in left} == {back}
    sim(stack, "settings", {"bin_lag_seconds": 0})
    assert [person.in_bin(each) for each in (held, back, again, ours)] == [True, False, True, False]
