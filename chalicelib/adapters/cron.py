"""Cron expressions read by cronsim, time zones by the tzdata package where the machine has none."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

#: IANA names; zoneinfo takes them as paths, so nothing else may get there.
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9][A-Za-z0-9_+-]{0,31}){0,2}")
_EXPRESSION = re.compile(r"[0-9A-Za-z*/,#\- ]{9,100}")


def next_time(expression: str, zone: str, after: float) -> float | None:
    """See schedule.CronTimes.

    cronsim runs a job in the hour that summer time skips right after it, and one in the doubled hour once, as
    Debian's cron does.
    """
    if not _EXPRESSION.fullmatch(expression) or len(expression.split()) != 5:
        raise ValueError("must have five fields: minute, hour, day of month, month, day of week")
    local = datetime.fromtimestamp(after, UTC).astimezone(_zone(zone))
    try:
        found = next(CronSim(expression, local), None)
    except CronSimError as problem:
        raise ValueError(f"cannot be read as a cron expression: {problem}") from problem
    return found.timestamp() if found is not None else None


def _zone(name: str) -> ZoneInfo:
    if not _ZONE.fullmatch(name):
        raise ValueError("is not a time zone's IANA name, such as Europe/Vienna")
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as problem:  # ZoneInfoNotFoundError is a KeyError
        raise ValueError("is not a time zone that is known here, such as Europe/Vienna") from problem
