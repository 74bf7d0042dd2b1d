"""The operators' endpoints, through Chalice, over a ledger in memory."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from chalice import Chalice, ConvertToMiddleware, IAMAuthorizer

from chalicelib import observability
from chalicelib.domain.deletion import Approval, Counts, moved
from chalicelib.domain.outcomes import Finding, Mark
from chalicelib.domain.status import Status
from chalicelib.service.intake.accept import Acceptance
from chalicelib.service.operators.commands import Operators
from chalicelib.service.ports import Change
from chalicelib.web import links, operator_routes, routes
from chalicelib.web.operator import OperatorEndpoints
from chalicelib.web.operator_people import PersonEndpoints
from tests.fake_ledger import FakeLedger
from tests.fakes import CONTEXT, LEADS, LINK_KEYS, NOW, SOURCES, FakeSecret, Nudged, Reply, event

ARN = "arn:aws:iam::123456789012:user/ann"
BOB = "arn:aws:iam::123456789012:user/bob"
ROOT = "/v1/operator"
DELETIONS, PAUSE, HOLDS = f"{ROOT}/deletions", f"{ROOT}/pause", f"{ROOT}/holds"
HOLD = f"{HOLDS}/{{module}}/{{record_id}}"
VIEW = {"operation": "mass_delete", "module": "Leads", "cvid": "3652397000000538003"}
NOWHERE = "del_01JD0000000000000000000000"


def in_path(route: str) -> Any:
    """A value for each parameter in the path of a route."""
    known = {"id": NOWHERE, "module": "Leads"}
    return {name: known.get(name, "1") for name in re.findall(r"\{(\w+)\}", route)}


class Office:
    def __init__(self, sources: Any = None) -> None:
        self.now = NOW
        self.ledger = FakeLedger()
        self.nudges = Nudged()
        self.sources = FakeSecret(SOURCES if sources is None else sources)
        self.notes: list[tuple[str, dict[str, object]]] = []
        self._random = 0
        self.app = Chalice(app_name=observability.SERVICE, configure_logs=False)
        self.app.register_middleware(ConvertToMiddleware(observability.invocation))
        acceptance = Acceptance(self.ledger, self.nudges, self._bytes, "test", 400)
        endpoints = OperatorEndpoints(
            operators=Operators(self.ledger, self.nudges, acceptance),
            orgs=self.ledger,
            log=self.ledger,
            sources=self.sources,
            links=FakeSecret(LINK_KEYS),
            note=lambda what, /, **facts: self.notes.append((what, facts)),
            clock=lambda: self.now,
            max_ids=5000,
        )
        people = PersonEndpoints(self.ledger, endpoints.note, endpoints.clock)
        routes.register_signed(self.app, operator_routes.OPERATOR, lambda: endpoints, "operator")
        routes.register_signed(self.app, operator_routes.PEOPLE, lambda: people, "people")

    def _bytes(self, size: int) -> bytes:
        self._random += 1
        return self._random.to_bytes(size, "big")

    def call(
        self,
        method: str,
        route: str,
        body: Any = None,
        *,
        query: dict[str, str] | None = None,
        arn: str | None = ARN,
        headers: dict[str, str] | None = None,
        **params: str,
    ) -> Reply:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        sent = event(
            route,
            params,
            {"Content-Type": "application/json", **(headers or {})},
            raw,
            method=method,
            query=query,
        )
        sent["requestContext"]["identity"]["userArn"] = arn
        answer = self.app(sent, CONTEXT)
        return Reply(answer["statusCode"], answer["headers"], answer["body"])

    def send(self, body: Any, key: str | None = "k1", **more: Any) -> Reply:
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.call("POST", DELETIONS, body, headers=headers, **more)

    def on(self, one: str, what: str, body: Any = None, arn: str = ARN) -> Reply:
        return self.call("POST", f"{DELETIONS}/{{id}}/{what}", body, arn=arn, id=one)

    def change(self, one: str, **changes: Any) -> None:
        """Write the deletion as a worker would."""
        claim = self.ledger.claim(one, self.now, self.now + 60)
        assert claim is not None
        deletion = replace(claim.deletion, **changes)
        self.ledger.save(claim, Change(deletion, self.now, 0.0))


def problems(reply: Reply) -> list[str]:
    assert (reply.status, reply.json["error"]["code"]) == (400, "invalid_request"), reply.text
    return [each["path"] for each in reply.json["error"]["fields"]]


def refused(reply: Reply, status: int, code: str, words: str = "") -> None:
    assert (reply.status, reply.json["error"]["code"]) == (status, code), reply.text
    assert reply.json["error"]["request_id"] == "request-1"
    assert words in reply.json["error"]["message"]


# --- POST deletions --------------------------------------------------------------------------------


def test_an_operator_sends_as_a_source_does() -> None:
    office = Office()
    sent = office.send(LEADS)
    assert (sent.status, sent.json["status"], sent.json["operation"]) == (202, "accepted", "delete_records")
    assert office.nudges.ids == [sent.json["id"]]
    stored = office.ledger.get(sent.json["id"])
    assert stored is not None
    assert (stored.source, stored.asked_by) == ("operator", ARN)
    assert office.ledger.entries(stored.id, 0)[0].by == ARN
    token = sent.json["links"]["self"].partition("token=")[2]
    assert links.is_good(stored.id, token, links.keys_from(LINK_KEYS))
    again = office.send(LEADS)
    assert (again.status, again.headers["Idempotent-Replayed"], again.json) == (202, "true", sent.json)
    assert len(office.ledger.rows) == 1


def test_a_key_is_for_one_body_and_for_operators_alone() -> None:
    office = Office()
    office.send(LEADS)
    refused(office.send({**LEADS, "ids": ["1"]}), 409, "conflict")
    assert list(office.ledger.deliveries) == [("operator", "k1")]


@pytest.mark.parametrize("key", [None, "", "a b", "ä", "k" * 257])
def test_a_key_is_required(key: str | None) -> None:
    office = Office()
    assert problems(office.send(LEADS, key)) == ["/Idempotency-Key"]
    assert office.ledger.rows == {}


def test_without_an_entry_operators_may_delete_nothing() -> None:
    office = Office(sources={"crm": SOURCES["crm"]})
    refused(office.send(LEADS), 403, "not_allowed", "no entry")
    assert office.sources.fetches == 1
    office.sources.stored = SOURCES
    assert office.send(LEADS).status == 202


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({**LEADS, "module": "Deals"}, "/module"),
        ({**LEADS, "org": "other"}, "/org"),
        ({**LEADS, "max_records": 501}, "/max_records"),
        ({**LEADS, "api": "mass_delete"}, "/api"),
        ({**LEADS, "ids": [str(n) for n in range(1, 502)]}, "/ids"),
    ],
)
def test_the_entry_sets_the_limits(body: Any, path: str) -> None:
    reply = Office().send(body)
    refused(reply, 403, "not_allowed")
    assert [field["path"] for field in reply.json["error"]["fields"]] == [path]


def test_bodies_and_content_types_are_checked_as_at_the_other_door() -> None:
    office = Office()
    assert problems(office.send({**LEADS, "color": "red"})) == ["/color"]
    assert problems(office.send(b"{")) == [""]
    refused(office.send(b" " * 262_145), 413, "too_large")
    reply = office.call("POST", DELETIONS, LEADS, headers={"Content-Type": "text/plain"})
    refused(reply, 415, "unsupported_media_type")
    office.sources.down = True
    refused(office.send(LEADS), 503, "unavailable")


def test_who_iam_did_not_name_gets_nothing() -> None:
    office = Office()
    for path, methods in {**operator_routes.OPERATOR, **operator_routes.PEOPLE}.items():
        for method in methods:
            reply = office.call(method, path, {"paused": True}, arn=None, **in_path(path))
            assert reply.status in (400, 401), (method, path, reply.text)
    assert office.ledger.rows == {}
    assert office.ledger.paused("default") is None


def test_every_operator_route_is_behind_iam() -> None:
    office = Office()
    for path, methods in {**operator_routes.OPERATOR, **operator_routes.PEOPLE}.items():
        for method in methods:
            assert isinstance(office.app.routes[path][method].authorizer, IAMAuthorizer), path
        wrong = office.call("PATCH", path, arn=None, **in_path(path))
        refused(wrong, 405, "method_not_allowed")


# --- GET deletions ---------------------------------------------------------------------------------


def test_one_deletion_is_read_by_its_id_with_its_link() -> None:
    office = Office()
    sent = office.send(LEADS).json
    one = f"{DELETIONS}/{{id}}"
    read = office.call("GET", one, id=sent["id"])
    assert read.status == 200
    assert (read.json["id"], read.json["status"]) == (sent["id"], "accepted")
    assert (read.json["links"], read.json["asked_by"]) == (sent["links"], ARN)
    refused(office.call("GET", one, id=NOWHERE), 404, "not_found")
    refused(office.call("GET", one, id="../x"), 404, "not_found")
    refused(office.call("GET", one, id=sent["id"], arn=None), 401, "unauthorized")


def test_the_list_shows_what_the_filters_ask_for() -> None:
    office = Office()
    made = []
    for n in range(60):
        office.now = NOW + n
        made.append(office.send({**LEADS, "reference": str(n)}, f"k{n}").json["id"])
    office.change(made[7], status=Status.CANCELLED)
    first = office.call("GET", DELETIONS)
    assert [one["id"] for one in first.json["deletions"]] == made[:9:-1]
    shown = first.json["deletions"][0]
    assert (shown["asked_by"], shown["counts"]["requested"]) == (ARN, 2)
    assert shown["links"]["self"].startswith("https://")
    rest = office.call("GET", DELETIONS, query={"cursor": first.json["next_cursor"]})
    assert [one["id"] for one in rest.json["deletions"]] == made[9::-1]
    assert rest.json["next_cursor"] is None

    def ids(**query: str) -> list[str]:
        return [one["id"] for one in office.call("GET", DELETIONS, query=query).json["deletions"]]

    assert ids(status="cancelled") == [made[7]]
    assert ids(module="Contacts") == []
    assert ids(org="other") == []
    assert ids(source="operator", reference="7") == [made[7]]
    assert ids(source="crm") == ids(reference="77") == ids(source="policy:old-leads") == []
    assert ids(until="2025-10-09T08:53:22Z") == made[1::-1]
    assert ids(since="2025-10-09T08:53:21Z", until="2025-10-09T08:53:23Z") == made[2:0:-1]
    assert ids(until="2025-10-09T00:00:00Z") == []
    assert ids(until="2099-01-01T00:00:00Z") == ids()
    assert ids(since="2025-10-09T08:54:18Z") == made[:57:-1]
    assert ids(since="2025-10-09T10:54:18 02:00") == made[:57:-1]


@pytest.mark.parametrize(
    "query",
    [
        {"status": "done"},
        {"module": "a b"},
        {"org": "a/b"},
        {"since": "yesterday"},
        {"until": "2025-10-09"},
        {"until": "2025-10-09T08:54:18"},
        {"until": "2025-10-01T00:00:00Z", "since": "2025-10-01T00:00:00Z"},
        {"source": "A b"},
        {"since": "2025-10-09T08:54:18"},
        {"cursor": "!"},
        {"cursor": "W10"},
        {"cursor": "WyIyMDI1LTEzLTAxIl0"},
        {"cursor": "x" * 500},
        {"cursor": "bnVsbA"},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(query: dict[str, str]) -> None:
    assert problems(Office().call("GET", DELETIONS, query=query)) == [f"/{next(iter(query))}"]


# --- commands --------------------------------------------------------------------------------------


def test_a_cancel_is_taken_and_left_for_the_worker() -> None:
    office = Office()
    one = office.send(LEADS).json["id"]
    reply = office.on(one, "cancel")
    assert (reply.status, reply.json["id"], reply.json["status"]) == (202, one, "accepted")
    assert office.ledger.rows[one].commands == [{"do": "cancel", "by": ARN, "at": NOW}]
    assert office.nudges.ids == [one, one]


def test_what_does_not_fit_is_a_conflict_with_its_reason() -> None:
    office = Office()
    one = office.send(LEADS).json["id"]
    refused(office.on(one, "approve", {"count": 2}), 409, "conflict", "does not wait")
    refused(office.on(one, "resolve", {"outcome": "done"}), 409, "conflict", "need attention")
    refused(office.on(one, "retry"), 409, "conflict", "not ended")
    office.change(one, status=Status.COMPLETED)
    refused(office.on(one, "cancel"), 409, "conflict", "ended already")
    refused(office.on(one, "retry"), 409, "conflict", "none of its ids")


def test_an_approval_names_the_count() -> None:
    office = Office()
    one = office.send(LEADS).json["id"]
    waits = moved(office.ledger.rows[one].deletion, Status.AWAITING_APPROVAL, NOW, "approval")
    office.change(one, status=waits.status, approval=Approval(2, NOW, NOW + 60))
    refused(office.on(one, "approve", {"count": 3}, BOB), 409, "conflict", "its count is 2")
    refused(office.on(one, "approve", {"count": 2}), 403, "not_allowed", "may not approve")
    reply = office.on(one, "approve", {"count": 2}, BOB)
    assert reply.status == 202
    assert reply.json["approval"]["count"] == 2
    assert office.ledger.rows[one].commands[0]["count"] == 2


@pytest.mark.parametrize(
    ("what", "body", "path"),
    [
        ("approve", {}, "/count"),
        ("approve", {"count": "2"}, "/count"),
        ("approve", {"count": 2, "note": ""}, "/note"),
        ("approve", [], ""),
        ("resolve", {"outcome": "maybe"}, "/outcome"),
        ("resolve", {"outcome": "done", "note": "n" * 257}, "/note"),
        ("cancel", {"count": 1}, "/count"),
        ("retry", {"ids": []}, "/ids"),
    ],
)
def test_bodies_of_commands_are_checked(what: str, body: Any, path: str) -> None:
    office = Office()
    one = office.send(LEADS).json["id"]
    assert problems(office.on(one, what, body)) == [path]
    assert office.ledger.rows[one].commands == []


@pytest.mark.parametrize(
    ("what", "body"),
    [("cancel", None), ("retry", {}), ("approve", {"count": 1}), ("resolve", {"outcome": "done"})],
)
@pytest.mark.parametrize("one", [NOWHERE, "del_1", "../x"])
def test_a_deletion_that_is_not_there(what: str, body: Any, one: str) -> None:
    refused(Office().on(one, what, body), 404, "not_found")


def test_a_retry_is_a_new_deletion_and_always_the_same() -> None:
    office = Office()
    one = office.send(LEADS).json["id"]
    claim = office.ledger.claim(one, NOW, NOW + 60)
    assert claim is not None
    chunk = office.ledger.chunk(one, 0).with_findings(
        {0: Finding(Mark.DELETED), 1: Finding(Mark.FAILED, "X")}
    )
    ended = replace(
        claim.deletion, status=Status.PARTIALLY_COMPLETED, counts=Counts(requested=2, deleted=1, failed=1)
    )
    office.ledger.save(claim, Change(ended, NOW, 0.0, chunks=(chunk,)))
    first, again = office.on(one, "retry"), office.on(one, "retry")
    assert (first.status, again.status, again.headers["Idempotent-Replayed"]) == (202, 202, "true")
    assert first.json == again.json
    new = office.ledger.get(first.json["id"])
    assert new is not None
    assert (new.retry_of, office.ledger.chunk(new.id, 0).ids) == (one, (LEADS["ids"][1],))


# --- holds and pause -------------------------------------------------------------------------------


def test_holds_are_set_read_listed_and_removed() -> None:
    office = Office()
    at: dict[str, Any] = {"module": "Leads", "record_id": "42"}
    put = office.call("PUT", HOLD, {"reason": "audit", "until": "2027-01-01T00:00:00Z"}, **at)
    held = {key: value for key, value in put.json.items() if key != "not_checked"}
    assert put.json["not_checked"] == ["record_id"]
    assert held == {
        "org": "default",
        "module": "Leads",
        "record_id": "42",
        "reason": "audit",
        "until": "2027-01-01T00:00:00.000Z",
        "set_by": ARN,
        "set_at": "2025-10-09T08:53:20.000Z",
    }
    assert office.call("GET", HOLD, **at).json == held
    assert office.call("GET", HOLDS).json == {"holds": [held], "next_cursor": None}
    assert office.call("GET", HOLDS, query={"org": "eu"}).json["holds"] == []
    refused(office.call("GET", HOLD, query={"org": "eu"}, **at), 404, "not_found")
    assert office.call("DELETE", HOLD, **at).json == held
    refused(office.call("DELETE", HOLD, **at), 404, "not_found")
    assert [what for what, _ in office.notes] == ["HoldSet", "HoldRemoved"]


def test_a_hold_says_what_could_not_be_checked_and_refuses_what_cannot_be_a_module() -> None:
    office = Office()
    ask: dict[str, Any] = {"body": {"reason": "audit"}, "record_id": "42"}
    custom = office.call("PUT", HOLD, ask["body"], module="Cars", record_id="42").json
    assert (custom["module"], custom["not_checked"]) == ("Cars", ["module", "record_id"])
    other = office.call("PUT", HOLD, ask["body"], module="Potentials", record_id="42").json
    assert (other["module"], other["not_checked"]) == ("Deals", ["record_id"])
    for name in ("leads", "LEADS", "potentials", "users", "settings"):
        assert problems(office.call("PUT", HOLD, ask["body"], module=name, record_id="42")) == ["/module"]


def test_a_hold_is_found_and_removed_by_every_name_of_its_module() -> None:
    office = Office()
    office.call("PUT", HOLD, {"reason": "audit"}, module="Tasks", record_id="42")
    office.call("PUT", HOLD, {"reason": "audit"}, module="Meetings", record_id="43")
    assert office.call("GET", HOLD, module="Activities", record_id="42").json["module"] == "Tasks"
    refused(office.call("DELETE", HOLD, module="Activities", record_id="42"), 409, "conflict", "Tasks/42")
    assert office.call("DELETE", HOLD, module="events", record_id="43").json["module"] == "Events"


def test_many_holds_are_listed_in_pages() -> None:
    office = Office()
    for n in range(150):
        office.call("PUT", HOLD, {"reason": "audit"}, module="Leads", record_id=str(1000 + n))
    first = office.call("GET", HOLDS).json
    rest = office.call("GET", HOLDS, query={"cursor": first["next_cursor"]}).json
    found = [hold["record_id"] for hold in first["holds"] + rest["holds"]]
    assert (found, rest["next_cursor"]) == ([str(1000 + n) for n in range(150)], None)
    assert problems(office.call("GET", HOLDS, query={"cursor": "WyJhIl0"})) == ["/cursor"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (None, "/reason"),
        ({"reason": ""}, "/reason"),
        ({"reason": "a", "until": "soon"}, "/until"),
        ({"reason": "a", "until": "2020-01-01T00:00:00Z"}, "/until"),
        ({"reason": "a", "until": "9999-99-01T00:00:00Z"}, "/until"),
        ({"reason": "a", "ends": 1}, "/ends"),
    ],
)
def test_bodies_of_holds_are_checked(body: Any, path: str) -> None:
    office = Office()
    assert problems(office.call("PUT", HOLD, body, module="Leads", record_id="1")) == [path]
    assert not office.ledger.has_holds("default", "Leads", NOW)


@pytest.mark.parametrize(("module", "record_id"), [("a#b", "1"), ("Leads", "x"), ("Leads", "1#2")])
def test_paths_of_holds_are_checked(module: str, record_id: str) -> None:
    office = Office()
    for method in ("GET", "PUT", "DELETE"):
        body = {"reason": "a"} if method == "PUT" else None
        assert problems(office.call(method, HOLD, body, module=module, record_id=record_id))


def test_the_pause_is_set_and_read() -> None:
    office = Office()
    nothing = dict.fromkeys(("org", "source", "reason", "set_by", "set_at"), None) | {"paused": False}
    assert office.call("GET", PAUSE).json == nothing
    put = office.call("PUT", PAUSE, {"paused": True, "org": "eu", "reason": "audit"})
    assert (put.json["paused"], put.json["org"], put.json["reason"]) == (True, "eu", "audit")
    assert office.call("GET", PAUSE).json == nothing
    assert office.call("GET", PAUSE, query={"org": "eu"}).json == put.json
    assert office.ledger.paused("eu") == "audit"
    office.call("PUT", PAUSE, {"paused": True})
    assert office.call("GET", PAUSE, query={"org": "us"}).json["paused"] is True
    office.call("PUT", PAUSE, {"paused": False})
    office.call("PUT", PAUSE, {"paused": False, "org": "eu"})
    assert office.ledger.paused("eu") is None
    assert [what for what, _ in office.notes] == ["Paused", "Paused", "Resumed", "Resumed"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "/paused"),
        ({"paused": "yes"}, "/paused"),
        ({"paused": True, "org": "a/b"}, "/org"),
        ({"paused": True, "source": "A"}, "/source"),
        ({"paused": True, "source": "crm", "org": "default"}, "/org"),
    ],
)
def test_bodies_of_pauses_are_checked(body: Any, path: str) -> None:
    assert problems(Office().call("PUT", PAUSE, body)) == [path]


def test_one_source_is_paused_and_the_others_are_not() -> None:
    office = Office()
    put = office.call("PUT", PAUSE, {"paused": True, "source": "crm", "reason": "leaked"})
    assert (put.status, put.json["source"], put.json["org"], put.json["paused"]) == (200, "crm", None, True)
    assert office.call("GET", PAUSE, query={"source": "crm"}).json == put.json
    assert office.call("GET", PAUSE).json["paused"] is False
    assert office.ledger.paused("default", "crm") == "leaked"
    assert office.ledger.paused("default", "shop") is None
    office.call("PUT", PAUSE, {"paused": False, "source": "crm"})
    assert office.ledger.paused("default", "crm") is None


# --- sources ---------------------------------------------------------------------------------------


def cancel_source(office: Office, source: str, body: Any = None) -> Reply:
    return office.call("POST", f"{ROOT}/sources/{{source}}/cancel", body, source=source)


def test_all_that_a_source_asked_for_is_cancelled_and_woken() -> None:
    office = Office()
    mine = [office.send(LEADS, key=f"k{n}").json["id"] for n in range(3)]
    office.change(mine[0], status=Status.COMPLETED)
    reply = cancel_source(office, "operator")
    assert (reply.status, reply.json) == (202, {"cancelled": 2, "running": 0, "more": False})
    mark = office.ledger.source_cancel("operator")
    assert mark is not None
    assert (mark.by, mark.at) == (ARN, NOW)


def test_a_source_that_nobody_knows_is_404_and_a_body_is_checked() -> None:
    office = Office()
    refused(cancel_source(office, "nobody"), 404, "not_found")
    assert problems(cancel_source(office, "crm", {"x": 1})) == ["/x"]
    assert office.ledger.source_cancels == {}


def test_a_source_that_was_just_made_is_known() -> None:
    office = Office({})
    office.sources.stored = {"new": {"keys": []}}
    assert cancel_source(office, "new").status == 202


def test_what_passes_a_limit_over_time_is_429_for_operators_too() -> None:
    office = Office({**SOURCES, "operator": {"modules": ["Leads"], "max_records_per_day": 2}})
    office.send(LEADS)
    reply = office.send(LEADS, key="k2")
    refused(reply, 429, "limit_reached")
    assert int(reply.headers["Retry-After"]) > 0
    assert len(office.ledger.rows) == 1
