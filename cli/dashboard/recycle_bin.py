"""What becomes permanent when: deletions whose records lie in Zoho's recycle bin, by the day on which that
ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cli import http
from cli.dashboard.sums import iso, moment, row

#: How far back deletions are read: the 60 days of Zoho's recycle bin, and what one may take to begin.
DAYS = 75
#: Seconds for which what was read is good enough.
FRESH = 60.0
Document = Mapping[str, Any]


@dataclass
class RecycleBin:
    """`api`: operator_api.OperatorApi. `stage`: for the commands that are shown. `most`: deletions that are
    read at most.
    """

    api: Any
    stage: str
    most: int
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _read: tuple[float, dict[str, Any]] | None = field(default=None)

    def read(self) -> dict[str, Any]:
        """The days; a minute old at most. Raises ClickException where the API does not answer."""
        if self._read is None or time.monotonic() - self._read[0] > FRESH:
            self._read = time.monotonic(), self._all()
        return self._read[1]

    def _all(self) -> dict[str, Any]:
        now = self.clock()
        query = {"since": iso(now - timedelta(days=DAYS))}
        found: list[Document] = []
        cursor: str | None = ""
        while cursor is not None and len(found) < self.most:
            page = http.good(
                self.api.call("GET", "deletions", {**query, **({"cursor": cursor} if cursor else {})})
            )
            found += page["deletions"]
            cursor = page["next_cursor"]
        return {
            "stage": self.stage,
            "as_of": iso(now),
            "whole": cursor is None,
            "read": len(found),
            "days": by_day(found, now),
        }


def by_day(deletions: Iterable[Document], now: datetime) -> list[dict[str, Any]]:
    """Days (UTC) on which records leave the recycle bin for good, the next one first, with their
    deletions.
    """
    days: dict[str, dict[str, Any]] = {}
    for each in deletions:
        ends = end(each, now)
        if ends is None:
            continue
        at, by, records = ends
        day = days.setdefault(at[:10], {"day": at[:10], "records": 0, "deletions": []})
        day["records"] += records
        day["deletions"].append({**row(each), "at": at, "by": by, "records": records})
    for day in days.values():
        day["deletions"].sort(key=lambda one: one["at"])
    return [days[name] for name in sorted(days)]


def end(deletion: Document, now: datetime) -> tuple[str, str, int] | None:
    """When the records of a deletion are gone for good, by whose hand ("expunge" or "zoho"), and how many may
    still come back; None where none can.
    """
    found = deletion.get("recycle_bin") or {}
    left = (deletion["counts"].get("deleted") or 0) - sum(
        found.get(name) or 0 for name in ("restored", "permanently_deleted")
    )
    if not found or left <= 0:
        return None
    for at, by in ((found.get("permanent_at"), "expunge"), (found.get("restorable_until"), "zoho")):
        if at and moment(at) > now:
            return at, by, left
    return None
