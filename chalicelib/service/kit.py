"""What the use cases that move deletions forward work with: adapters and settings."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.backoff import Patience
from chalicelib.service.ids_guard import Recent
from chalicelib.service.messaging import Queue, Topic
from chalicelib.service.ports import Leases, Ledger, ZohoFactory


def _nobody(*_told: object) -> None:
    """Takes what nobody wants to know."""


@dataclass(frozen=True)
class Kit:
    """The adapters and settings that the use cases work with. Times in seconds.

    `clock` gives seconds since the epoch, `chance` a number from 0 to 1. `report(event, **fields)` takes what
    operators should see; it never raises. `measure(metric, value)` takes a number for alarms and dashboard,
    `about(deletion_id, correlation)` names what the lines of the log are about from here on; neither raises.
    `ends_at`: when the worker itself must have ended.
    `sleep`: waits some seconds within an invocation, for a part of the org's concurrency; None for never.
    `recent`: ids that were deleted within the last `loop_window` seconds; None, or 0, for no loop guard.
    """

    ledger: Ledger
    leases: Leases
    nudges: Queue
    topic: Topic
    zoho: ZohoFactory
    clock: Callable[[], float]
    chance: Callable[[], float]
    report: Callable[..., None]
    stage: str
    patience: Patience
    slice_seconds: float = 20.0
    lease_seconds: float = 60.0
    ends_at: float = math.inf
    recent: Recent | None = None
    loop_window: float = 3600.0
    sleep: Callable[[float], None] | None = None
    measure: Callable[[str, float], None] = _nobody
    about: Callable[[str, str], None] = _nobody
