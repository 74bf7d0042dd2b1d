"""The operators' list of deletions: newest first, day after day, in pages of bounded work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.status import Status
from chalicelib.service.operators.commands import Deletions

#: Deletions that a page shows at most, and that it looks at to find them.
PAGE = 50
LOOKED_AT = 400
#: Days whose index a page asks at most.
DAYS = 40
DAY = 86_400.0
#: How far back the list goes where it is not said.
DEFAULT_SECONDS = 30 * DAY


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deletions: None stands for all. `since`: accepted then or later; `until`: before then (seconds
    since the epoch). `digests`: what forgotten references like `reference` are found by.
    """

    since: float
    until: float | None = None
    status: Status | None = None
    module: str | None = None
    org: str | None = None
    source: str | None = None
    reference: str | None = None
    digests: frozenset[str] = frozenset()

    def fits(self, deletion: Deletion) -> bool:
        """Is it one of them?"""
        return (
            deletion.created_at >= self.since
            and (self.until is None or deletion.created_at < self.until)
            and self.status in (None, deletion.status)
            and self.module in (None, deletion.request.module)
            and self.org in (None, deletion.request.org)
            and self.source in (None, deletion.source)
            and (self.reference in (None, deletion.request.reference) or self._was(deletion))
        )

    def _was(self, deletion: Deletion) -> bool:
        """Is it found by its reference, which was forgotten?"""
        return deletion.request.reference is None and deletion.reference_digest in self.digests


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: on `day` (yyyy-mm-dd), after the deletion `after` (created_at, id), or with the
    newest of the day.
    """

    day: str
    after: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class DeletionPage:
    """Deletions, and where the next page begins; None where there are no more. A page may be empty and have
    a next one.
    """

    deletions: tuple[Deletion, ...]
    following: Cursor | None


def page(deletions: Deletions, wanted: Wanted, start: Cursor | None, now: float) -> DeletionPage:
    """The page from `start` on; None for the first."""
    cursor = start or Cursor(_day(now if wanted.until is None else min(now, wanted.until)))
    oldest = _day(wanted.since)
    found: list[Deletion] = []
    looked_at = 0
    for _ in range(DAYS):
        if cursor.day < oldest:
            return DeletionPage(tuple(found), None)
        keys = deletions.listed(cursor.day, cursor.after, PAGE)
        looked_at += len(keys)
        cursor = Cursor(cursor.day, keys[-1]) if len(keys) == PAGE else Cursor(_day_before(cursor.day))
        fitting = _fitting(deletions, wanted, keys)
        room = PAGE - len(found)
        if len(fitting) > room:
            last = fitting[room - 1]
            shown = (*found, *(one for _, one in fitting[:room]))
            return DeletionPage(shown, Cursor(last[0][0][:10], last[0]))
        found += [one for _, one in fitting]
        if len(found) == PAGE or looked_at >= LOOKED_AT:
            break
    return DeletionPage(tuple(found), cursor if cursor.day >= oldest else None)


def _fitting(
    deletions: Deletions, wanted: Wanted, keys: Sequence[tuple[str, str]]
) -> list[tuple[tuple[str, str], Deletion]]:
    """Those that fit, each with its key, in the order of `keys`."""
    read = deletions.get_many([deletion_id for _, deletion_id in keys]) if keys else {}
    return [(key, read[key[1]]) for key in keys if key[1] in read and wanted.fits(read[key[1]])]


def _day(at: float) -> str:
    """The day (UTC) of a time; nothing was asked for before 1970, and years before 1 have no day."""
    at = max(0.0, at)
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
