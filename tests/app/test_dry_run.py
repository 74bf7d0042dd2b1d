"""`?dry_run=true` on the operators' calls: the answer of the call itself, and nothing is changed."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.domain.deletion import Approval, Counts
from chalicelib.domain.outcomes import Finding, Mark
from chalicelib.domain.status import Status
from chalicelib.service.ports import Change
from chalicelib.web import operator_routes
from docs.generate.openapi_parameters import PARAMETERS
from docs.generate.openapi_routes import ROUTES
from tests.app.test_openapi import fits
from tests.app.test_operator import DELETIONS, HOLD, NOWHERE, PAUSE, VIEW, Office
from tests.app.test_policies import ARN, DOCUMENT
from tests.app.test_policies import Office as PolicyOffice
from tests.fakes import CONTEXT, LEADS, NOW, Reply, event

ONE = f"{DELETIONS}/{{id}}"
POLICIES = "/v1/operator/policies"
POLICY = f"{POLICIES}/{{name}}"
RECORD = {"module": "Leads", "record_id": "7"}


class Both:
    """All of the operators' endpoints, with one deletion of each kind that commands are about."""

    def __init__(self) -> None:
        self.office, self.policies = Office(), PolicyOffice()
        self.new = self.office.send(LEADS, key="new").json["id"]
        self.stuck = self.office.send(LEADS, key="stuck").json["id"]
        counts = Counts(requested=2, unknown=2)
        self.office.change(self.stuck, status=Status.NEEDS_ATTENTION, counts=counts, finished_at=NOW)
        self.large = self.office.send(LEADS, key="large").json["id"]
        approval = Approval(2, NOW, NOW + 60)
        asked = {"status": Status.AWAITING_APPROVAL, "approval": approval, "asked_by": None}
        self.office.change(self.large, **asked)
        self.failed = self._failed()
        self.call("PUT", HOLD, {"reason": "audit"}, params=RECORD)
        self.call("PUT", HOLD, {"reason": "audit"}, params={"module": "Activities", "record_id": "9"})
        for module in ("Activities", "Tasks"):
            self.call("PUT", HOLD, {"reason": "audit"}, params={"module": module, "record_id": "10"})
        self.call("PUT", POLICY, DOCUMENT, params={"name": "old"})
        self.office.ledger.modules_of_orgs["default"] = []

    def _failed(self) -> str:
        office = self.office
        one: str = office.send(LEADS, key="failed").json["id"]
        claim = office.ledger.claim(one, NOW, NOW + 60)
        assert claim is not None
        marks = {0: Finding(Mark.DELETED), 1: Finding(Mark.FAILED, "RECORD_LOCKED")}
        chunk = office.ledger.chunk(one, 0).with_findings(marks)
        counts = Counts(requested=2, deleted=1, failed=1)
        ended = replace(claim.deletion, status=Status.PARTIALLY_COMPLETED, counts=counts)
        office.ledger.save(claim, Change(ended, NOW, 0.0, chunks=(chunk,)))
        return one

    def call(
        self,
        method: str,
        route: str,
        body: Any = None,
        *,
        params: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> Reply:
        raw = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json", "Idempotency-Key": "k1"}
        sent = event(route, params or {}, headers, raw, method=method, query=query)
        sent["requestContext"]["identity"]["userArn"] = ARN
        app = self.policies.app if route.startswith(POLICIES) else self.office.app
        answer = app(sent, CONTEXT)
        return Reply(answer["statusCode"], answer["headers"], answer["body"])

    def everything(self) -> Any:
        """All that a call can change."""
        seen = (self.office.ledger, self.office.nudges, self.policies.ledger, self.policies.run_intake.nudges)
        counters = ("day_queries",)
        kept = [{name: part for name, part in vars(each).items() if name not in counters} for each in seen]
        return deepcopy((kept, self.office.notes, self.policies.notes, self.policies.store.kept))


@dataclass(frozen=True)
class Case:
    """One call. `of`: the deletion that it is about, by its name in Both. `makes`: it makes a deletion."""

    method: str
    route: str
    body: Any = None
    of: str = ""
    params: tuple[tuple[str, str], ...] = ()
    makes: bool = False

    def ask(self, both: Both, query: dict[str, str] | None = None) -> Reply:
        params = dict(self.params)
        if self.of:
            params["id"] = getattr(both, self.of, self.of)
        return both.call(self.method, self.route, self.body, params=params, query=query)


LOG = "/v1/operator/log"
PERSON_MAP = "/v1/operator/person-map"
SOURCE_CANCEL = "/v1/operator/sources/{source}/cancel"
HELD, OTHER = tuple(RECORD.items()), (("module", "Leads"), ("record_id", "8"))
OLD, NEW = (("name", "old"),), (("name", "new"),)
CASES = [
    Case("POST", DELETIONS, LEADS, makes=True),
    Case("POST", DELETIONS, VIEW, makes=True),
    Case("POST", DELETIONS, {**LEADS, "module": "Nobody"}),
    Case("POST", DELETIONS, {**LEADS, "ids": [1]}),
    Case("POST", f"{ONE}/cancel", of="new"),
    Case("POST", f"{ONE}/cancel", of="failed"),
    Case("POST", f"{ONE}/cancel", of=NOWHERE),
    Case("POST", f"{ONE}/cancel", {"x": 1}, of="new"),
    Case("POST", f"{ONE}/retry", of="failed", makes=True),
    Case("POST", f"{ONE}/retry", of="new"),
    Case("POST", f"{ONE}/retry", of=NOWHERE),
    Case("POST", f"{ONE}/approve", {"count": 2}, of="large"),
    Case("POST", f"{ONE}/approve", {"count": 3}, of="large"),
    Case("POST", f"{ONE}/approve", {"count": 2}, of="new"),
    Case("POST", f"{ONE}/resolve", {"outcome": "done"}, of="stuck"),
    Case("POST", f"{ONE}/resolve", {"outcome": "done"}, of="new"),
    Case("POST", f"{ONE}/restore", {}, of="failed", makes=True),
    Case("POST", f"{ONE}/restore", {"ids": ["8"]}, of="failed"),
    Case("POST", f"{ONE}/restore", of="new"),
    Case("POST", f"{ONE}/restore", of=NOWHERE),
    Case("POST", f"{ONE}/delete_permanently", {"dry_run": True}, of="failed", makes=True),
    Case("POST", f"{ONE}/delete_permanently", of="failed", makes=True),
    Case("POST", f"{ONE}/delete_permanently", of="new"),
    Case("POST", f"{ONE}/forget", of="failed"),
    Case("POST", f"{ONE}/forget", of="new"),
    Case("POST", f"{ONE}/forget", of="stuck"),
    Case("POST", f"{ONE}/forget", of=NOWHERE),
    Case("PUT", HOLD, {"reason": "why"}, params=OTHER),
    Case("PUT", HOLD, {"reason": "why"}, params=HELD),
    Case("PUT", HOLD, {"reason": "why", "until": "2001-01-01T00:00:00Z"}, params=OTHER),
    Case("DELETE", HOLD, params=HELD),
    Case("DELETE", HOLD, params=OTHER),
    Case("DELETE", HOLD, params=(("module", "Activities"), ("record_id", "9"))),
    Case("DELETE", HOLD, params=(("module", "Tasks"), ("record_id", "9"))),
    Case("DELETE", HOLD, params=(("module", "Tasks"), ("record_id", "10"))),
    Case("PUT", PAUSE, {"paused": True, "reason": "why"}),
    Case("PUT", PAUSE, {"paused": False, "org": "default"}),
    Case("PUT", PAUSE, {}),
    Case("PUT", PAUSE, {"paused": True, "source": "crm"}),
    Case("POST", LOG, {"what": "source.changed", "target": "crm", "after": {"max_records": 5}}),
    Case("POST", LOG, {"what": "key.made", "target": "crm", "after": {"fingerprint": "1a2b3c4d"}}),
    Case("POST", LOG, {"what": "key.revoked", "target": "crm", "before": {"fingerprint": "1a2b3c4d"}}),
    Case("POST", LOG, {"what": "hold.set", "target": "crm"}),
    Case("POST", LOG, {"what": "key.made", "target": "crm", "after": {"keys": ["whsec_abc"]}}),
    Case("POST", SOURCE_CANCEL, params=(("source", "operator"),)),
    Case("POST", SOURCE_CANCEL, params=(("source", "nobody"),)),
    Case("PUT", PERSON_MAP, {"max_shared": 7, "modules": {}}),
    Case("PUT", PERSON_MAP, {"modules": {"Nothing": {"action": "delete"}}}),
    Case("PUT", PERSON_MAP, {"max_shared": "canary"}),
    Case("PUT", POLICY, {**DOCUMENT, "schedule": {"rate": "2 days"}}, params=OLD),
    Case("PUT", POLICY, DOCUMENT, params=OLD),
    Case("PUT", POLICY, DOCUMENT, params=NEW),
    Case("PUT", POLICY, {}, params=NEW),
    Case("DELETE", POLICY, params=OLD),
    Case("DELETE", POLICY, params=NEW),
    Case("POST", f"{POLICY}/run", params=OLD, makes=True),
    Case("POST", f"{POLICY}/run", {"dry_run": True}, params=OLD, makes=True),
    Case("POST", f"{POLICY}/run", params=NEW),
    Case("POST", f"{POLICY}/run", {"dry_run": True, "policy": DOCUMENT}, params=NEW, makes=True),
]
names = [f"{n} {each.method} {each.route.removeprefix('/v1/operator/')}" for n, each in enumerate(CASES)]


@pytest.mark.parametrize("case", CASES, ids=names)
def test_a_dry_run_says_what_the_call_would_say_and_changes_nothing(case: Case) -> None:
    both = Both()
    before = both.everything()
    told = case.ask(both, {"dry_run": "true"})
    assert both.everything() == before
    done = case.ask(both, {"dry_run": "false"})
    fits(told, case.route, case.method.lower())
    if done.status > 299:
        assert (told.status, told.json) == (done.status, done.json)
        return
    assert told.status == 200
    if not case.makes:
        own = {} if case.route != LOG else {"id": told.json["id"]}  # each entry has an id of its own
        assert told.json == {**done.json, **own}
        assert both.everything() != before or case.body == DOCUMENT  # the same policy again
        return
    assert (told.json["id"], told.json["links"], told.json["asked_by"]) == (None, None, ARN)
    same = ("status", "operation", "module", "org", "reference", "created_at")
    assert [told.json[name] for name in same] == [done.json[name] for name in same]


def test_every_call_that_changes_something_has_a_case() -> None:
    every = {
        (method, route)
        for route, methods in operator_routes.ALL.items()
        for method in methods
        if method != "GET"
    }
    assert {(each.method, each.route) for each in CASES} == every


def test_what_would_be_retried_is_counted() -> None:
    both = Both()
    told = Case("POST", f"{ONE}/retry", of="failed").ask(both, {"dry_run": "true"})
    assert (told.json["counts"]["requested"], told.json["retry_of"]) == (1, both.failed)


def test_what_was_asked_for_before_is_said_to_be_so() -> None:
    both = Both()
    retry = Case("POST", f"{ONE}/retry", of="failed")
    made = retry.ask(both)
    told = retry.ask(both, {"dry_run": "true"})
    assert (told.status, told.json) == (200, made.json)
    assert told.headers["Idempotent-Replayed"] == "true"
    cancel = Case("POST", f"{ONE}/cancel", of="new")
    cancel.ask(both)
    before = both.everything()
    assert cancel.ask(both, {"dry_run": "true"}).status == 200
    assert both.everything() == before


def test_a_run_that_is_going_is_a_conflict_in_a_dry_run_too() -> None:
    both = Both()
    run = Case("POST", f"{POLICY}/run", params=OLD)
    assert run.ask(both).status == 202
    both.policies.now += 1
    assert run.ask(both, {"dry_run": "true"}).status == 409
    assert run.ask(both).status == 409


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"dry_run": "yes"}, "/dry_run"),
        ({"dry_run": ""}, "/dry_run"),
        ({"dry_run": "True"}, "/dry_run"),
        ({"dryrun": "true"}, "/dryrun"),
        ({"dry-run": "true"}, "/dry-run"),
        ({"dry_run": "true", "org": "default"}, "/org"),
        ({"org": "second"}, "/org"),
    ],
)
def test_a_misspelled_dry_run_does_nothing(query: dict[str, str], path: str) -> None:
    both = Both()
    before = both.everything()
    for case in (
        Case("POST", f"{ONE}/cancel", of="new"),
        Case("PUT", PAUSE, {"paused": True}),
        Case("POST", DELETIONS, LEADS),
    ):
        reply = case.ask(both, query)
        assert (reply.status, reply.json["error"]["fields"][0]["path"]) == (400, path)
    assert both.everything() == before


READING = sorted(path for path, methods in operator_routes.ALL.items() if "GET" in methods)


@pytest.mark.parametrize("path", READING)
def test_a_misspelled_filter_lists_nothing(path: str) -> None:
    both = Both()
    params = {"id": both.new, "name": "old", **RECORD}
    for query in ({"sorce": "crm"}, {"dry_run": "true"}):
        reply = both.call("GET", path, params=params, query=query)
        assert (reply.status, reply.json["error"]["fields"][0]["path"]) == (400, f"/{next(iter(query))}")


@pytest.mark.parametrize("path", READING)
def test_reading_takes_the_parameters_that_are_described(path: str) -> None:
    described = {(each := PARAMETERS[name])["name"]: each["in"] for name in ROUTES[path, "GET"].parameters}
    taken = {name for name, where in described.items() if where == "query"}
    assert operator_routes.QUERIES.get(path, frozenset()) == taken


def test_nobody_gets_in_by_a_dry_run() -> None:
    office = Office()
    assert office.call("PUT", PAUSE, {"paused": True}, query={"dry_run": "true"}, arn=None).status == 401
