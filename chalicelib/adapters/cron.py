"""Cron expressions, read by cronsim."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

from chalicelib.domain.retention.zones import zone as zone_of

_EXPRESSION = re.compile(r"[0-9A-Za-z*/,#\- ]{9,100}")


def next_time(expression: str, zone: str, after: float) -> float | None:
    """See schedule.CronTimes.

    cronsim runs a job in the hour that summer time skips right after it, and one in the doubled hour once, as
    Debian's cron does.
    """
    if not _EXPRESSION.fullmatch(expression) or len(expression.split()) != 5:
        raise ValueError("must have five fields: minute, hour, day of month, month, day of week")
    local = datetime.fromtimestamp(after, UTC).astimezone(zone_of(zone))
    try:
        found = next(CronSim(expression, local), None)
    except CronSimError as problem:
        raise ValueError(f"cannot be read as a cron expression: {problem}") from problem
    return found.timestamp() if found is not None else None
