"""A policy as it lies in the table: its document, when it runs next, what became of its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Ran:
    """A run by its name, the deletion that it is, and when it was started (seconds since the epoch)."""

    run: str
    deletion_id: str
    at: float


#: A run that was claimed and is not in the table counts as going for so long (seconds): it is being stored.
CLAIM_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A stored policy. `document` is as it was written: a later version may find it broken.

    `revision` grows with every change by an operator. `next_at`: None where it never runs by itself. `last`:
    its newest run; `skipped`: the newest that did not start, as the one before was still going.
    """

    org: str
    name: str
    document: Mapping[str, Any] = field(hash=False)
    revision: int
    set_by: str
    set_at: float
    next_at: float | None
    last: Ran | None = None
    skipped: Ran | None = None

    def busy(self, going: bool | None, now: float) -> bool:
        """Is its newest run under way? `going`: whether that deletion has not ended; None where there is
        none.
        """
        if self.last is None:
            return False
        return now - self.last.at < CLAIM_SECONDS if going is None else going
