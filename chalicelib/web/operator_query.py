"""Queries, paths and headers of the operators' routes, checked; every problem with its place (contract
section 4).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain import modules
from chalicelib.domain.errors import Field, NotValid
from chalicelib.domain.ids import RECORD_ID_WORDS, is_deletion_id, is_record_id
from chalicelib.domain.source import ORG_NAME, SOURCE_NAME, ZOHO_NAME
from chalicelib.domain.status import Status
from chalicelib.service.operators.listing import DEFAULT_SECONDS, Cursor, Wanted

DEFAULT_ORG = "default"
_KEY = re.compile(r"[!-~]{1,256}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: A source, or a policy whose runs are meant.
_SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}|policy:[!-~]{1,100}")
_LONGEST_CURSOR = 400


def idempotency_key(headers: Mapping[str, str]) -> str:
    """The Idempotency-Key. Raises NotValid where it is missing or not 1 to 256 visible characters."""
    key = headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        words = "the header Idempotency-Key must be 1 to 256 visible characters" if key else "is missing"
        raise refused("/Idempotency-Key", words if key else "the header Idempotency-Key is missing")
    return key


def org(query: Mapping[str, str]) -> str:
    """The query's org. Raises NotValid."""
    return _named(query, "org", ORG_NAME) or DEFAULT_ORG


def org_or_all(query: Mapping[str, str]) -> str | None:
    """The query's org, None where it names none. Raises NotValid."""
    return _named(query, "org", ORG_NAME)


def source(given: Mapping[str, str]) -> str | None:
    """The source that a query or a path names, None where it names none. Raises NotValid."""
    return _named(given, "source", SOURCE_NAME)


def record(path: Mapping[str, str]) -> tuple[str, str]:
    """(module, record id) of a hold's path. The module is taken in any letter case, so that any hold can be
    found and removed. Raises NotValid.
    """
    module, record_id = path.get("module", ""), path.get("record_id", "")
    if not modules.NAME.fullmatch(module):
        raise refused("/module", f"must match {modules.NAME.pattern}")
    if not is_record_id(record_id):
        raise refused("/record_id", RECORD_ID_WORDS)
    return module, record_id


def record_to_hold(path: Mapping[str, str]) -> tuple[str, str]:
    """(module, record id) of a hold to be set: a module that can be one. Raises NotValid."""
    module, record_id = record(path)
    if problem := modules.problem_of(module):
        raise refused("/module", problem)
    return modules.canonical(module), record_id


def wanted(query: Mapping[str, str], now: float) -> Wanted:
    """Which deletions to list. Raises NotValid."""
    status = query.get("status")
    if status is not None and status not in list(Status):
        raise refused("/status", f"must be one of {', '.join(Status)}")
    since, until = query.get("since"), query.get("until")
    end = None if until is None else moment(until, "/until")
    start = (now if end is None else min(now, end)) - DEFAULT_SECONDS
    start = start if since is None else moment(since, "/since")
    if end is not None and end <= start:
        raise refused("/until", "must be later than since")
    return Wanted(
        since=start,
        until=end,
        status=None if status is None else Status(status),
        module=_module(query),
        org=_named(query, "org", ORG_NAME),
        source=_named(query, "source", _SOURCE),
        reference=query.get("reference"),
    )


def moment(text: str, path: str) -> float:
    """Seconds since the epoch of an ISO 8601 time with its zone. Raises NotValid."""
    try:
        # A "+" that nobody escaped has become a blank on its way.
        at = datetime.fromisoformat(text.replace(" ", "+"))
        seconds = at.timestamp()
    except (ValueError, OverflowError, OSError):
        raise refused(path, "must be a time such as 2026-01-31T12:00:00Z") from None
    if at.tzinfo is None:
        raise refused(path, "must name its zone, such as 2026-01-31T12:00:00Z")
    return seconds


def cursor(values: tuple[str, ...] | None) -> str | None:
    """An opaque cursor of these texts; None stays None."""
    if values is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def deletions_cursor(query: Mapping[str, str]) -> Cursor | None:
    """Where the page of deletions begins. Raises NotValid for a cursor that is not ours."""
    values = texts(query)
    if values is None:
        return None
    good = len(values) in (1, 3) and _DAY.fullmatch(values[0]) is not None
    if good and len(values) == 3:
        good = values[1].startswith(values[0]) and len(values[1]) == 24 and is_deletion_id(values[2])
    if not good or not _is_day(values[0]):
        raise not_ours()
    return Cursor(values[0], (values[1], values[2]) if len(values) == 3 else None)


def holds_cursor(query: Mapping[str, str]) -> tuple[str, str] | None:
    """Where the page of holds begins. Raises NotValid for a cursor that is not ours."""
    values = texts(query)
    if values is None:
        return None
    if len(values) != 2 or not ZOHO_NAME.fullmatch(values[0]) or not is_record_id(values[1]):
        raise not_ours()
    return values[0], values[1]


def texts(query: Mapping[str, str]) -> list[str] | None:
    """The texts that `cursor` was made of, None without one. Raises NotValid for one that is not ours."""
    given = query.get("cursor", "")
    if not given:
        return None
    if len(given) > _LONGEST_CURSOR:
        raise not_ours()
    try:
        values: Any = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise not_ours() from None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise not_ours()
    return values


def _is_day(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _module(query: Mapping[str, str]) -> str | None:
    given = query.get("module")
    if given is not None and (problem := modules.problem_of(given)):
        raise refused("/module", problem)
    return None if given is None else modules.canonical(given)


def _named(query: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str | None:
    given = query.get(name)
    if given is not None and not pattern.fullmatch(given):
        raise refused(f"/{name}", f"must match {pattern.pattern}")
    return given


def not_ours() -> NotValid:
    """The refusal of such a cursor."""
    return refused("/cursor", "must be the next_cursor of an answer, unchanged")


def refused(path: str, words: str) -> NotValid:
    """The refusal of one thing, for its place."""
    return NotValid("the request is not valid", (Field(path, words),))
