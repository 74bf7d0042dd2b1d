"""Fairness between orgs: no org holds more than half of the workers while another's deletion is due.

A worker that has been busy with one org for more than a moment needs a seat: a lease, of which the org has
half as many as there are workers. One without a seat gives its turn to another org's deletion that is due, if
there is one. So a single busy org has all workers, and a short burst costs no lease.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.errors import ExpungeError
from chalicelib.service.ports import Leases

#: Names of the leases.
SEAT = "SEAT#"
#: How long a worker may be busy with one org without a seat, and how old an answer may be (seconds).
MOMENT = 1.0
#: Where looking takes long, as many times as long passes before it is done again: it costs a worker a
#: twentieth of its time at most, however much is due.
TIMES_AS_LONG = 20
#: A worker that hears nothing of an org for as long has left it (seconds).
PAUSE = 5.0
#: How long a seat is held, and from when on it is renewed (seconds before its end).
HELD, RENEWED = 30.0, 15.0


@dataclass
class Turns:
    """What one worker (a process) remembers of the org that it is busy with.

    `other_due(org, now)`: a deletion of another org that is due, None where there is none. `workers`: how
    many there are in all. `owner` names this one. `chance` gives a number from 0 to 1.
    `report` is told why nobody's turn is known.
    """

    leases: Leases
    other_due: Callable[[str, float], str | None]
    workers: int
    owner: str
    clock: Callable[[], float]
    chance: Callable[[], float]
    report: Callable[[str], None]
    _org: str = ""
    _since: float = 0.0
    _last: float = 0.0
    _seat: str = ""
    _seat_until: float = 0.0
    _alone_until: float = 0.0

    def given_to(self, org: str, *, begins: bool = False) -> str | None:
        """The deletion of another org that this worker should turn to, instead of going on with `org`'s.

        None where it may go on, or where the table is out of reach. `begins`: with a deletion that it has not
        taken up yet.
        """
        now = self.clock()
        try:
            if org != self._org or (begins and now - self._last > PAUSE):
                self._turn_to(org, now)
            self._last = now
            if now - self._since < MOMENT or now < self._alone_until or self._seated(now):
                return None
            found = self.other_due(org, now)
        except ExpungeError as problem:
            self.report(str(problem))
            return None
        if found is None:
            looked = self.clock()
            self._alone_until = looked + max(MOMENT, TIMES_AS_LONG * (looked - now))
        return found

    def _turn_to(self, org: str, now: float) -> None:
        before, seat = self._org, self._seat
        self._org, self._since, self._alone_until = org, now, 0.0
        if seat and org != before:
            self._seat = ""
            self.leases.give_back(before, seat, self.owner)

    def _seated(self, now: float) -> bool:
        if self._seat and now < self._seat_until - RENEWED:
            return True
        until = now + HELD
        for seat in [self._seat] if self._seat else self._free(now):
            if self.leases.take(self._org, seat, self.owner, now, until):
                self._seat, self._seat_until = seat, until
                return True
        self._seat = ""
        return False

    def _free(self, now: float) -> list[str]:
        """The seats that nobody holds, from another one on in each worker."""
        number = max(1, self.workers // 2)
        start = int(self.chance() * number)
        taken = self.leases.in_use(self._org, SEAT, now)
        names = [f"{SEAT}{(start + n) % number}" for n in range(number)]
        return [name for name in names if name not in taken]
