"""After trouble: dead letters go back to work, and what a restored table would do again is shown first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.service.messaging import DeadLetter, DeadLetters, Nudges

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
    nudged, foreign = 0, []
    for letter in _received(letters, rounds):
        if letter.deletion_id is not None:
            nudges.nudge(letter.deletion_id)
            letters.remove(letter)
            nudged += 1
            continue
        foreign.append(letter)
    for letter in foreign:
        (letters.remove if drop_foreign else letters.release)(letter)
    return Redriven(nudged, len(foreign))


def look(letters: DeadLetters, *, rounds: int = 1000) -> list[str | None]:
    """The deletions that the letters name, None for each that is not ours. All letters stay."""
    found: list[DeadLetter] = []
    try:
        found.extend(_received(letters, rounds))
    finally:
        for letter in found:
            letters.release(letter)
    return [letter.deletion_id for letter in found]


def _received(letters: DeadLetters, rounds: int) -> Iterator[DeadLetter]:
    """Letters until there are none; each once, as what was received is not seen again for a while."""
    for _ in range(rounds):
        some = letters.receive()
        if not some:
            return
        yield from some


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
