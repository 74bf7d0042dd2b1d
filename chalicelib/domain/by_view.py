"""A view's mass delete: a job at Zoho, in rounds, and what may be said when the answer that started it was
lost.

A view is dynamic, so its mass delete is never sent again on a guess. A lost reply is settled by looking: how
many records the view holds now, how many the module's deleted list has gained since the intent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, cast

from chalicelib.domain.deletion import Counts, Deletion

#: Records that Zoho deletes in one job (seed: mass-delete-records-v7).
ROUND_LIMIT = 50_000
#: Zoho is asked for a job's status at most once in this many seconds, and at least once in LONGEST_ASK.
SHORTEST_ASK = 5.0
LONGEST_ASK = 60.0
#: A count older than this (seconds) is taken anew before the view's mass delete is sent.
FRESH_SECONDS = 30.0


class Phase(StrEnum):
    """What comes next."""

    COUNT = "count"
    SELECT = "select"
    LANE = "lane"
    START = "start"
    RUN = "run"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class Look:
    """What a look saw: `count` records in the view now; `deleted` records of the module that went after the
    intent, and `doubtful` ones that went in the same second (Zoho tells whole seconds). None: cannot be told.
    """

    count: int | None
    deleted: int | None
    doubtful: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a view's deletion stands.

    `before`: the view's count before this round; None where it could not be counted. `counted_at`: when that
    was. `total`, `deleted`, `failed`: sums over the rounds that have ended. `open`: the ledger number of a
    start without an answer. `intent_at`: when this round was about to be sent. `lost`: a start of this round
    had no answer, so an answer of Zoho's that a job is on may mean ours. `seen`, `still_since`: the last
    look, and since when looks have been alike. `lane`: the key of the lane it is in, "" for none.
    `page`: token of the page that is read next, while its ids are read; `reread`: that was begun anew once.
    """

    phase: Phase = Phase.COUNT
    round: int = 1
    before: int | None = None
    counted_at: float = 0.0
    total: int = 0
    deleted: int = 0
    failed: int = 0
    open: int | None = None
    intent_at: float = 0.0
    lost: bool = False
    seen: Look | None = None
    still_since: float = 0.0
    job_since: float = 0.0
    lane: str = ""
    page: str = ""
    reread: bool = False
    code: str = ""
    message: str = ""

    def to_json(self) -> dict[str, object]:
        """As it is stored in the deletion."""
        return asdict(self)


def progress_of(deletion: Deletion) -> Progress:
    """The stored progress, or a fresh one."""
    stored: dict[str, Any] = dict(deletion.progress)
    if not stored:
        return Progress()
    seen = cast("Mapping[str, Any] | None", stored.get("seen"))
    return Progress(**{**stored, "phase": Phase(stored["phase"]), "seen": Look(**seen) if seen else None})


@dataclass(frozen=True, slots=True)
class Round:
    """What one job did: `failed` is what it neither deleted nor reported, too."""

    total: int
    deleted: int

    @property
    def failed(self) -> int:
        """Records of the job that are still there."""
        return max(self.total - self.deleted, 0)


def with_round(progress: Progress, done: Round) -> Progress:
    """The progress after a round has ended."""
    return replace(
        progress,
        total=progress.total + done.total,
        deleted=progress.deleted + done.deleted,
        failed=progress.failed + done.failed,
        open=None,
        lost=False,
        seen=None,
    )


def counts_of(progress: Progress, running: Round | None = None) -> Counts:
    """The deletion's counts: ended rounds, and the running one with what it has still to do."""
    total = progress.total + (running.total if running else 0)
    deleted = progress.deleted + (running.deleted if running else 0)
    return Counts(
        requested=total,
        deleted=deleted,
        failed=progress.failed,
        pending=max(total - deleted - progress.failed, 0),
    )


def another_round(done: Round) -> bool:
    """Was the job full, so that more may be left? A round that deleted nothing is the last one."""
    return done.total >= ROUND_LIMIT and done.deleted > 0


def ask_in(seconds_so_far: float, done: Round) -> float:
    """Seconds until the job's status is worth asking for again, fitted to its own speed."""
    if not done.total or not done.deleted or seconds_so_far <= 0:
        return SHORTEST_ASK
    left = (done.total - done.deleted) * seconds_so_far / done.deleted
    return min(LONGEST_ASK, max(SHORTEST_ASK, left / 2))


class Seen(StrEnum):
    """What the looks at a lost start allow to say."""

    NOT_YET = "not yet"  # things still move, or have not lain still for long enough
    NOTHING_STARTED = "nothing started"  # may be sent again
    DONE = "done"  # the job ran; the round is told
    CANNOT_TELL = "cannot tell"  # a person has to look


def conclude(
    progress: Progress, look: Look, now: float, settle: float, *, narrowed: bool = False
) -> tuple[Seen, Round | None]:
    """What `look`, taken at `now`, says of the start at `progress.intent_at`.

    `narrowed`: only a territory's part of the view was asked for, so what is left of the view is no failure.

    A view that is empty, with at least as many records gone from its module as it held, is done. Otherwise
    what left the view must be what went from the module, or other people changed something meanwhile and
    only they can tell what was theirs.
    """
    if look.count is None or look.deleted is None or progress.before is None:
        return Seen.CANNOT_TELL, None
    total, left_view = min(progress.before, ROUND_LIMIT), progress.before - look.count
    if look.count == 0 and progress.before == total and look.deleted + look.doubtful >= total:
        return Seen.DONE, Round(total, total)
    adds_up = look.deleted <= left_view <= look.deleted + look.doubtful
    if adds_up and left_view == total:
        return Seen.DONE, Round(total, total)
    if look != progress.seen or now - progress.still_since < settle:
        return Seen.NOT_YET, None
    if not adds_up or (narrowed and left_view):
        return Seen.CANNOT_TELL, None
    return (Seen.DONE, Round(total, left_view)) if left_view else (Seen.NOTHING_STARTED, None)
