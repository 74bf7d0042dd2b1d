"""Spans of time as people write them: "90d", "6 months". Months and years are the calendar's, in UTC."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_TEXT = re.compile(r"([0-9]{1,5}) ?([a-z]+)")
_UNITS = {
    name: unit
    for unit, names in {
        "minutes": ("minutes", "minute", "min"),
        "hours": ("hours", "hour", "h"),
        "days": ("days", "day", "d"),
        "weeks": ("weeks", "week", "w"),
        "months": ("months", "month"),
        "years": ("years", "year", "y"),
    }.items()
    for name in names
}
_SECONDS = {"minutes": 60, "hours": 3600, "days": 86_400, "weeks": 7 * 86_400}
#: No span is longer: what is meant to be older than this is meant never to go.
MOST_DAYS = 100 * 366


@dataclass(frozen=True, slots=True)
class Span:
    """`count` (1 or more) of `unit`: minutes, hours, days, weeks, months, years."""

    count: int
    unit: str

    @property
    def seconds(self) -> int | None:
        """Its length, None where the calendar decides it."""
        return self.count * _SECONDS[self.unit] if self.unit in _SECONDS else None

    def before(self, now: float) -> datetime:
        """The moment this long before `now` (seconds since the epoch), in UTC.

        A day that its month does not have becomes the month's last one.
        """
        at = datetime.fromtimestamp(now, UTC)
        if self.seconds is not None:
            return at - timedelta(seconds=self.seconds)
        months = at.year * 12 + at.month - 1 - self.count * (12 if self.unit == "years" else 1)
        year, month = divmod(months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return at.replace(year=year, month=month + 1, day=min(at.day, last))

    def __str__(self) -> str:
        return f"{self.count} {self.unit if self.count != 1 else self.unit.removesuffix('s')}"


def parse_span(text: object) -> Span:
    """The span in `text`. Raises ValueError in words for people; a span of zero is none."""
    match = _TEXT.fullmatch(text.strip().lower()) if isinstance(text, str) else None
    unit = _UNITS.get(match[2]) if match else None
    if match is None or unit is None:
        raise ValueError('must be a number and a unit, such as "90d", "6 months" or "2 years"')
    count = int(match[1])
    if count == 0:
        raise ValueError("a span of zero would take every record: it must be 1 or more")
    days = {"months": 31, "years": 366}.get(unit) or _SECONDS[unit] / 86_400
    if count * days > MOST_DAYS:
        raise ValueError("must not be longer than 100 years")
    return Span(count, unit)
