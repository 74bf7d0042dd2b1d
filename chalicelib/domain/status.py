"""Where a deletion stands, and the one table of legal moves (docs/CONTRACT.md, section 3)."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where a deletion stands."""

    ACCEPTED = "accepted"
    AWAITING_APPROVAL = "awaiting_approval"
    WAITING = "waiting"
    RUNNING = "running"
    COMPLETED = "completed"
    PARTIALLY_COMPLETED = "partially_completed"
    FAILED = "failed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    NEEDS_ATTENTION = "needs_attention"


FINAL = frozenset(
    {
        Status.COMPLETED,
        Status.PARTIALLY_COMPLETED,
        Status.FAILED,
        Status.REFUSED,
        Status.CANCELLED,
        Status.NEEDS_ATTENTION,
    }
)
_OPEN = frozenset({Status.AWAITING_APPROVAL, Status.WAITING, Status.RUNNING})
#: The one table of legal moves. `needs_attention` alone may be left again: by an operator's `resolve`.
MOVES: dict[Status, frozenset[Status]] = {
    Status.ACCEPTED: _OPEN | FINAL,
    Status.AWAITING_APPROVAL: frozenset({Status.WAITING, Status.RUNNING}) | FINAL,
    Status.WAITING: frozenset({Status.RUNNING, Status.AWAITING_APPROVAL}) | FINAL,
    Status.RUNNING: frozenset({Status.WAITING, Status.AWAITING_APPROVAL}) | FINAL,
    Status.COMPLETED: frozenset(),
    Status.PARTIALLY_COMPLETED: frozenset(),
    Status.FAILED: frozenset(),
    Status.REFUSED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.NEEDS_ATTENTION: frozenset(
        {Status.COMPLETED, Status.PARTIALLY_COMPLETED, Status.FAILED, Status.CANCELLED}
    ),
}
