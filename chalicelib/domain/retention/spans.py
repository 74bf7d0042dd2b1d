"""Spans of time as people write them: "90d", "6 months".

Months and years are the calendar's in a time zone, and so are days where a day is asked for.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from chalicelib.domain.retention.zones import UTC_NAME, earliest, zone

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
#: No span is longer: a policy with a longer one would never delete anything.
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

    def before(self, now: float, time_zone: str = UTC_NAME) -> datetime:
        """The moment this long before `now` (seconds since the epoch), in `time_zone`.

        Days and weeks are 24 hours and seven times that; months and years keep day and time of day as they
        are there. A day that its month does not have becomes the month's last one; of a time of day that the
        clock shows twice, or skips, the earlier moment is taken. Raises ValueError for an unknown zone.
        """
        where = zone(time_zone)
        at = datetime.fromtimestamp(now, UTC)
        if self.seconds is not None:
            return (at - timedelta(seconds=self.seconds)).astimezone(where)
        return earliest(self._months_before(at.astimezone(where).replace(tzinfo=None, fold=0)), where)

    def day_before(self, now: float, time_zone: str = UTC_NAME) -> date:
        """The day this long before `now` in `time_zone`: days and weeks are its calendar's too, however many
        hours they have. Raises ValueError for an unknown zone.
        """
        if self.unit not in ("days", "weeks"):
            return self.before(now, time_zone).date()
        today = datetime.fromtimestamp(now, UTC).astimezone(zone(time_zone)).date()
        return today - timedelta(days=self.count * (7 if self.unit == "weeks" else 1))

    def _months_before(self, wall: datetime) -> datetime:
        months = wall.year * 12 + wall.month - 1 - self.count * (12 if self.unit == "years" else 1)
        year, month = divmod(months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return wall.replace(year=year, month=month + 1, day=min(wall.day, last))

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
