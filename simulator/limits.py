"""API credits of a rolling day, and how many calls may run at the same time (Zoho's API limits page)."""

from __future__ import annotations

from collections import deque
from typing import Any

_DAY = 86_400.0


class Credits:
    """What calls cost. A call's credits come back 24 hours after it."""

    def __init__(self) -> None:
        self._spent: deque[tuple[int, int]] = deque()  # (second, credits), one entry a second
        self.used = 0
        self.total = 0

    def forget(self, now: float) -> None:
        """Gives back what was spent more than a day ago."""
        while self._spent and self._spent[0][0] <= now - _DAY:
            self.used -= self._spent.popleft()[1]

    def spend(self, price: int, allowance: int, now: float) -> bool:
        """Takes ``price`` credits; false, and nothing taken, when they are not there."""
        self.forget(now)
        if self.used + price > allowance:
            return False
        second = int(now)
        if self._spent and self._spent[-1][0] == second:
            self._spent[-1] = (second, self._spent[-1][1] + price)
        else:
            self._spent.append((second, price))
        self.used += price
        self.total += price
        return True

    def header(self, allowance: int) -> dict[str, str]:
        """``X-API-CREDITS-REMAINING``, only once half of the day's credits is used."""
        if self.used * 2 <= allowance:
            return {}
        return {"X-API-CREDITS-REMAINING": str(allowance - self.used)}

    def shown(self, allowance: int, now: float) -> dict[str, int]:
        """Numbers for ``/_sim/state``; ``total`` never falls."""
        self.forget(now)
        return {
            "allowance": allowance,
            "used": self.used,
            "remaining": allowance - self.used,
            "total": self.total,
        }


class Gate:
    """Counts the calls in flight. The caller holds the simulator's lock."""

    def __init__(self) -> None:
        self.running = 0
        self.heavy = 0
        self.highest = 0
        self.refused = 0

    def enter(self, heavy: bool, limit: int, heavy_limit: int) -> bool:
        """Lets a call in, or not."""
        if self.running >= limit or (heavy and self.heavy >= heavy_limit):
            self.refused += 1
            return False
        self.running += 1
        self.heavy += heavy
        self.highest = max(self.highest, self.running)
        return True

    def leave(self, heavy: bool) -> None:
        """A call is answered."""
        self.running -= 1
        self.heavy -= heavy

    def shown(self) -> dict[str, Any]:
        """Numbers for ``/_sim/state``."""
        return {"running": self.running, "highest": self.highest, "refused": self.refused}
