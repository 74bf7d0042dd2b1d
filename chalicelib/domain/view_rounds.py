"""The jobs of a view without a list, their counts, and when a job is asked for again. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain.by_view import ViewProgress
from chalicelib.domain.deletion import Counts

#: Records that Zoho deletes in one job (Zoho CRM API v7, Mass Delete Records).
ROUND_LIMIT = 50_000
#: Zoho is asked for a job's status at most once in this many seconds, and at least once in LONGEST_ASK.
SHORTEST_ASK = 5.0
LONGEST_ASK = 60.0
#: A job that does not say how far it is (queued, suspended) is asked for less and less often, but so often
#: (seconds).
LONGEST_SILENCE = 300.0


@dataclass(frozen=True, slots=True)
class Round:
    """What one job did: `failed` is what it neither deleted nor reported, too."""

    total: int
    deleted: int

    @property
    def failed(self) -> int:
        """Records of the job that are still there."""
        return max(self.total - self.deleted, 0)


def with_round(progress: ViewProgress, done: Round) -> ViewProgress:
    """The progress after a round of an unfrozen view has ended."""
    return replace(
        progress,
        total=progress.total + done.total,
        deleted=progress.deleted + done.deleted,
        failed=progress.failed + done.failed,
        before=None,
        intent_at=0.0,
        open=None,
        lost=False,
        seen=None,
    )


def counts_of(progress: ViewProgress, running: Round | None = None) -> Counts:
    """The counts of an unfrozen view: ended rounds, and the running one with what it has still to do."""
    total = progress.total + (running.total if running else 0)
    deleted = progress.deleted + (running.deleted if running else 0)
    return Counts(
        requested=total,
        deleted=deleted,
        failed=progress.failed,
        pending=max(total - deleted - progress.failed, 0),
    )


def another_round(done: Round, most: int = ROUND_LIMIT) -> bool:
    """Was the job full, so that more may be left? A round that deleted nothing is the last one.

    `most`: how many records a job takes.
    """
    return done.total >= most and done.deleted > 0


def ask_in(seconds_so_far: float, done: Round) -> float:
    """Seconds until the job's status is worth asking for again, fitted to its own speed."""
    if not done.total or not done.deleted or seconds_so_far <= 0:
        return min(LONGEST_SILENCE, max(SHORTEST_ASK, seconds_so_far / 4))
    left = (done.total - done.deleted) * seconds_so_far / done.deleted
    return min(LONGEST_ASK, max(SHORTEST_ASK, left / 2))
