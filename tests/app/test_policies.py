"""The operators' endpoints for policies, through Chalice, over a store in memory."""

from __future__ import annotations

import json
from typing import Any

import pytest
from chalice import Chalice, ConvertToMiddleware

from chalicelib import observability
from chalicelib.adapters.cron import next_time
from chalicelib.adapters.dynamodb.codec import deletion_to_text
from chalicelib.service.retention.policies import Policies
from chalicelib.service.retention.policy_run import RunIntake
from chalicelib.service.retention.retain import Retention, retain
from chalicelib.web import operator_routes, routes
from chalicelib.web.operator_policies import PolicyEndpoints
from tests.fake_ledger import FakeLedger
from tests.fake_policies import FakePolicies
from tests.fakes import CONTEXT, LINK_KEYS, NOW, FakeSecret, Nudged, Reply, event

ARN = "arn:aws:iam::123456789012:user/ops"
DAY = 86_400.0
DOCUMENT: dict[str, Any] = {
    "module": "Leads",
    "selection": {"field": "Created_Time", "older_than": "90d"},
    "schedule": {"rate": "1 day"},
}


class Office:
    def __init__(self) -> None:
        self.now = NOW
        self.ledger = FakeLedger()
        self.store = FakePolicies(self.ledger)
        self.run_intake = RunIntake(self.ledger, Nudged(), "test", 400)
        self.notes: list[str] = []
        self.app = Chalice(app_name=observability.SERVICE, configure_logs=False)
        self.app.register_middleware(ConvertToMiddleware(observability.invocation))
        endpoints = PolicyEndpoints(
            policies=Policies(self.store, self.run_intake, next_time),
            links=FakeSecret(LINK_KEYS),
            note=lambda what, /, **_: self.notes.append(what),
            clock=lambda: self.now,
        )
        routes.register_signed(self.app, operator_routes.POLICIES, lambda: endpoints, "policies")

    def call(
        self, method: str, path: str = "", body: Any = None, org: str | None = None, arn: str | None = ARN
    ) -> Reply:
        name, _, run = path.partition("/")
        route = "/v1/operator/policies" + ("/{name}" if name else "") + ("/run" if run else "")
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        query = {"org": org} if org is not None else None
        sent = event(route, {"name": name}, {"Accept": "*/*"}, raw, method=method, query=query)
        sent["requestContext"]["identity"]["userArn"] = arn
        answer = self.app(sent, CONTEXT)
        return Reply(answer["statusCode"], answer["headers"], answer["body"])

    def tick(self) -> Any:
        report = self.notes.append
        return retain(
            Retention(self.store, self.run_intake, next_time, lambda what, **_: report(what)), self.now
        )


def problems(reply: Reply) -> list[str]:
    assert (reply.status, reply.json["error"]["code"]) == (400, "invalid_request")
    return [each["path"] for each in reply.json["error"]["fields"]]


def test_put_get_list_and_remove() -> None:
    office = Office()
    assert office.call("GET").json == {"policies": []}
    put = office.call("PUT", "old", DOCUMENT)
    assert put.status == 200
    assert put.json["policy"] == {**DOCUMENT, "name": "old", "org": "default"}
    assert (put.json["revision"], put.json["set_by"], put.json["problems"]) == (1, ARN, [])
    assert put.json["next_runs"][:2] == ["2025-10-10T08:53:20.000Z", "2025-10-11T08:53:20.000Z"]
    assert office.call("GET", "old").json == put.json
    assert office.call("GET").json == {"policies": [put.json]}
    assert office.call("GET", org="east").json == {"policies": []}
    assert office.call("DELETE", "old").json == put.json
    assert office.call("DELETE", "old").status == 404
    assert office.call("GET", "old").status == 404


def test_the_same_again_changes_nothing_and_an_edit_keeps_the_beat() -> None:
    office = Office()
    first = office.call("PUT", "old", DOCUMENT).json
    office.now += 3600
    assert office.call("PUT", "old", DOCUMENT).json == first
    edited = office.call("PUT", "old", {**DOCUMENT, "limits": {"max_records": 9}}).json
    assert (edited["revision"], edited["next_runs"]) == (2, first["next_runs"])
    other = office.call("PUT", "old", {**DOCUMENT, "schedule": {"rate": "2 days"}}).json
    assert other["next_runs"][0] == "2025-10-11T09:53:20.000Z"
    off = office.call("PUT", "old", {**DOCUMENT, "enabled": False}).json
    assert (off["revision"], off["next_runs"]) == (4, [])


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"selection": {"field": "Created_Time", "older_than": "0d"}}, "/selection/older_than"),
        ({"schedule": {"cron": "0 0 31 2 *"}}, "/schedule/cron"),
        ({"schedule": {"cron": "0 0 */20 * 1L"}}, "/schedule/cron"),
        ({"schedule": {"cron": "0 0 * * *", "time_zone": "Mars/Base"}}, "/schedule/time_zone"),
        ({"schedule": {"rate": "1 day", "start": "2036-01-01T00:00:00Z"}}, "/schedule/start"),
        ({"name": "other"}, "/name"),
    ],
)
def test_a_policy_that_cannot_be_is_not_stored(change: dict[str, Any], path: str) -> None:
    office = Office()
    assert problems(office.call("PUT", "old", {**DOCUMENT, **change})) == [path]
    tried = {"dry_run": True, "policy": {**DOCUMENT, **change}}
    assert problems(office.call("POST", "old/run", tried)) in ([path], [f"/policy{path}"])
    assert office.store.kept == {}
    assert office.ledger.rows == {}


