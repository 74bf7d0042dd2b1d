"""What the operator routes answer about holds and pauses (contract section 4)."""

from __future__ import annotations

from typing import Any

from chalicelib.domain import modules
from chalicelib.domain.document import iso
from chalicelib.domain.operators import Hold, Pause


def held(hold: Hold) -> dict[str, Any]:
    """A hold."""
    return {
        "org": hold.org,
        "module": hold.module,
        "record_id": hold.record_id,
        "reason": hold.reason,
        "until": iso(hold.until),
        "set_by": hold.set_by,
        "set_at": iso(hold.set_at),
    }


def not_checked(hold: Hold) -> list[str]:
    """Fields that only Zoho could vouch for, which the api function has no access to."""
    return ["record_id"] if modules.is_standard(hold.module) else ["module", "record_id"]


def paused(pause: Pause) -> dict[str, Any]:
    """`org` and `source` are null where it is about all orgs."""
    at = iso(pause.set_at) if pause.set_at else None
    return {
        "paused": pause.paused,
        "org": pause.org,
        "source": pause.source,
        "reason": pause.reason or None,
        "set_by": pause.set_by or None,
        "set_at": at,
    }
