"""The operators' log: read page by page, and told of what a command changed in a secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chalicelib.domain.evidence.operators import Entry

DAY = 86_400.0
#: How far back it is read where that is not said (seconds), and how far at most: entries are kept for less.
DEFAULT_SECONDS, MOST_SECONDS = 30 * DAY, 440 * DAY
#: Entries of one page.
PAGE = 100
#: Clocks differ: entries of the nearest future are read too (seconds).
AHEAD = 3_600.0


class Log(Protocol):
    """The part of the table that the operators' log lies in."""

    def tell(self, entry: Entry) -> None:
        """Keep an entry of what was changed elsewhere."""

    def entries_of_operators(
        self, since: float, until: float, before: str | None, limit: int
    ) -> tuple[Sequence[Entry], str | None]:
        """Up to `limit` entries made from `since` on and before `until`, newest first, those before the entry
        `before`; and the `before` of the next ones, None where there are no more. Strongly consistent.
        """


def page(
    log: Log, since: float | None, until: float | None, before: str | None, now: float
) -> tuple[Sequence[Entry], str | None]:
    """A page of the log, and where the next one begins; without `since` 30 days up to `until`, or to now."""
    end = now + AHEAD if until is None else min(until, now + AHEAD)
    start = min(now, end) - DEFAULT_SECONDS if since is None else since
    return log.entries_of_operators(max(start, now - MOST_SECONDS), end, before, PAGE)
