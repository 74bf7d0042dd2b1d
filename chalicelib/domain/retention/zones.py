"""Time zones by their IANA names: what a day, a month and a year are for a policy."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

#: IANA names; zoneinfo takes them as paths, so nothing else may get there.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9][A-Za-z0-9_+-]{0,31}){0,2}")
UTC_NAME = "UTC"


def zone(name: str) -> tzinfo:
    """The time zone; its data are the machine's, or those of the tzdata package where it has none.

    Raises ValueError in words for people for a name that is none, or not known here.
    """
    if name == UTC_NAME:
        return UTC
    from zoneinfo import ZoneInfo  # most policies do without

    if not _NAME.fullmatch(name):
        raise ValueError("is not a time zone's IANA name, such as Europe/Vienna")
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as problem:  # ZoneInfoNotFoundError is a KeyError
        raise ValueError("is not a time zone that is known here, such as Europe/Vienna") from problem


def name_of(value: object) -> str:
    """The name of a time zone as a document has it; UTC for None. Raises ValueError."""
    if value is None:
        return UTC_NAME
    if not isinstance(value, str):
        raise ValueError("must be text: put it in quotes")
    zone(value)
    return value


def earliest(wall: datetime, where: tzinfo) -> datetime:
    """The moment at which the clocks of `where` show `wall` (without a zone).

    Of the two moments of an hour that comes twice, and of the two readings of one that summer time skips, the
    earlier one: what is measured by it is never taken for older than it is.
    """
    return min((wall.replace(tzinfo=where, fold=fold) for fold in (0, 1)), key=datetime.timestamp)
