"""When a policy runs: at a rate, or by a cron expression in a time zone.

A run that was missed, because nothing ran for a while, is made up for once: the next time is always looked
for after now.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

#: The retention function runs this often (seconds); a policy cannot run more often.
SHORTEST_RATE = 300
LONGEST_RATE = 366 * 86_400
#: A first run further ahead than this is a mistake, not a plan (seconds).
FURTHEST_START = 366 * 86_400


class CronTimes(Protocol):
    """Reads cron expressions."""

    def __call__(self, expression: str, zone: str, after: float) -> float | None:
        """The first time after `after` (seconds since the epoch) that `expression` names in `zone`; None
        where it never comes. Raises ValueError in words for people, also for an unknown zone.
        """


@dataclass(frozen=True, slots=True)
class Rate:
    """Every `seconds`, counted from `start` (seconds since the epoch), or from when the policy was
    applied. `zone`: by which the days of its cut-offs go; the rate itself goes by the clock.
    """

    seconds: int
    text: str
    start: float | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Cron:
    """Five fields as cron has them, in a time zone by its IANA name."""

    expression: str
    zone: str = "UTC"


Schedule = Rate | Cron


def next_run(schedule: Schedule, after: float, since: float, cron: CronTimes) -> float | None:
    """The first run later than `after`; `since` is when the policy was applied. None where it never comes.

    Raises ValueError for a cron expression or a time zone that cannot be read.
    """
    if isinstance(schedule, Cron):
        return cron(schedule.expression, schedule.zone, after)
    start = since + schedule.seconds if schedule.start is None else schedule.start
    if start > after:
        return start
    return start + (math.floor((after - start) / schedule.seconds) + 1) * schedule.seconds
