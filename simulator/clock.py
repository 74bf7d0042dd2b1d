"""The simulator's clock: seconds since 1970, moved forward by a control or by a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

_MOST = 10 * 366 * 86_400


class SimClock:
    """A clock that follows ``base`` plus whatever it was advanced by.

    ``base`` returns seconds since 1970 (UTC). A test hands in ``lambda: 1_700_000_000.0`` for a clock that
    stands still until ``advance`` is called.
    """

    def __init__(self, base: Callable[[], float] = time.time) -> None:
        self._base = base
        self._offset = 0.0

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        return self._base() + self._offset

    def advance(self, seconds: float) -> None:
        """Moves the clock forward. Raises ``ValueError`` below 0 and above ten years."""
        if not 0 <= seconds <= _MOST:
            raise ValueError("advance_seconds must be from 0 to ten years")
        if self._offset + seconds > 10 * _MOST:
            raise ValueError("the clock has been advanced by a hundred years in all; reset it")
        self._offset += seconds

    def reset(self) -> None:
        """Back to the base clock."""
        self._offset = 0.0


def iso(seconds: float) -> str:
    """Zoho's time format, for example ``2026-11-22T18:00:00+00:00`` (UTC, no fractions)."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()


def iso_millis(seconds: float) -> str:
    """A time with milliseconds, for example ``2026-11-22T18:00:00.250Z``, as the call list shows it."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def parse_iso(text: str) -> float | None:
    """Seconds since 1970 of an ISO 8601 time or date; no offset means UTC. ``None`` if it is not one."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
