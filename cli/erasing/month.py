"""How much is left of the month in which a person has to be answered (GDPR, article 12(3)). Pure."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cli.operating.render import moment
from cli.table import table

_SECONDS_A_DAY = 86_400


def ends(asked_at: datetime) -> datetime:
    """A month later: the same day of the next month, or its last day where it has none."""
    year, month = asked_at.year + asked_at.month // 12, asked_at.month % 12 + 1
    day = min(asked_at.day, calendar.monthrange(year, month)[1])
    return asked_at.replace(year=year, month=month, day=day)


def days_left(document: Mapping[str, Any], now: float) -> int | None:
    """Whole days until the month is over, below 0 after it; None for what has completed, a dry run, and what
    was cancelled: nothing is waited for any more.
    """
    if document.get("dry_run") or document["status"] in ("completed", "cancelled"):
        return None
    over = ends(datetime.fromisoformat(document["created_at"]).astimezone(UTC))
    return int((over.timestamp() - now) // _SECONDS_A_DAY)


def listed(documents: Sequence[Mapping[str, Any]], now: float) -> list[str]:
    """Erasures as a table, with the days left of the month since Expunge was asked."""
    rows = [
        (
            each["id"],
            moment(each["created_at"])[:10],
            _left(days_left(each, now)),
            each["status"] + (" (dry run)" if each.get("dry_run") else ""),
        )
        for each in documents
    ]
    below = [[f"reference: {each['reference']}"] if each.get("reference") else [] for each in documents]
    return table(("deletion", "asked", "days left", "status"), rows, below)


def _left(days: int | None) -> str:
    if days is None:
        return "-"
    return str(days) if days >= 0 else f"{-days} over"
