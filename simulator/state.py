"""Everything the simulator knows, in one object that every feature is handed."""

from __future__ import annotations

import threading
from functools import partial

from simulator import mentions
from simulator.clock import SimClock
from simulator.families import Families
from simulator.faults import Faults
from simulator.jobs import Jobs
from simulator.journal import Journal
from simulator.limits import Credits, Gate
from simulator.modules import canonical
from simulator.oauth import Tokens
from simulator.schema import Schema
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
        self.clock.reset()
        self.store = Store()
        self.schema = Schema()
        self.change(self.first_settings.updated({}))
        self.jobs = Jobs(self.jobs.next_id)
        self.tokens = Tokens()
        self.credits = Credits()
        self.gate = Gate()
        self.faults = Faults()
        self.journal = Journal()
        self.timers = Timers()
        self.workflows = 0

    def change(self, settings: Settings) -> None:
        """Takes other settings; what was deleted before stays as it was deleted."""
        self.settings = settings
        self.store.families = Families(settings.children)
        self.store.without_bin = frozenset(map(canonical, settings.no_bin))
        deletable = {"converted": settings.converted_delete, "stopped": settings.stopped_delete}
        empties = settings.lookups_of_deleted == "emptied"
        self.store.on_delete = partial(mentions.empty, self.store, self.schema) if empties else None
        self.store.deletable = frozenset(name for name, says in deletable.items() if says == "deleted")

    def now(self) -> float:
        """Seconds since 1970 by the simulator's clock."""
        return self.clock.now()

    def advance(self) -> None:
        """Brings jobs, scheduled bin actions and the age limits of bin and deleted list to the present."""
        now = self.now()
        self.jobs.advance(self.store, now)
        self.timers.run(now)
        bin_days, deleted_days = self.settings.bin_days, self.settings.deleted_days
        self.store.forget(now - bin_days * 86_400, now - deleted_days * 86_400, bin_days)
        left = self.store.left_bin
        while left and (next(iter(left.values())).left_at or 0.0) <= now - self.settings.bin_lag_seconds:
            del left[next(iter(left))]
