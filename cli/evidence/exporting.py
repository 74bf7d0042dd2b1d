"""The days of `expunge audit export`, one after the other (UTC), so that a year is never held at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from cli.bar import Bar
from cli.evidence import exported
from cli.evidence.exported import Api, Names
from cli.operating.render import many


@dataclass
class Export:
    """The deletions requested at `since` or later and before `until`. `filters`: as the operators' list takes
    them. `written` counts the rows; `strange` are deletions with a receipt and without a row.
    """

    api: Api
    store: Names
    since: datetime
    until: datetime
    filters: Mapping[str, str]
    written: int = 0
    strange: list[str] = field(default_factory=list)

    def rows(self, shown: Bar) -> Iterator[dict[str, Any]]:
        """One after the other, the oldest first."""
        days = list(_days(self.since, self.until))
        strange = None if self.filters else self.strange
        for number, (start, end) in enumerate(days, start=1):
            asked = {**self.filters, "since": _text(start), "until": _text(end)}
            for row in exported.rows(self.api, self.store, asked, strange):
                self.written += 1
                yield row
            text = f"{start:%Y-%m-%d}: {many(self.written, 'deletion')}"
            shown.at(number, len(days), text)


def _days(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The days (UTC) of that time, the first and the last as far as they belong to it."""
    start, last = _whole(since), _whole(until)
    while start < last:
        midnight = datetime.combine(start.date() + timedelta(days=1), time(), UTC)
        end = min(midnight, last)
        yield start, end
        start = end


def _whole(at: datetime) -> datetime:
    """In UTC, to the millisecond, as the list is asked."""
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
