"""A retention policy: what it selects, when it runs, how much it may take.

Written by operators as a document (docs/RETENTION.md), read here with every problem found, each with its
place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain import modules
from chalicelib.domain.children import permanent_seconds
from chalicelib.domain.errors import NotValid
from chalicelib.domain.fields import Reader
from chalicelib.domain.request import Limits
from chalicelib.domain.retention import zones
from chalicelib.domain.retention.schedule import (
    FURTHEST_START,
    LONGEST_RATE,
    SHORTEST_RATE,
    Cron,
    Rate,
    Schedule,
)
from chalicelib.domain.retention.selection import Selection, read_selection
from chalicelib.domain.retention.spans import Span, parse_span
from chalicelib.domain.source import ORG_NAME

POLICY_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
#: Zoho lists a view up to here; a query by fields has no end, but a run should have one.
MOST_OF_A_VIEW = 100_000
MOST_OF_A_FIELD = 1_000_000


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy. `permanent_after` is that of its runs, in seconds. `limits` are copied into each of its
    runs, as a source's are. `document`: as it was written, with its name and org.
    """

    name: str
    org: str
    module: str
    selection: Selection
    schedule: Schedule
    limits: Limits
    wf_trigger: bool | None
    dry_run: bool
    enabled: bool
    permanent_after: int | None
    document: dict[str, Any]


def parse(document: object, *, name: str | None = None, org: str | None = None) -> Policy:
    """The policy in `document`; `name` and `org` are those of its address, which it may leave out.

    Raises NotValid with a field for every problem.
    """
    reader = Reader(document)
    given = reader.text("name", POLICY_NAME, name)
    place = reader.text("org", ORG_NAME, org or "default")
    if name is not None and given != name:
        reader.wrong("name", "is not the name in the address")
    if org is not None and place != org:
        reader.wrong("org", "is not the org in the address")
    policy = Policy(
        name=given,
        org=place,
        module=_module(reader),
        selection=read_selection(reader.part("selection")),
        schedule=_schedule(reader.part("schedule")),
        limits=_limits(reader.part(_limits_name(reader), optional=True)),
        wf_trigger=reader.flag("wf_trigger", None),
        dry_run=bool(reader.flag("dry_run", False)),
        enabled=bool(reader.flag("enabled", True)),
        permanent_after=reader.read("permanent_after", _permanent, None, optional=True),
        document={},
    )
    _check_size(reader, policy)
    problems = reader.finished()
    if problems:
        raise NotValid("the policy is not valid", problems)
    filled = _plain({**reader.raw, "name": given, "org": place, "module": policy.module})
    return replace(policy, document=filled)


def _limits_name(reader: Reader) -> str:
    """`limits`; older policies call it `belts`, which is read where there are no `limits`."""
    return "belts" if "belts" in reader.raw and "limits" not in reader.raw else "limits"


def _permanent(value: object) -> int | None:
    return None if value is None else permanent_seconds(value)


def _module(reader: Reader) -> str:
    name = reader.text("module", modules.NAME)
    if name and (problem := modules.problem_of(name)):
        reader.wrong("module", problem)
    return modules.canonical(name)


def _plain(value: Any) -> Any:
    """A copy in plain dicts and lists, whatever read the document."""
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _check_size(reader: Reader, policy: Policy) -> None:
    most = MOST_OF_A_VIEW if policy.selection.view else MOST_OF_A_FIELD
    if policy.limits.max_records > most:
        reader.wrong(
            f"{_limits_name(reader)}/max_records", f"may not be above {most} for this kind of selection"
        )


def _schedule(reader: Reader) -> Schedule:
    if reader.one_of("rate", "cron") is None:
        return Cron("")
    if reader.has("cron"):
        schedule: Schedule = Cron(reader.plain("cron", ""), _zone(reader))
    else:
        span = reader.read("rate", _rate, Span(1, "days"))
        start = reader.read("start", _moment, None, optional=True)
        schedule = Rate(span.seconds or 0, str(span), start, _zone(reader))
    reader.finished()
    return schedule


def _zone(reader: Reader) -> str:
    return reader.read("time_zone", zones.name_of, zones.UTC_NAME, optional=True)


def _rate(value: object) -> Span:
    span = parse_span(value)
    if span.seconds is None:
        raise ValueError("must be minutes, hours, days or weeks; use cron for months and years")
    if not SHORTEST_RATE <= span.seconds <= LONGEST_RATE:
        raise ValueError("must be from 5 minutes to a year")
    return span


def _moment(value: object) -> float | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if value is not None and (found is None or found.tzinfo is None or found.year < 2000):
        raise ValueError("must be a time with its offset, such as 2026-01-01T03:00:00Z")
    return found.timestamp() if found is not None else None


def check_times(policy: Policy, now: float, next_at: float | None) -> Sequence[tuple[str, str]]:
    """What is wrong with its schedule as seen at `now`, as (path, problem)."""
    if next_at is None:
        return [("/schedule/cron", "never fires")]
    if isinstance(policy.schedule, Rate) and next_at - now > FURTHEST_START:
        return [("/schedule/start", "is more than a year ahead")]
    return []


def _limits(reader: Reader) -> Limits:
    usual = Limits()
    limits = Limits(
        max_records=reader.whole("max_records", usual.max_records, least=1) or usual.max_records,
        approve_above=reader.whole("approve_above", None, least=0),
        mass_delete_by_ids=bool(reader.flag("mass_delete_by_ids", False)),
        max_share=reader.share("max_share"),
        cool_off_seconds=reader.whole("cool_off_seconds", 0, least=0) or 0,
    )
    reader.finished()
    return limits
