"""What the engine and the executors work with: adapters and settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chalicelib.domain.backoff import Timeouts
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.person.phones import NoPhones, Phones
from chalicelib.domain.view_rounds import ROUND_LIMIT
from chalicelib.service.engine.step import Executor
from chalicelib.service.engine.turns import Turns
from chalicelib.service.messaging import Queue, Topic
from chalicelib.service.ports import Leases, Ledger
from chalicelib.service.zoho_port import ZohoFactory


class Recent(Protocol):
    """Where ids that were deleted are kept for a while."""

    def remember_deleted(self, org: str, scope: str, ids: Sequence[str], now: float, until: float) -> None:
        """Keep that these were deleted at `now`, until `until`, as far as there is room."""

    def deleted_lately(self, org: str, scope: str, ids: Sequence[str], since: float, now: float) -> set[str]:
        """Those of the ids that are kept as deleted from `since` to `now`, and perhaps somewhat earlier."""


class RecordsFiles(Protocol):
    """The records files in the bucket of evidence."""

    def remove(self, prefix: str, *, only_old: bool = False) -> int:
        """Remove every version of what begins so, or those that were replaced; how many there were."""


class Report(Protocol):
    """Takes what operators should see. Never raises."""

    def __call__(self, event: str, /, **fields: object) -> None:
        """Note `event` with what belongs to it."""


@dataclass
class Forgetting:
    """What a process that polls remembers. `looked_in`: the last ten minutes, counted from the epoch, in
    which nothing failed in the look for what is to be forgotten; None where there was no poll yet.
    """

    looked_in: float | None = None


def _discard(*_reported: object) -> None:
    """Discards what is reported."""


def _unknown(_deletion_ids: Sequence[str]) -> Mapping[str, str]:
    """Nobody knows any."""
    return {}


@dataclass(frozen=True)
class Deps:
    """The adapters and settings that the use cases work with. Times in seconds.

    `executor_of` gives the executor of a deletion. `clock` gives seconds since the epoch, `chance` a number
    from 0 to 1. `report(event, **fields)` takes what operators should see; it never raises.
    `measure(metric, value)` takes a number for alarms and dashboard, `about(deletion_id, correlation)` names
    what the lines of the log are about from here on; neither raises.
    `ends_at`: when the worker itself must have ended.
    `sleep`: waits some seconds within an invocation, for a part of the org's concurrency; None for never.
    `recent`: ids that were deleted within the last `loop_window` seconds; None, or 0, for no loop guard.
    `phones`: what reads phone numbers, where a person is looked for.
    `orgs`: the orgs of deletions by their ids, as far as they are known; it never raises.
    `turns`: whose turn it is among the orgs; None for who is no worker of the queue.
    `records`: the files that may have to be forgotten; None where this function has no way to them.
    `forgets`: may it forget? Where not, a worker does it.
    `forgetting`: what is remembered from poll to poll of when it was looked for.
    `evidence`: does the stage write any? `forget_days`: after so many days texts are forgotten.
    `round_limit`: how many records a view's mass delete takes at Zoho; tests run with smaller jobs.
    """

    ledger: Ledger
    leases: Leases
    nudges: Queue
    topic: Topic
    zoho: ZohoFactory
    executor_of: Callable[[Deletion], Executor]
    clock: Callable[[], float]
    chance: Callable[[], float]
    report: Report
    stage: str
    timeouts: Timeouts
    slice_seconds: float = 20.0
    lease_seconds: float = 60.0
    ends_at: float = math.inf
    recent: Recent | None = None
    loop_window: float = 3600.0
    sleep: Callable[[float], None] | None = None
    round_limit: int = ROUND_LIMIT
    phones: Phones = field(default_factory=NoPhones)
    orgs: Callable[[Sequence[str]], Mapping[str, str]] = _unknown
    turns: Turns | None = None
    measure: Callable[[str, float], None] = _discard
    about: Callable[[str, str], None] = _discard
    records: RecordsFiles | None = None
    forgets: bool = True
    evidence: bool = False
    forget_days: int = 30
    forgetting: Forgetting = field(default_factory=Forgetting)
