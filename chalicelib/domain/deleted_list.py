"""Pages of a module's deleted list: which records were deleted, and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def times_of(body: Mapping[str, Any] | None) -> dict[str, float]:
    """When the records of a page were deleted, by id (seconds since the epoch, Zoho's clock). An entry
    without a readable time says nothing.
    """
    data = (body or {}).get("data")
    found = {}
    for entry in data if isinstance(data, list) else ():
        if isinstance(entry, Mapping):
            at = _time(entry.get("deleted_time"))
            if at is not None:
                found[str(entry.get("id"))] = at
    return found


def has_more(body: Mapping[str, Any] | None) -> bool:
    """Is there a page after this one?"""
    info = (body or {}).get("info")
    return isinstance(info, Mapping) and info.get("more_records") is True


def _time(told: object) -> float | None:
    try:
        return datetime.fromisoformat(str(told)).timestamp()
    except ValueError:
        return None
