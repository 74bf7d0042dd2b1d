"""The two ways in: signed as a source, or with SigV4 as an operator."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import requests

from chalicelib.domain.keys import signing_key
from chalicelib.web.intake import ASKED_BY
from chalicelib.web.signature import sign
from cli import asking, http
from cli.operator_api import OperatorApi


class Channel(Protocol):
    """A way to send; `name` says which, and stays the same for the same one."""

    @property
    def name(self) -> str:
        """Such as http://.../v1/sources/crm-workflow/deletions."""

    def send(self, delivery: str, body: bytes) -> requests.Response:
        """One try. Raises NoAnswer."""


@dataclass(frozen=True)
class SourceChannel:
    """Signed with a source's key (Standard Webhooks), anew for every try. `url` ends with "/"; `asked_by`:
    the ARN of who uses the key, "" where that is not known.
    """

    url: str
    source: str
    key: str = field(repr=False)
    asked_by: str = ""
    clock: Callable[[], float] = time.time

    @property
    def name(self) -> str:
        """Where it sends to."""
        return f"{self.url}v1/sources/{self.source}/deletions"

    def send(self, delivery: str, body: bytes) -> requests.Response:
        """See Channel."""
        asking.must_have_asked("POST", "deletions", None, body)
        at = int(self.clock())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": delivery,
            "webhook-timestamp": str(at),
            "webhook-signature": sign(signing_key(self.key), delivery, at, body),
        }
        who = {ASKED_BY: self.asked_by} if self.asked_by else {}
        return http.exchange("POST", self.name, body, {**headers, **who})


@dataclass(frozen=True)
class OperatorChannel:
    """Signed with the caller's AWS credentials."""

    api: OperatorApi

    @property
    def name(self) -> str:
        """Where it sends to."""
        return f"{self.api.url}v1/operator/deletions"

    def send(self, delivery: str, body: bytes) -> requests.Response:
        """See Channel."""
        return self.api.call("POST", "deletions", body=body, headers={"Idempotency-Key": delivery})
