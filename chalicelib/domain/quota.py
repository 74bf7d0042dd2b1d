"""How many records a source may name in one clock hour and in one UTC day, and what it has named so far.

What was named is kept in one tally a source and day, changed by one atomic write at a time. A request that is
counted leaves a mark there, so that a copy of it, or the same write sent again, is not counted twice. After a
crash it may have been counted without being stored: too much is counted, never too little.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from chalicelib.domain.errors import Field
from chalicelib.domain.request import Limits

HOUR, DAY = 3600, 86_400
#: Marks that one tally holds. Two that meet in one place only cost exactness of a copy at that very moment.
MARKS = 32
#: For how long a mark tells that a copy was counted (seconds): longer than accepting takes.
FRESH = 10.0


class Span(StrEnum):
    """What is full, as the code of a problem."""

    HOUR = "HOURLY_LIMIT"
    DAY = "DAILY_LIMIT"


@dataclass(frozen=True, slots=True)
class Count:
    """`records` of `source` to be counted at `at` (seconds since the epoch), under its limits.

    `key`: what is counted, the same for each copy of it; `by`: which copy it is, each has another one.
    `fresh`: for how long a copy is taken for counted.
    """

    source: str
    records: int
    at: float
    key: str
    by: str = ""
    per_hour: int | None = None
    per_day: int | None = None
    fresh: float = FRESH

    @property
    def day(self) -> str:
        """The UTC day, yyyy-mm-dd."""
        return day_of(self.at)

    @property
    def hour(self) -> int:
        """The clock hour of that day, 0 to 23."""
        return int(self.at % DAY // HOUR)

    @property
    def digest(self) -> str:
        """What all copies share: the key, how many records, and the hour that they count in."""
        words = f"{self.records}\n{self.day}\n{self.hour}\n{self.key}"
        return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def place(self) -> int:
        """The place of its mark."""
        return int(self.digest[:4], 16) % MARKS

    @property
    def mark(self) -> str:
        """The mark that it leaves."""
        return f"{self.digest}:{round(self.at * 1000)}:{self.by[-8:]}"


@dataclass(frozen=True, slots=True)
class Tally:
    """What a source has named in one UTC day, in all and by clock hour; marks by their place."""

    day: int = 0
    hours: Mapping[int, int] = field(default_factory=dict)
    marks: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counted:
    """It is counted. `before`: what the source had named before it that day. `own`: by this write; False
    where a copy of it was.
    """

    before: int
    own: bool = True


@dataclass(frozen=True, slots=True)
class Full:
    """It does not fit. `named`: what was named in the span so far; `retry_after`: seconds until it fits."""

    span: Span
    limit: int
    named: int
    retry_after: int


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of it was counted a moment ago, and left `mark`."""

    mark: str
    before: int


@dataclass(frozen=True, slots=True)
class Fits:
    """It may be counted. `over`: the stale mark of a copy that has to be there still; "" for none."""

    before: int
    over: str = ""


def day_of(at: float) -> str:
    """The UTC day of a time."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def day_ends(at: float) -> float:
    """When the UTC day of `at` is over (seconds since the epoch)."""
    return (at // DAY + 1) * DAY


def judged(tally: Tally, wanted: Count) -> Counted | Copy | Full | Fits:
    """What becomes of `wanted`, where the tally stands so."""
    left = tally.marks.get(wanted.place, "")
    before = max(0, tally.day - wanted.records)
    if left == wanted.mark:
        return Counted(before)
    stale = ""
    if left.startswith(wanted.digest):
        if abs(wanted.at - _time_of(left)) <= wanted.fresh:
            return Copy(left, before)
        stale = left
    return _full(tally, wanted) or Fits(tally.day, stale)


def counted(tally: Tally, wanted: Count) -> tuple[Tally, Counted | Full]:
    """The tally after `wanted` came, and the answer to it: the rule that every store of tallies follows."""
    found = judged(tally, wanted)
    if isinstance(found, Copy):
        return _marked(tally, wanted, shared(found.mark)), Counted(found.before, own=False)
    if not isinstance(found, Fits):
        return tally, found
    hours = {**tally.hours, wanted.hour: tally.hours.get(wanted.hour, 0) + wanted.records}
    after = replace(tally, day=tally.day + wanted.records, hours=hours)
    return _marked(after, wanted, wanted.mark), Counted(found.before)


def given_back(tally: Tally, wanted: Count) -> Tally:
    """The tally without `wanted`, which was a repeat after all; the same one where a copy relies on it."""
    if tally.marks.get(wanted.place) != wanted.mark:
        return tally
    hours = {**tally.hours, wanted.hour: tally.hours.get(wanted.hour, 0) - wanted.records}
    marks = {place: mark for place, mark in tally.marks.items() if place != wanted.place}
    return Tally(tally.day - wanted.records, hours, marks)


def shared(mark: str) -> str:
    """The mark once a copy relies on it: whoever left it can no longer take back what it counted."""
    return mark if mark.endswith("+") else f"{mark}+"


def too_large(limits: Limits, records: int, path: str) -> list[Field]:
    """Why a request can never fit, however little was named before."""
    words = {Span.HOUR: "an hour", Span.DAY: "a day"}
    return [
        Field(path, f"{records} records are more than the source's limit of {most} {words[span]}")
        for span, most in never_fits(limits, records)
    ]


def never_fits(limits: Limits, records: int) -> list[tuple[Span, int]]:
    """The limits that are smaller than `records` by themselves."""
    both = ((Span.HOUR, limits.max_records_per_hour), (Span.DAY, limits.max_records_per_day))
    return [(span, most) for span, most in both if most is not None and records > most]


def words(full: Full, records: int) -> str:
    """What the sender is told."""
    span = "hour" if full.span is Span.HOUR else "day"
    return (
        f"{records} more records would pass the source's limit of {full.limit} in a clock {span} (UTC):"
        f" it has named {full.named} in this one"
    )


def _full(tally: Tally, wanted: Count) -> Full | None:
    """What is full; where both are, the day, which lasts longer."""
    hour = tally.hours.get(wanted.hour, 0)
    if wanted.per_day is not None and tally.day + wanted.records > wanted.per_day:
        return Full(Span.DAY, wanted.per_day, tally.day, _until(wanted.at, DAY))
    if wanted.per_hour is not None and hour + wanted.records > wanted.per_hour:
        return Full(Span.HOUR, wanted.per_hour, hour, _until(wanted.at, HOUR))
    return None


def _until(at: float, span: int) -> int:
    """Whole seconds until the next span begins."""
    return max(1, math.ceil((at // span + 1) * span - at))


def _time_of(mark: str) -> float:
    return int(mark.split(":")[1]) / 1000


def _marked(tally: Tally, wanted: Count, mark: str) -> Tally:
    return replace(tally, marks={**tally.marks, wanted.place: mark})
