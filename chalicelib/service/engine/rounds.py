"""What becomes of a deletion whose steps lead back to where they began: the next slice would take them again.

Two signs tell it. A slice comes back to the same state again and again; or it has taken all the steps that it
may, and no record is settled and none was found by them. Such a deletion rests, each time for longer, as one
does whose calls are withheld; once it has done nothing else for as long as Zoho may let it wait it is given
up, and where even that leads nowhere a person is told. Who asked Zoho all the while may be at a long search:
it waits a moment only, some slices long.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from chalicelib.domain import backoff
from chalicelib.domain.deletion import Counts
from chalicelib.service.engine import abandon, waiting
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.engine.write import Write

#: How often a slice may come back to the same state: others write the lane at the same moment, say.
MOST_TIMES = 10
#: Slices full of steps that a search of Zoho may take before anything is settled, and not wait longer for it.
LONG_SEARCH = 10


@dataclass
class Rounds:
    """What a slice has seen. `began`: what was settled and found when it began."""

    began: tuple[Counts, int, bool]
    seen: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, work: LeasedSlice) -> Rounds:
        """Of a slice that begins."""
        return cls(_reached(work))

    def closed(self, work: LeasedSlice) -> bool:
        """Does it go on, and has the last step led back to a state in which it was so often before?"""
        if work.stopped:
            return False
        state = _state(work)
        self.seen[state] += 1
        return self.seen[state] > MOST_TIMES

    def got_nowhere(self, work: LeasedSlice) -> bool:
        """Does it go on, and is nothing settled or found since the slice began?"""
        return not work.stopped and _reached(work) == self.began


def rest(work: LeasedSlice, *, given_up: bool, searches: bool = False) -> None:
    """Let the deletion rest, or end it where even steps that give it up go round. `searches`: Zoho answered,
    and nothing was settled. Raises StaleRead where a command came in between, or LostLease.
    """
    deletion = work.deletion
    if given_up and not deletion.is_final:
        abandon.end(work, "its steps lead back to where they began", "STUCK")
        return
    deletion = backoff.waited(deletion, backoff.ROUND, work.now)
    tries = backoff.tries(deletion, backoff.ROUND)
    work.report("goes_round", tries=tries)
    longer = max(0, tries - LONG_SEARCH) if searches else tries
    waiting.rest(work, Write(deletion), backoff.delay(longer, work.timeouts.longest, work.deps.chance()))


def _reached(work: LeasedSlice) -> tuple[Counts, int, bool]:
    return work.deletion.counts, work.deletion.id_count, work.deletion.is_final


def _state(work: LeasedSlice) -> int:
    """A hash of all that the next step depends on: not of the log, nor of clocks."""
    bare = replace(work.deletion, events=0, chain="", published=0, updated_at=0.0, failing={})
    return hash(repr((bare, work.changed, work.claim.control, len(work.claim.commands))))
