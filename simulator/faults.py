"""Faults on request: dropped connections, foreign answers, slowness, dead tokens, jobs that misbehave."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any

from simulator import errors
from simulator.http import Answer, Call
from simulator.jobs import Job

CALL_KINDS = ("drop_after", "drop_before", "reply", "slow", "expired_token")
JOB_KINDS = ("job_stuck", "job_failed", "job_vanished")
KINDS = (*CALL_KINDS, "foreign_job", *JOB_KINDS)
_KEYS = {
    "kind", "method", "path", "times", "probability", "status", "body", "headers", "seconds", "when",
    "after", "job_id", "job_status", "module", "cvid",
}  # fmt: skip


@dataclass(slots=True)
class Fault:
    """One fault. ``left`` counts down with each hit; ``None`` means for ever."""

    kind: str
    method: str | None
    path: re.Pattern[str] | None
    left: int | None
    probability: float
    more: dict[str, Any] = field(default_factory=dict)
    hits: int = 0

    def fits(self, method: str, path: str, query: str) -> bool:
        """Whether it is meant for this call; the expression is searched in the path and in path?query."""
        if self.left == 0 or (self.method and self.method != method):
            return False
        if self.path and not (self.path.search(path) or self.path.search(f"{path}?{query}")):
            return False
        return self.probability >= 1.0 or random.random() < self.probability

    def hit(self) -> None:
        """Counts a hit."""
        self.hits += 1
        if self.left is not None:
            self.left -= 1

    def shown(self) -> dict[str, Any]:
        """The fault for ``/_sim/state``."""
        path = self.path.pattern if self.path else None
        return {"kind": self.kind, "method": self.method, "path": path, "left": self.left, "hits": self.hits}


class Faults:
    """The faults in the order they were asked for."""

    def __init__(self) -> None:
        self.all: list[Fault] = []

    def take(self, kinds: tuple[str, ...], call: Call) -> Fault | None:
        """The first fault of these kinds that is meant for the call; it counts as hit."""
        for fault in self.all:
            if fault.kind in kinds and fault.fits(call.method, call.path, call.query):
                fault.hit()
                return fault
        return None


def read_fault(item: Any) -> Fault:
    """Reads one fault. Raises ``ValueError`` that says what is wrong with it."""
    if not isinstance(item, dict) or not isinstance(item.get("kind"), str) or item["kind"] not in KINDS:
        raise ValueError(f"a fault is an object with a kind of {', '.join(KINDS)}")
    unknown = set(item) - _KEYS
    if unknown:
        raise ValueError(f"fault {item['kind']}: unknown {', '.join(sorted(unknown))}")
    times, probability = item.get("times"), item.get("probability")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise ValueError("times must be a whole number above 0")
    if probability is not None and not (isinstance(probability, int | float) and 0 <= probability <= 1):
        raise ValueError("probability must be a number from 0 to 1")
    if times is None and probability is None:
        times = 1
    _check_more(item)
    try:
        path = re.compile(str(item["path"])) if item.get("path") else None
    except re.error as problem:
        raise ValueError(f"path is not a regular expression: {problem}") from None
    method = str(item["method"]).upper() if item.get("method") else None
    chance = 1.0 if probability is None else float(probability)
    return Fault(item["kind"], method, path, times, chance, item)


def _check_more(item: dict[str, Any]) -> None:
    kind = item["kind"]
    _check_numbers(item)
    if kind in ("slow", "foreign_job") and "seconds" not in item:
        raise ValueError(f"{kind} needs seconds")
    if item.get("when", "before") not in ("before", "after"):
        raise ValueError("when must be before or after")
    for name in ("job_id", "job_status", "module", "cvid"):
        if not isinstance(item.get(name, ""), str):
            raise ValueError(f"{name} must be a string")
    headers = item.get("headers", {})
    if not isinstance(headers, dict) or not all(map(_is_header, (*headers, *headers.values()))):
        raise ValueError("headers must be an object of strings")


def _check_numbers(item: dict[str, Any]) -> None:
    for name in ("seconds", "after"):
        value = item.get(name, 0)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 10**9:
            raise ValueError(f"{name} must be a number from 0 to 10^9")
    status = item.get("status", 500)
    if item["kind"] == "reply" and not (isinstance(status, int) and 200 <= status <= 599):
        raise ValueError("status must be an HTTP status from 200 to 599")


def _is_header(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and value.isascii()


def reply(fault: Fault) -> Answer:
    """The answer of a ``reply`` fault; without a body it is what Zoho says with this status."""
    status = int(fault.more.get("status", 500))
    headers = dict(fault.more.get("headers", {}))
    if "body" in fault.more:
        return Answer(status, fault.more["body"], headers)
    usual = {
        401: errors.invalid_token(),
        429: errors.too_many_requests("too many requests"),
        500: errors.internal_error(),
    }
    return Answer(status, usual[status].body if status in usual else None, headers)


def spoil(job: Job, fault: Fault, now: float) -> None:
    """Lets a job misbehave.

    ``job_stuck``: nothing moves after ``after`` records (default 0), for ``seconds`` or for ever.
    ``job_failed``: FAILED after ``after`` records (default 0) or after running for ``seconds``.
    ``job_vanished``: unknown after ``seconds`` (default at once), while it goes on working.
    """
    seconds, after = fault.more.get("seconds"), int(fault.more.get("after", 0))
    if fault.kind == "job_stuck":
        job.stuck_at = max(after, job.done)
        job.stuck_until = None if seconds is None else now + seconds
        job.stuck_status = str(fault.more.get("job_status", "RUNNING"))
    elif fault.kind == "job_failed" and seconds is not None:
        job.fail_after = float(seconds)
    elif fault.kind == "job_failed":
        job.fail_at = min(job.total, max(after, job.done))
    else:
        job.vanished_from = now + (seconds or 0.0)
