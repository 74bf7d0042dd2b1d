"""A running local stack as a caller meets it: sends signed requests, hears result events, wakes the poll."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import requests

from local.clients import TIMEOUTS, Local
from local.filling import SOURCE

SEND_SECONDS = 120.0  # a cold start of a local function on a busy machine included


def sign(key: str, delivery: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header of Standard Webhooks for one `whsec_` key and the exact bytes sent."""
    secret = base64.b64decode(key.removeprefix("whsec_"), validate=True)
    message = f"{delivery}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, message, hashlib.sha256).digest()).decode("ascii")


@dataclass(frozen=True)
class RunningStack:
    """One running stack, from what its stack.json says."""

    described: dict[str, Any]

    @classmethod
    def read(cls, file: Path) -> RunningStack:
        """The stack that `file` (stack.json) describes."""
        return cls(json.loads(file.read_text(encoding="utf-8")))

    def __getitem__(self, name: str) -> Any:
        """A value of stack.json."""
        return self.described[name]

    @property
    def aws(self) -> Local:
        """Where it answers, with the keys of its administrator."""
        keys = self["credentials"]
        return Local(self["endpoint_url"], keys["access_key_id"], keys["secret_access_key"])

    @cached_property
    def _session(self) -> boto3.Session:
        return self.aws.session()

    def client(self, service: str) -> Any:
        """A boto3 client of the stack's administrator for any service. Any, as the service is any."""
        make: Any = self._session.client
        return make(service, endpoint_url=self["endpoint_url"], config=TIMEOUTS)

    @cached_property
    def keys(self) -> list[str]:
        """The signing keys of the sender that a fresh stack knows, the new one first."""
        answer = self.client("secretsmanager").get_secret_value(SecretId=self["sources_secret"])
        found: list[str] = json.loads(answer["SecretString"])[SOURCE]["keys"]
        return found

    def send(
        self,
        body: dict[str, Any] | bytes,
        *,
        delivery: str | None = None,
        key: str | None = None,
        timestamp: int | None = None,
        headers: dict[str, str] | None = None,
        source: str = SOURCE,
    ) -> requests.Response:
        """Sends one signed request for a deletion; every part that is signed can be given. `headers` win."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        delivery = delivery or "msg_" + secrets.token_hex(12)
        at = int(time.time()) if timestamp is None else timestamp
        signed = {
            "Content-Type": "application/json",
            "webhook-id": delivery,
            "webhook-timestamp": str(at),
            "webhook-signature": sign(key or self.keys[0], delivery, at, raw),
        }
        url = f"{self['api_url']}v1/sources/{source}/deletions"
        return self._http("POST", url, data=raw, headers={**signed, **(headers or {})})

    def get(self, url: str, **headers: str) -> requests.Response:
        """Reads a link of an answer."""
        return self._http("GET", url, headers=headers)

    def events(self, wait_seconds: int = 1) -> list[dict[str, Any]]:
        """Takes the result events that are there, at most ten, waiting up to `wait_seconds` for the first."""
        sqs, url = self.client("sqs"), self["events_queue_url"]
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds)
        messages = answer.get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

    def invoke(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Invokes one of the four functions and waits: {"failed": did it raise, "answer": what came back}."""
        answer = self.client("lambda").invoke(
            FunctionName=self["functions"][function], Payload=json.dumps(event).encode()
        )
        return {
            "failed": "FunctionError" in answer,
            "answer": json.loads(answer["Payload"].read() or b"null"),
        }

    def wake(self, function: str = "poll") -> dict[str, Any]:
        """Does what the schedule does, only sooner."""
        return self.invoke(function, scheduled_event())

    def _http(self, method: str, url: str, **given: Any) -> requests.Response:
        """One request without the proxies of the environment, which have no business on loopback."""
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, url, timeout=SEND_SECONDS, allow_redirects=False, **given)


def scheduled_event() -> dict[str, Any]:
    """What EventBridge hands to a function on a schedule."""
    return {
        "version": "0",
        "id": secrets.token_hex(16),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us-east-1",
        "resources": [],
        "detail": {},
    }
