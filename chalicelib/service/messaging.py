"""What the use cases need of the queues and the topic, as protocols; see ports for the rest.

A method may raise errors.Unavailable where the system behind it is out of reach, unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class Nudges(Protocol):
    """The work queue. Losing a message is no harm: the poll finds what is due."""

    def nudge(self, deletion_id: str, delay: float = 0.0) -> None:
        """Wake a worker for this deletion in `delay` seconds (0 to 900). Never raises."""


class Queue(Nudges, Protocol):
    """The work queue, for callers that must not flood it."""

    def waiting(self) -> int:
        """About how many messages lie ready for a worker; 0 where that cannot be told. Never raises."""

    def nudge_all(self, deletion_ids: Sequence[str]) -> Sequence[str]:
        """Wake workers for these deletions, at once; those for which that failed. Never raises."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message of the queue that failed too often. `deletion_id` is None where it is not one of ours."""

    handle: str
    deletion_id: str | None


class DeadLetters(Protocol):
    """The dead-letter queue of the work queue."""

    def receive(self) -> Sequence[DeadLetter]:
        """Some of the letters; they stay for now, invisible to others. Empty where there is none."""

    def remove(self, letter: DeadLetter) -> None:
        """Take the letter out of the queue."""

    def release(self, letter: DeadLetter) -> None:
        """Let others see a letter that was received, at once."""


class Topic(Protocol):
    """Where result events leave."""

    def publish(self, message: str, attributes: Mapping[str, str]) -> None:
        """Hand one event to the topic; returning means that it was taken."""
