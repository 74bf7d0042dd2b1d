"""What the service would answer: its own endpoint, with nothing behind it that writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain import quota
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import ExpungeError, SecretUnusable
from chalicelib.domain.log import Entry
from chalicelib.service.intake.accept import Acceptance
from chalicelib.service.ports import Delivery
from chalicelib.web import responses
from chalicelib.web.http import HttpRequest
from chalicelib.web.intake import Intake
from chalicelib.web.signature import Unauthorized

#: Gives the delivery of a source and an id, where one is kept.
Find = Callable[[str, str], Delivery | None]
_LINKS = {"keys": ["a key for links that nobody gets to see"]}


@dataclass(frozen=True, slots=True)
class Limits:
    """Settings of the stage that decide about a request."""

    max_ids: int
    token_window: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer. `reason`: why it is a 401, as the service's metrics have it; `broken`: a secret's fault."""

    status: int
    code: str
    message: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    replay_of: str = ""
    broken: str = ""


def judge(request: HttpRequest, entries: Mapping[str, Any], find: Find, at: float, limits: Limits) -> Verdict:
    """What the request would have been answered at `at`. Nothing is stored or sent."""
    intake = Intake(
        outside=Acceptance(_Looking(find), _Silent(), os.urandom, "verify", 1),
        sources=_Kept(entries),
        links=_Kept(_LINKS),
        note=_unsaid,
        clock=lambda: at,
        max_ids=limits.max_ids,
        token_window=limits.token_window,
        public_url="https://verify.invalid/",
    )
    try:
        answer = intake(request)
    except (ExpungeError, Unauthorized) as problem:
        return _refused(problem)
    replayed = "Idempotent-Replayed" in answer.headers
    body: Any = answer.body
    return Verdict(answer.status, "accepted", replay_of=str(body["id"]) if replayed else "")


def _refused(problem: Exception) -> Verdict:
    answer = responses.refusal(problem, "")
    body: Any = answer.body
    error = body["error"]
    return Verdict(
        answer.status,
        error["code"],
        error["message"],
        tuple((each["path"], each["problem"]) for each in error.get("fields", [])),
        reason=problem.reason if isinstance(problem, Unauthorized) else "",
        broken=problem.reason if isinstance(problem, SecretUnusable) else "",
    )


@dataclass(frozen=True, slots=True)
class _Looking:
    """Deliveries that are looked up and never stored."""

    find: Find

    def find_delivery(self, source: str, delivery_id: str) -> Delivery | None:
        return self.find(source, delivery_id)

    def accept(
        self, _deletion: Deletion, _entry: Entry, delivery: Delivery, now: float, _noted: object = None
    ) -> bool:
        """Whether it would be stored: not where it is kept already, which the table's write tells."""
        kept = self.find(delivery.source, delivery.delivery_id)
        return kept is None or kept.expires_at <= now

    def tally(self, _source: str, _day: str) -> quota.Tally:
        """What was named by then is not known: a request is judged as the first of its day."""
        return quota.Tally()

    def count(self, wanted: quota.Count) -> quota.Counted | quota.Full:
        return quota.counted(quota.Tally(), wanted)[1]

    def uncount(self, _wanted: quota.Count) -> None:
        """Nothing was counted."""


@dataclass(frozen=True, slots=True)
class _Kept:
    held: Mapping[str, Any]

    def value(self) -> Mapping[str, Any]:
        return self.held

    def fresh(self) -> None:
        return None


class _Silent:
    def nudge(self, _deletion_id: str, _delay: float = 0.0) -> None:
        """Wakes nobody."""


def _unsaid(_what: str, /, **_facts: object) -> None:
    """Logs nothing."""
