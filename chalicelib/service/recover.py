"""After trouble: dead letters go back to work, and what a restored table would do again is shown first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.service.ports import DeadLetters, Nudges

#: Later than any deletion is due.
EVER = 10**11


class Pending(Protocol):
    """The part of the ledger that tells what is still to be done."""

    def due(self, now: float, limit: int) -> list[str]:
        """See ports.Ledger."""

    def get(self, deletion_id: str) -> Deletion | None:
        """See ports.Ledger."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """Letters that nudged their deletion again, and letters that are not ours."""

    nudged: int = 0
    foreign: int = 0


def redrive(
    letters: DeadLetters, nudges: Nudges, *, drop_foreign: bool = False, rounds: int = 1000
) -> Redriven:
    """Nudge what the letters name, then take them out of the queue; foreign ones only with `drop_foreign`.

    Nothing can be lost by it: a letter only wakes its deletion, which lies in the table and is found by the
    poll also without it.
    """
    nudged = foreign = 0
    for _ in range(rounds):
        some = letters.receive()
        if not some:
            break
        for letter in some:
            if letter.deletion_id is not None:
                nudges.nudge(letter.deletion_id)
                letters.remove(letter)
                nudged += 1
                continue
            foreign += 1
            if drop_foreign:
                letters.remove(letter)
    return Redriven(nudged, foreign)


@dataclass(frozen=True, slots=True)
class Open:
    """A deletion that is not at its end: None and a reason where it cannot be read."""

    deletion_id: str
    deletion: Deletion | None
    reason: str = ""


def would_run(pending: Pending, limit: int) -> list[Open]:
    """What the stage does, or does again, once it may; the longest waiting first."""
    found = []
    for deletion_id in pending.due(EVER, limit):
        try:
            found.append(Open(deletion_id, pending.get(deletion_id)))
        except Unreadable as problem:
            found.append(Open(deletion_id, None, problem.reason))
    return found
