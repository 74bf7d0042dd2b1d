"""A view's mass delete, one step at a time. Which file does which phase: the table at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chalicelib.domain.by_view import Phase, ViewProgress, progress_of
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.outcomes import Finding, Mark
from chalicelib.domain.status import Status
from chalicelib.service.by_view import (
    checking,
    following,
    investigating,
    listing,
    moves,
    rereading,
    settling,
    starting,
    watching,
)
from chalicelib.service.engine.step import Slice, Step


def wanted(deletion: Deletion) -> int:
    """Calls to Zoho at once: one after the other, but for the reads that settle a list."""
    return settling.MOST_AT_ONCE if progress_of(deletion).phase is Phase.SETTLE else 1


def blamed(deletion: Deletion, code: str) -> Deletion:
    """The deletion, remembering `code` as what stood in its way, for the case that it is given up."""
    return replace(deletion, progress=replace(progress_of(deletion), code=code, message="").to_json())


def step(work: Slice) -> Step:
    """The next thing to do for a view's mass delete."""
    progress = progress_of(work.deletion)
    if work.deletion.cancelled_by:
        by = work.deletion.cancelled_by
        return moves.end(work, progress, status=Status.CANCELLED, by=by)
    if _unanswered(progress):
        return moves.lost(work, progress, "NO_ANSWER", "the worker ended before the answer came")
    return PHASES[progress.phase](work, progress)


def give_up(work: Slice, call: str) -> Step:
    """The clock of `call` has run out. A start that may have run leaves what is not known unknown."""
    progress = progress_of(work.deletion)
    if _unanswered(progress):
        return moves.lost(work, progress, "NO_ANSWER", "the worker ended before the answer came")
    if work.deletion.cancelled_by and not progress.intent_at:
        return moves.end(work, progress, status=Status.CANCELLED, by=work.deletion.cancelled_by)
    if progress.phase is Phase.SETTLE:
        return settling.give_up(work, progress, call)
    if not progress.intent_at:
        return moves.fail(work, progress, progress.code or "GAVE_UP", progress.message)
    code = "JOB_LOST" if work.deletion.job_id else "OUTCOME_UNKNOWN"
    if not work.deletion.frozen:
        return moves.needs_attention(work, progress, code)
    unknown = moves.unsettled(work, Finding(Mark.UNKNOWN, progress.code or code, progress.message))
    return moves.end(work, progress, chunks=unknown, why=code)


def _unanswered(progress: ViewProgress) -> bool:
    """Is there a start whose worker ended before its answer was kept?"""
    return progress.open is not None and progress.phase is Phase.START


PHASES: dict[Phase, Callable[[Slice, ViewProgress], Step]] = {
    Phase.BEGIN: checking.begin,
    Phase.COUNT: checking.count,
    Phase.LIST: listing.read,
    Phase.CHECK: checking.check,
    Phase.LANE: starting.take_lane,
    Phase.REREAD: rereading.read,
    Phase.START: starting.start,
    Phase.RUN: following.follow,
    Phase.WATCH: watching.watch,
    Phase.SETTLE: settling.settle,
    Phase.LOOK: investigating.investigate,
}
