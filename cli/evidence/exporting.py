"""The days of `expunge audit export`, one after the other (UTC), so that a year is never held at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Protocol

from chalicelib.domain.ids import RANDOM_BYTES, deletion_id
from cli.bar import Bar
from cli.evidence import exported
from cli.evidence.exported import Api, Names, Strange
from cli.http import NotThere
from cli.operating.render import many

#: Nothing was asked for before, and nothing will be after: what other times a day can be made of.
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class Service(Api, Protocol):
    """The part of operator_api.OperatorApi that is used."""

    def deletion(self, deletion_id: str) -> dict[str, Any]:
        """The document of one deletion. Raises NotThere where there is none."""


@dataclass
class Export:
    """The deletions requested at `since` or later and before `until`. `filters`: as the operators' list takes
    them. `written` counts the rows.
    """

    api: Service
    store: Names
    since: datetime
    until: datetime
    filters: Mapping[str, str]
    written: int = 0
    _strange: list[str] = field(default_factory=list)

    def rows(self, shown: Bar) -> Iterator[dict[str, Any]]:
        """One after the other, the oldest first."""
        days = list(_days(self.since, self.until))
        for number, (start, end) in enumerate(days, start=1):
            asked = {**self.filters, "since": _text(start), "until": _text(end)}
            # What was there before the first row may have expired with the table's other items.
            strange = Strange(_id(start) if self.written else "", _id(end))
            for row in exported.rows(self.api, self.store, asked, None if self.filters else strange):
                self.written += 1
                yield row
            self._strange += strange.found
            text = f"{start:%Y-%m-%d}: {many(self.written, 'deletion')}"
            shown.at(number, len(days), text)

    def without_row(self) -> list[str]:
        """The deletions, from the first row on, that have a receipt and that the table does not show. Raises
        ClickException where the service does not answer, or refuses to: then nobody knows.
        """
        return [one for one in dict.fromkeys(self._strange) if not self._is_there(one)]

    def _is_there(self, one: str) -> bool:
        try:
            self.api.deletion(one)
        except NotThere:
            return False
        return True


def _id(at: datetime) -> str:
    """Before every id of a deletion that was asked for then or later."""
    return deletion_id(at.timestamp(), bytes(RANDOM_BYTES))


def _days(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The days (UTC) of that time, the first and the last as far as they belong to it."""
    start, last = max(_whole(since), _FIRST), min(_whole(until), _LAST)
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
