"""Work that happens later by the simulator's clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Timers:
    """Actions and the moments when they are due."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._n = 0

    def add(self, at: float, action: Callable[[], None]) -> None:
        """Runs ``action`` at the first look at the clock after ``at`` (seconds since 1970)."""
        self._n += 1
        heapq.heappush(self._due, (at, self._n, action))

    def run(self, now: float) -> None:
        """Runs what is due."""
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()
