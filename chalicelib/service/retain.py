"""The retention schedule: which policies are due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Policies(Protocol):
    """The part of the table that the retention schedule needs."""

    def due_policies(self, now: float, limit: int) -> list[str]:
        """Names (`org/policy`) of the policies whose run is due, the longest waiting first."""


@dataclass(frozen=True, slots=True)
class Retained:
    """What one tick found."""

    due: int = 0


def retain(policies: Policies, now: float, limit: int = 50) -> Retained:
    """One tick of the retention schedule at `now`. Raises Unavailable where the table is out of reach."""
    return Retained(due=len(policies.due_policies(now, limit)))
