"""Times as people give them: a span back from now, a day or a time in a named time zone."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import click

_SPAN = re.compile(r"([0-9]{1,4})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
FORMS = "such as 45m, 12h, 7d, 4w, 2026-11-01, or 2026-11-01T12:00"


def zone(_ctx: click.Context, _parameter: click.Parameter, value: str) -> tzinfo:
    """A time zone by its name in the IANA list, checked (a callback of click)."""
    try:
        return UTC if value.upper() in ("UTC", "Z") else ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(value, available_timezones(), n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ", such as Europe/Vienna"
        raise click.BadParameter(f"{value!r} is no time zone of the IANA list{hint}") from None


def zone_option(command: Any) -> Any:
    """--time-zone."""
    return click.option(
        "--time-zone",
        "zone",
        default="UTC",
        show_default=True,
        envvar="EXPUNGE_TIME_ZONE",
        callback=zone,
        metavar="NAME",
        help="For days and times without a zone, and for those that are shown.",
    )(command)


def is_span(text: str) -> bool:
    """Whether the text is a span back from now, such as 7d."""
    return _SPAN.fullmatch(text) is not None


def moment(text: str, of: tzinfo, option: str, now: datetime | None = None) -> datetime:
    """The time that `text` means; a day is its first moment in the zone `of`. Raises UsageError."""
    span = _SPAN.fullmatch(text)
    if span is not None:
        return (now or datetime.now(UTC)) - timedelta(**{_UNITS[span.group(2)]: int(span.group(1))})
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=of)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.UsageError(f"{option} {text}: give a time {FORMS}") from None


def local(text: str, of: tzinfo) -> str:
    """A time of a document in the zone, such as `2026-11-22 18:46`; `-` where it is none."""
    try:
        return datetime.fromisoformat(text).astimezone(of).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return "-"
