"""What goes wrong while the soak runs: workers are killed, Zoho is away for a while."""

from __future__ import annotations

import os
import random
import re
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from local import record
from local.processes import Started, family
from local.running import RunningStack
from local.settings import Settings
from tests.soak import load

_WORKER = re.compile(r"/ministack-lambda-expunge-local-(work|poll)-[^/]+/")
TICK = 1.0
SHARE = 0.2


@dataclass
class Chaos:
    """Runs in a thread of its own until `stop` is set."""

    settings: Settings
    running: RunningStack
    outage_at: float
    outage_seconds: float
    kill_every: float
    chance: random.Random
    killed: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    outages: list[tuple[float, float]] = field(default_factory=list)

    def run(self, began: float) -> None:
        """Kills and fails; `began`: time.monotonic() at the start of the soak."""
        load.fail(self.running, SHARE)
        kill_at = 0.0
        while not self.stop.wait(TICK):
            now = time.monotonic() - began
            if not self.outages and now >= self.outage_at:
                load.outage(self.running)
                self.outages.append((now, now + self.outage_seconds))
            elif self.outages and self.outages[0][0] + self.outage_seconds <= now and not self._over:
                load.fail(self.running, SHARE)
                self.outages[0] = (self.outages[0][0], now)
                self._over = True
            if self.kill_every and now >= kill_at:
                kill_at = now + self.kill_every * (0.5 + self.chance.random())
                self._kill()

    _over: bool = False

    def _kill(self) -> None:
        workers = [each for each in family(self._ministack()) if _is_worker(each)]
        if not workers:
            return
        victim = self.chance.choice(workers)
        if victim.alive:
            with suppress(ProcessLookupError):
                os.kill(victim.pid, signal.SIGKILL)
                self.killed += 1

    def _ministack(self) -> Started:
        return record.processes(self.settings)["ministack"]


def _is_worker(process: Started) -> bool:
    """Is it a Lambda worker of ours? Its command line holds the folder that ministack made for it."""
    try:
        line = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False
    return _WORKER.search(line) is not None
