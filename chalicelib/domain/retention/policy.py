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
from chalicelib.domain.ids import RECORD_ID_WORDS, is_record_id
from chalicelib.domain.request import Limits
from chalicelib.domain.retention import coql, zones
from chalicelib.domain.retention.coql import Condition
from chalicelib.domain.retention.schedule import (
    FURTHEST_START,
    LONGEST_RATE,
    SHORTEST_RATE,
    Cron,
    Rate,
    Schedule,
)
from chalicelib.domain.retention.spans import Span, parse_span
from chalicelib.domain.source import ORG_NAME, ZOHO_NAME

POLICY_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
#: One criterion is the span, one is the place where a query goes on.
MOST_CONDITIONS = coql.MOST_CRITERIA - 2
#: Zoho lists a view up to here; a query by fields has no end, but a run should have one.
MOST_OF_A_VIEW = 100_000
MOST_OF_A_FIELD = 1_000_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records: those of the custom view `view`, or those whose `field` is older than `older_than` and
    that meet every condition of `where`. `dates`: the field holds days without a time.
    """

    view: str | None = None
    field: str | None = None
    older_than: Span | None = None
    dates: bool = False
    where: tuple[Condition, ...] = ()

    def criteria(self, now: float, time_zone: str = zones.UTC_NAME) -> list[str]:
        """The criteria in COQL, as seen at `now` in `time_zone`; for a selection by field only."""
        if self.field is None or self.older_than is None:
            raise ValueError("a view has no criteria of ours")
        span = self.older_than
        cutoff = span.day_before(now, time_zone) if self.dates else span.before(now, time_zone)
        return [coql.older(self.field, cutoff, dates=self.dates), *map(coql.criterion, self.where)]


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
        selection=_selection(reader.part("selection")),
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
    """`limits`; policies of before call it `belts`, which is understood where there are no `limits`."""
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


def selection_of(raw: object) -> Selection:
    """The selection of a policy alone. Raises NotValid with a field for every problem."""
    reader = Reader(raw)
    selection = _selection(reader)
    problems = reader.finished()
    if problems:
        raise NotValid("the selection is not valid", problems)
    return selection


def _view_id(value: object) -> str:
    if not is_record_id(value):
        raise ValueError(f"{RECORD_ID_WORDS}, in quotes")
    return str(value)


def _selection(reader: Reader) -> Selection:
    if reader.one_of("view", "field") is None:
        return Selection()
    if reader.has("view"):
        selection = Selection(view=reader.read("view", _view_id, ""))
        reader.finished()
        return selection
    field = reader.text("field", ZOHO_NAME)
    span = reader.read("older_than", parse_span, Span(1, "days"))
    dates = reader.read("field_type", lambda value: _dates(value, field), False, optional=True)
    conditions = tuple(_condition(each) for each in reader.parts("where", MOST_CONDITIONS))
    reader.finished()
    return Selection(field=field, older_than=span, dates=dates, where=conditions)


def _dates(value: object, field: str) -> bool:
    """Does the field hold days? Zoho's own fields tell by their names."""
    if value in ("date", "datetime"):
        return value == "date"
    if value is not None:
        raise ValueError('must be "date" or "datetime"')
    if field.endswith("_Time"):
        return False
    if "Date" in field:
        return True
    raise ValueError('must be given for this field: "date" or "datetime"')


def _condition(reader: Reader) -> Condition:
    value = reader.raw.get("value")
    reader.known("value")
    field = reader.plain("field", None)
    comparator = reader.plain("comparator", None)
    condition = Condition(field, comparator, tuple(value) if isinstance(value, list) else value)
    problem = coql.problem_of(condition) if field and comparator else None
    if problem is not None:
        reader.wrong(*problem)
    reader.finished()
    return condition


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
