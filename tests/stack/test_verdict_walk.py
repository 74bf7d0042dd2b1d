"""Every code of the verdict table goes through the simulator and the deployed service: code in, final status,
counts and problem text out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import requests

import simulator
from chalicelib.domain.zoho.lookup import explain
from chalicelib.domain.zoho.reply import CallKind
from local import stack as local_stack
from local.running import RunningStack
from local.settings import Settings
from tests.stack.conftest import Events
from tests.stack.walk import Case, cases

pytestmark = pytest.mark.stack

CASES = cases()
QUICK = {
    "EXPUNGE_GIVE_UP_SECONDS": "6",
    "EXPUNGE_MAX_WAIT_SECONDS": "3",
    "EXPUNGE_SETTLE_SECONDS": "2",
    "EXPUNGE_JOB_MAX_AGE_SECONDS": "60",
}
#: The token endpoint's own codes, by what is wrong with the org's secret.
BROKEN = {
    "invalid_client": {"client_id": "2000.unknown"},
    "invalid_client_secret": {"client_secret": "wrong"},
    "invalid_code": {"refresh_token": "1000.revoked"},
}
THROTTLES = ("Access Denied", "access_denied")


class Walk:
    """All cases sent to one stack at once; their final events by case."""

    def __init__(self, stack: RunningStack) -> None:
        self._stack = stack
        self._events = Events(stack)
        self._ids: dict[str, str] = {}

    def sim(self, control: str, body: Any) -> None:
        requests.post(f"{self._stack['zoho_url']}/_sim/{control}", json=body, timeout=120).raise_for_status()

    def prepare(self, throttled: dict[str, str]) -> None:
        """`throttled`: accounts servers by the code that each answers with."""
        secrets = self._stack.client("secretsmanager")
        org = json.loads(secrets.get_secret_value(SecretId=self._stack["zoho_secret"])["SecretString"])
        known = json.loads(secrets.get_secret_value(SecretId=self._stack["sources_secret"])["SecretString"])
        for case in CASES:
            broken = dict(BROKEN.get(case.row.code, {}))
            if case.row.code in throttled:
                broken["accounts_url"] = throttled[case.row.code]
            # An org is a secret: the refresh token of its own keeps Zoho's token limits apart, too.
            own = {**org, "refresh_token": f"1000.{case.org}", **broken}
            secrets.create_secret(Name=f"expunge/local/zoho/{case.org}", SecretString=json.dumps(own))
            known[case.org] = {
                **known["crm-workflow"],
                "org": case.org,
                "modules": [case.module],
                "mass_delete_by_ids": True,
            }
        secrets.put_secret_value(SecretId=self._stack["sources_secret"], SecretString=json.dumps(known))
        self.sim("settings", {"already_scheduled_scope": "module"})
        for case in CASES:
            self.sim("records", case.data())
            self.sim(
                "views", {"module": case.module, "cvid": case.body().get("cvid", "1"), "ids": [case.record]}
            )
        told = [case.fault() for case in CASES if case.kind is not CallKind.TOKEN]
        self.sim("faults", [fault for fault in told if fault])

    def send(self) -> None:
        def one(case: Case) -> tuple[str, str]:
            answer = self._stack.send(case.body(), source=case.org)
            assert answer.status_code == 202, (case.name, answer.text)
            return case.name, answer.json()["id"]

        with ThreadPoolExecutor(4) as pool:
            self._ids = dict(pool.map(one, CASES))

    def final(self, case: Case) -> dict[str, Any]:
        return self._events.final(self._ids[case.name], seconds=300)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    settings = Settings(tmp_path_factory.mktemp("walk"), overrides=QUICK)
    running = RunningStack(local_stack.up(settings))
    with ExitStack() as ends:
        ends.callback(local_stack.down, settings)
        started = Walk(running)
        started.prepare({code: ends.enter_context(throttling(code)) for code in THROTTLES})
        started.send()
        yield started


@contextmanager
def throttling(code: str) -> Iterator[str]:
    """The address of an accounts server that gives no more tokens."""
    with simulator.running() as server:
        body = {"error": code, "status": "failure"}
        fault = {
            "kind": "reply",
            "method": "POST",
            "path": "token",
            "status": 200,
            "body": body,
            "times": 1000,
        }
        requests.post(f"{server.url}/_sim/faults", json=[fault], timeout=120).raise_for_status()
        yield server.url


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_code_ends_as_the_table_says(walk: Walk, case: Case) -> None:
    data = walk.final(case)["data"]
    status, counted = case.end()
    counts = {name: n for name, n in data["counts"].items() if n and name != "requested"}
    assert (data["status"], counts) == (status, {counted: 1} if counted else {})
    shown = {p["code"]: (p["meaning"], p["what_to_do"]) for p in data["problems"]}
    problem = case.problem()
    if problem is None:
        assert shown == {}
    else:
        assert shown == {problem: explain(problem, case.operation)}
