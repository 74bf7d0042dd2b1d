"""Real routes and intake in memory, over a fake ledger and fake secrets, and a sender that signs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from chalice import Chalice, ConvertToMiddleware

from chalicelib import observability
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.keys import signing_key
from chalicelib.service.intake.accept import Acceptance
from chalicelib.web import routes
from chalicelib.web.intake import Intake
from chalicelib.web.signature import sign
from chalicelib.web.status import Reading
from tests.fake_ledger import FakeLedger

NOW = 1_760_000_000.0
KEY = "whsec_2Fw1Z1M8WR6Nv1MHfQ4fTBYdIc0Nw2Yw"
OLD_KEY = "whsec_fk9IU29YZUpPaUJFQzRfKmIyTjgqRWNHVlRrTWRiKjA3Nk50cU10cmxWSQ=="
NARROW_KEY = "whsec_eS91ZDZMYmgqR3RQYVJXdlcramhtVXhwVGNJbHV5ZkVlMF9OIVpyK0c4bQ=="
BROKEN_KEY = "whsec_djFfZFRiRTY6QlozYz1nPVQvYyo4V09IdDg6d2N0KiEvR0t3TGwybS5TKg=="
BEARER = "whsec_L3ZLXzR+TnNSSVZYN0p5MUFwQ1VjPURBS1h0b35aRW05NGU2clB+c0Vpaw=="
LINK_KEYS = {"new": "links-key-new-0123456789", "old": ["links-key-old-0123456789"]}
SOURCES: dict[str, Any] = {
    "crm": {"keys": [KEY, OLD_KEY], "modules": ["Leads", "Contacts", "Campaigns"]},
    "plain": {"profile": "token", "keys": [BEARER], "modules": ["Leads"]},
    "narrow": {
        "keys": [NARROW_KEY],
        "modules": ["Leads"],
        "operations": ["delete_records"],
        "max_records": 3,
    },
    "broken": {"keys": [BROKEN_KEY], "modules": ["Leads"], "max_record": 5},
    "keyless": {"keys": "not a list"},
    "operator": {"modules": ["Leads"]},
}
LEADS = {
    "operation": "delete_records",
    "module": "Leads",
    "ids": ["410405000002264040", "410405000002264041"],
}
CRM = "/v1/sources/{source}/deletions"
CONTEXT = SimpleNamespace(function_name="api", aws_request_id="invocation", invoked_function_arn="arn")


@dataclass
class FakeSecret:
    """`held` is what the process keeps, `stored` what Secrets Manager has by now."""

    held: Any
    stored: Any = None
    down: bool = False
    fetches: int = 0

    def value(self) -> Mapping[str, Any]:
        if self.down:
            raise Unavailable("secret", "down")
        return self.held  # type: ignore[no-any-return]  # whatever was put there

    def fresh(self) -> Mapping[str, Any] | None:
        self.fetches += 1
        if self.stored is None:
            return None
        self.held = self.stored
        return self.held  # type: ignore[no-any-return]  # whatever was put there


@dataclass
class Nudged:
    ids: list[str] = field(default_factory=list)

    def nudge(self, deletion_id: str, delay: float = 0.0) -> None:
        self.ids.append(deletion_id)


@dataclass
class Reply:
    """What API Gateway would send on."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class House:
    """The api function's Chalice application with everything behind it in memory."""

    def __init__(self, sources: Any = None) -> None:
        self.now = NOW
        self.ledger = FakeLedger()
        self.nudges = Nudged()
        self.sources = FakeSecret(SOURCES if sources is None else sources)
        self.links = FakeSecret(LINK_KEYS)
        self.notes: list[tuple[str, dict[str, object]]] = []
        self._random = 0
        self.app = Chalice(app_name=observability.SERVICE, configure_logs=False)
        self.app.register_middleware(ConvertToMiddleware(observability.invocation))
        self.intake = Intake(
            outside=Acceptance(self.ledger, self.nudges, self._bytes, "test", 400, observability.measure),
            sources=self.sources,
            links=self.links,
            note=self._note,
            clock=lambda: self.now,
            max_ids=5000,
            token_window=600,
        )
        reading = Reading(self.ledger, self.links, lambda: "nonce", clock=lambda: self.now)
        self.endpoints = routes.PublicEndpoints(self.intake, reading)
        routes.register(self.app, lambda: self.endpoints)

    def _bytes(self, size: int) -> bytes:
        self._random += 1
        return self._random.to_bytes(size, "big")

    def _note(self, what: str, /, **facts: object) -> None:
        self.notes.append((what, facts))

    def send(self, event: Mapping[str, Any]) -> Reply:
        """One event through the application, as Lambda would call it."""
        answer = self.app(dict(event), CONTEXT)
        return Reply(answer["statusCode"], answer["headers"], answer["body"])

    def post(self, body: Any, source: str = "crm", **how: Any) -> Reply:
        """A request signed with the newest key of its source; `how` as in `signed`."""
        entry = SOURCES.get(source, {})
        if isinstance(entry.get("keys"), list):
            how.setdefault("key", entry["keys"][0])
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send(event(CRM, {"source": source}, signed(raw, self.now, **how), raw))

    def bear(
        self, body: Any, key: str = BEARER, media: str = "application/json", source: str = "plain"
    ) -> Reply:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": media}
        return self.send(event(CRM, {"source": source}, headers, raw))

    def get(self, link: str, more: str = "", accept: str = "application/json", **query: str) -> Reply:
        """A GET of a link as a receipt has it, with `more` behind its path."""
        path, _, token = link.partition("?token=")
        params = {"id": path.rsplit("/", 1)[-1]}
        sent = {"token": token, **query}
        return self.send(
            event("/v1/deletions/{id}" + more, params, {"Accept": accept}, method="GET", query=sent)
        )


def signed(
    body: bytes, now: float, delivery: str = "msg_1", key: str = KEY, media: str = "application/json"
) -> dict[str, str]:
    """The headers of a Standard Webhooks sender."""
    return {
        "Content-Type": media,
        "Webhook-Id": delivery,
        "Webhook-Timestamp": str(int(now)),
        "Webhook-Signature": sign(signing_key(key), delivery, int(now), body),
    }


def event(
    route: str,
    params: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes | str | None = None,
    *,
    method: str = "POST",
    query: Mapping[str, str] | None = None,
    base64: bool = False,
) -> dict[str, Any]:
    """An event of API Gateway's Lambda proxy integration."""
    return {
        "resource": route,
        "httpMethod": method,
        "headers": dict(headers),
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": {name: [v] for name, v in query.items()} if query else None,
        "pathParameters": dict(params),
        "stageVariables": None,
        "requestContext": {
            "resourcePath": route,
            "httpMethod": method,
            "requestId": "request-1",
            "domainName": "abc.execute-api.us-east-1.amazonaws.com",
            "apiId": "abc",
            "stage": "api",
            "identity": {"userArn": None},
        },
        "body": body.decode("utf-8", "surrogateescape") if isinstance(body, bytes) else body,
        "isBase64Encoded": base64,
    }
