"""Everything the simulator knows, in one object that every feature is handed."""

from __future__ import annotations

import threading

from simulator.clock import SimClock
from simulator.faults import Faults
from simulator.jobs import Jobs
from simulator.journal import Journal
from simulator.limits import Credits, Gate
from simulator.oauth import Tokens
from simulator.settings import Settings
from simulator.store import Store
from simulator.timers import Timers


class State:
    """The parts that ``reset`` replaces, and those that stay: clock, lock, settings from the start.

    ``lock`` is held while a call is worked on, never while it waits.
    """

    def __init__(self, settings: Settings, clock: SimClock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.first_settings = settings
        self.jobs = Jobs()
        self.clear()

    def clear(self) -> None:
        """Forgets records, views, jobs, tokens, credits, calls, faults; settings and clock as at the start.

        Numbers of jobs go on, so that a caller that still asks for an old job never meets a new one.
        """
        self.settings = self.first_settings.updated({})
        self.clock.reset()
        self.store = Store()
        self.jobs = Jobs(self.jobs.next_id)
        self.tokens = Tokens()
        self.credits = Credits()
        self.gate = Gate()
        self.faults = Faults()
        self.journal = Journal()
        self.timers = Timers()
        self.workflows = 0

    def now(self) -> float:
        """Seconds since 1970 by the simulator's clock."""
        return self.clock.now()

    def advance(self) -> None:
        """Brings jobs, scheduled bin actions and the bin's age limit to the present."""
        now = self.now()
        self.jobs.advance(self.store, now)
        self.timers.run(now)
        oldest = now - self.settings.bin_days * 86_400
        while self.store.bin:
            stone = next(iter(self.store.bin.values()))
            if stone.deleted_at > oldest:
                break
            self.store.purge(stone)
