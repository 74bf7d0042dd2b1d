"""Pages of a module's deleted list: which records were deleted, when, and whether for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Deleted:
    """A record in the deleted list. `at`: seconds since the epoch, Zoho's clock, None where it cannot be
    read. `permanent`: gone for good; False while it lies in the recycle bin, None where that is not told.

    Zoho keeps neither the name of a permanent entry nor who deleted it (API v7, Get Deleted Records).
    """

    id: str
    at: float | None
    permanent: bool | None


_TYPES = {"recycle": False, "permanent": True}


def entries_of(body: Mapping[str, object] | None) -> dict[str, Deleted]:
    """The records of a page by their ids."""
    data = (body or {}).get("data")
    found = {}
    for entry in data if isinstance(data, list) else ():
        if isinstance(entry, Mapping):
            one = str(entry.get("id"))
            found[one] = Deleted(one, moment(entry.get("deleted_time")), _TYPES.get(str(entry.get("type"))))
    return found


def times_of(body: Mapping[str, object] | None) -> dict[str, float]:
    """When the records of a page were deleted, by id (seconds since the epoch, Zoho's clock). An entry
    without a readable time says nothing.
    """
    return {one: entry.at for one, entry in entries_of(body).items() if entry.at is not None}


def has_more(body: Mapping[str, object] | None) -> bool:
    """Is there a page after this one?"""
    info = (body or {}).get("info")
    return isinstance(info, Mapping) and info.get("more_records") is True


def moment(told: object) -> float | None:
    """A time of Zoho's (ISO 8601) in seconds since the epoch; None for anything else, also without an
    offset.
    """
    try:
        found = datetime.fromisoformat(str(told))
        return found.timestamp() if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