def test_a_policy_that_is_not_stored_can_be_tried_and_only_tried() -> None:
    office = Office()
    answer = office.call("POST", "old/run", {"dry_run": True, "policy": DOCUMENT})
    assert answer.status == 202
    assert (answer.json["operation"], answer.json["status"]) == ("purge", "accepted")
    run = office.ledger.rows[answer.json["id"]].deletion
    assert (run.request.dry_run, run.asked_by, run.request.policy) == (True, ARN, "old")
    assert f"/v1/deletions/{run.id}?token=" in answer.json["links"]["self"]
    assert office.store.kept == {}
    assert problems(office.call("POST", "old/run", {"policy": DOCUMENT})) == ["/dry_run"]


def test_a_run_by_hand_is_remembered_and_one_at_a_time() -> None:
    office = Office()
    assert office.call("POST", "old/run").status == 404
    office.call("PUT", "old", {**DOCUMENT, "enabled": False})
    assert office.call("POST", "old/run", {"dry_run": True}).status == 202
    started = office.call("POST", "old/run", {})
    assert started.status == 202
    office.now += 1
    again = office.call("POST", "old/run")
    assert (again.status, again.json["error"]["code"]) == (409, "conflict")
    shown = office.call("GET", "old").json
    assert shown["last_run"]["deletion"] == started.json["id"]


def test_a_run_by_hand_keeps_the_schedule_waiting() -> None:
    office = Office()
    office.call("PUT", "old", DOCUMENT)
    office.call("POST", "old/run")
    office.now += DAY
    assert office.tick().skipped == 1
    assert office.call("GET", "old").json["last_skipped"]["run"] == "2025-10-10T08:53:20.000Z"


def test_a_stored_policy_that_is_broken_shows_why() -> None:
    office = Office()
    office.call("PUT", "old", DOCUMENT)
    kept = office.store.kept["default", "old"]
    kept.document["module"] = 7  # type: ignore[index]  # read-only by its type: spoiled on purpose
    shown = office.call("GET", "old").json
    assert [each["path"] for each in shown["problems"]] == ["/module"]
    assert problems(office.call("POST", "old/run")) == ["/module"]


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("PUT", "old", b"{", [""]),
        ("PUT", "old", [], [""]),
        ("PUT", "old", b'{"a": 1, "a": 2}', ["/a"]),
        ("POST", "old/run", [], [""]),
        ("POST", "old/run", {"dry_run": 1, "x": 2}, ["/x", "/dry_run"]),
    ],
)
def test_bodies_that_are_none(method: str, path: str, body: Any, expected: list[str]) -> None:
    found = problems(Office().call(method, path, body))
    assert set(expected) <= set(found)


def test_names_orgs_and_callers() -> None:
    office = Office()
    assert office.call("GET", "Bad Name").status == 404
    assert problems(office.call("GET", org="a/b")) == ["/org"]
    for method, path in (("GET", ""), ("GET", "x"), ("PUT", "x"), ("DELETE", "x"), ("POST", "x/run")):
        assert office.call(method, path, arn=None).status == 401
    assert office.call("PATCH", "x").status == 405
    assert office.call("PUT", "x", b" " * 300_000).status == 413


def test_a_run_that_came_through_the_door_can_be_stored() -> None:
    """What the JSON reader of requests makes is not plain; what the table gets is."""
    office = Office()
    where = [{"field": "Lead_Status", "comparator": "in", "value": ["Junk", "Lost"]}]
    document = {**DOCUMENT, "selection": {**DOCUMENT["selection"], "where": where}}
    office.call("PUT", "old", document)
    started = office.call("POST", "old/run")
    text = deletion_to_text(office.ledger.rows[started.json["id"]].deletion)
    assert json.loads(text)["request"]["selection"]["where"] == where
