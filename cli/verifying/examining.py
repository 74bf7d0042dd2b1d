"""One capture from end to end: the answer, the reason, and what the sender did differently."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.keys import Profile
from chalicelib.web.http import HttpRequest
from cli.verifying import words
from cli.verifying.capture import Captured
from cli.verifying.hints import Hint
from cli.verifying.judging import Find, Limits, Verdict, judge
from cli.verifying.matching import Match, keyring, match, match_bearer

_OTHER_NAMES = {
    f"{prefix}{name}": f"webhook-{name}"
    for prefix in ("svix-", "x-webhook-", "x-")
    for name in ("id", "timestamp", "signature")
}


@dataclass(frozen=True, slots=True)
class Stage:
    """What the stage knows. `previous`: the sources as they were before the last change of their secret."""

    entries: Mapping[str, Any]
    previous: Mapping[str, Any]
    find: Find
    limits: Limits


@dataclass(frozen=True, slots=True)
class Report:
    """The result. `at`: the time it was judged for; `age`: of the timestamp then, None where it has none.

    `now`: what the same request would be answered now.
    """

    source: str
    at: float
    age: float | None
    verdict: Verdict
    now: Verdict
    key: str
    hints: tuple[Hint, ...]
    notes: tuple[str, ...]


def examine(captured: Captured, source: str, stage: Stage, at: float | None, now: float) -> Report:
    """Judge the capture for `at`; where that is not known, for the time that its own timestamp says."""
    timestamp = captured.headers.get("webhook-timestamp", "")
    signed_at = int(timestamp) if re.fullmatch(r"[0-9]{1,12}", timestamp) else None
    when = at if at is not None else captured.at
    when = when if when is not None else float(signed_at) if signed_at is not None else now
    request = _request(captured, source)
    verdict = judge(request, stage.entries, stage.find, when, stage.limits)
    found, renamed = _match(captured, source, stage)
    return Report(
        source=source,
        at=when,
        age=when - signed_at if signed_at is not None else None,
        verdict=verdict,
        now=judge(request, stage.entries, stage.find, now, stage.limits),
        key=found.mark if found else "",
        hints=_hints(captured, stage, source, verdict, found, renamed, when),
        notes=captured.notes,
    )


def _request(captured: Captured, source: str) -> HttpRequest:
    return HttpRequest("POST", {"source": source}, {}, captured.headers, captured.body, "verify")


def _is_token(stage: Stage, source: str) -> bool:
    entry = stage.entries.get(source)
    return isinstance(entry, dict) and entry.get("profile") == Profile.TOKEN


def _match(captured: Captured, source: str, stage: Stage) -> tuple[Match | None, list[str]]:
    """What signed it, read under other names where the right headers are not there."""
    keys = keyring(source, stage.entries, stage.previous)
    if _is_token(stage, source):
        return match_bearer(captured.headers.get("authorization", ""), keys), []
    headers, renamed = dict(captured.headers), []
    for other, right in _OTHER_NAMES.items():
        if other in headers and not headers.get(right):
            headers[right] = headers[other]
            renamed.append(other)
    return match(headers, captured.body, keys), renamed


def _hints(
    captured: Captured,
    stage: Stage,
    source: str,
    verdict: Verdict,
    found: Match | None,
    renamed: list[str],
    at: float,
) -> tuple[Hint, ...]:
    if verdict.status != 401:
        hint = words.of_status(verdict)
        return (hint,) if hint else ()
    known = sorted(stage.entries)
    if _is_token(stage, source):
        first = words.of_bearer(verdict, captured.headers, known)
    else:
        first = words.of_reason(verdict, captured.headers, at, known)
    hints = [first]
    if renamed:
        names = ", ".join(f"{each} is to be {_OTHER_NAMES[each]}" for each in renamed)
        hints.append(Hint("header_names", f"headers have other names: {names}", "send them by these names"))
    if found is not None:
        hints += found.hints
    elif verdict.reason in ("no_match", "bad_signature", "unknown_source"):
        hints.append(words.NOTHING)
    return tuple(_without_twins(hints))


def _without_twins(hints: list[Hint]) -> list[Hint]:
    """Each code once, and no general word beside a precise one."""
    once = {hint.code: hint for hint in reversed(hints)}
    general = {"no_match", "bad_signature"}
    precise = set(once) - general - {"unexplained"}
    kept = [hint for hint in hints if once.get(hint.code) is hint]
    return [hint for hint in kept if not (precise and hint.code in general)]
