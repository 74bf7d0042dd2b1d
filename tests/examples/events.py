"""Result events as the product's own code makes them."""

from __future__ import annotations

from typing import Any


def event(number: int = 4, status: str = "completed", **data: Any) -> dict[str, Any]:
    """An event of one deletion with this number; its form is held to docs/CONTRACT.md by test_events.py."""
    deletion = "del_01M8298QNC9R2FS46471MHPX7V"
    counts = {
        "requested": 3,
        "deleted": 2,
        "already_absent": 0,
        "failed": 1,
        "held": 0,
        "unknown": 0,
        "pending": 0,
    }
    document: dict[str, Any] = {
        "id": deletion,
        "status": status,
        "counts": counts,
        "problems": [],
        "reference": None,
    }
    return {
        "specversion": "1.0",
        "id": f"{deletion}/{number}",
        "source": "urn:expunge:prod",
        "type": f"expunge.deletion.{status}",
        "subject": deletion,
        "sequence": str(number),
        "data": {**document, **data},
    }
