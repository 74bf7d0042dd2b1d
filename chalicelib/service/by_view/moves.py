"""The steps that end a view's mass delete, and those that lead from one phase to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain import by_ids
from chalicelib.domain.by_view import Goal, Phase, ViewProgress, progress_of, unlisted
from chalicelib.domain.deletion import Problem
from chalicelib.domain.log import SERVICE
from chalicelib.domain.outcomes import UNSETTLED, Chunk, Finding, Mark, recount
from chalicelib.domain.status import Status
from chalicelib.domain.view_rounds import counts_of
from chalicelib.service.engine import freeze
from chalicelib.service.engine.step import Again, Commit, Finish, Note, Slice, Then, TryAgain
from chalicelib.service.ports import Call

#: The calls whose clocks run while they fail.
COUNT, READ, START, STATUS, SETTLE = "count", "read", "start", "status", "settle"


def to(
    work: Slice,
    progress: ViewProgress,
    then: Then | None = None,
    *,
    succeeded: str | None = None,
    leave_lane: bool = False,
) -> Commit:
    """Go on with `progress`."""
    deletion = replace(work.deletion, progress=progress.to_json())
    return Commit(deletion, then or Again(), succeeded=succeeded, leave_lane=leave_lane)


def again_later(work: Slice, progress: ViewProgress, then: TryAgain, message: str = "") -> Commit:
    """Try the same again after a while, remembering what stood in the way."""
    return to(work, replace(progress, code=then.code, message=message), then)


def unsettled(work: Slice, finding: Finding, *marks: Mark) -> tuple[Chunk, ...]:
    """Every chunk in which something is unsettled (or has one of `marks`), with `finding` for these ids."""
    wanted = marks or tuple(UNSETTLED)
    found = []
    for number in range(work.deletion.chunks):
        chunk = work.chunk(number)
        positions = chunk.at(*wanted)
        if positions:
            found.append(chunk.with_mark(positions, finding))
    return tuple(found)


def end(
    work: Slice,
    progress: ViewProgress,
    *problems: Problem,
    status: Status | None = None,
    chunks: Sequence[Chunk] = (),
    calls: Sequence[Call] = (),
    notes: Sequence[Note] = (),
    why: str = "",
    by: str = SERVICE,
) -> Commit:
    """End with the status that the counts decide, or with `status`."""
    deletion = replace(work.deletion, progress=progress.to_json())
    if deletion.frozen:
        deletion = replace(deletion, unlisted=taken_unlisted(work, progress, chunks))
    else:
        deletion = replace(freeze.unfrozen(deletion), counts=counts_of(progress))
    return Commit(
        deletion,
        Finish(status, why, by, problems),
        chunks=tuple(chunks),
        calls=tuple(calls),
        notes=tuple(notes),
    )


def taken_unlisted(work: Slice, progress: ViewProgress, chunks: Sequence[Chunk]) -> int:
    """Records that went with the job and had not been listed, as far as is known with `chunks` written."""
    deletion = work.deletion
    if not progress.job_total:
        return deletion.unlisted
    counts = deletion.counts
    for after in chunks:
        counts = recount(counts, work.chunk(after.number), after)
    return max(deletion.unlisted, unlisted(replace(deletion, counts=counts), progress))


def refuse(work: Slice, progress: ViewProgress, problem: Problem) -> Commit:
    """A limit stopped it before the first delete: nothing was sent."""
    return end(work, progress, problem, status=Status.REFUSED, why=problem.code)


def fail(work: Slice, progress: ViewProgress, code: str, message: str, calls: Sequence[Call] = ()) -> Commit:
    """Zoho refuses for good. Listed records have failed; what earlier rounds deleted stays counted."""
    if work.deletion.frozen:
        chunks = unsettled(work, Finding(Mark.FAILED, code, message))
        return end(work, progress, chunks=chunks, calls=calls, why=code)
    counts = counts_of(progress)
    status = Status.PARTIALLY_COMPLETED if counts.deleted else Status.FAILED
    problem = Problem(code, progress.before or 0, message)
    return end(work, progress, problem, status=status, calls=calls, why=code)


def needs_attention(work: Slice, progress: ViewProgress, code: str, calls: Sequence[Call] = ()) -> Commit:
    """What became of an unfrozen view cannot be shown from here: a person has to look."""
    lost = progress.before or 0
    if progress.seen is not None and progress.seen.count is not None:
        progress = replace(progress, message=_seen(progress))
    counts = replace(counts_of(progress), requested=progress.total + lost, unknown=lost, pending=0)
    deletion = replace(work.deletion, counts=counts, progress=progress.to_json())
    problem = Problem(code, lost, progress.message)
    return Commit(deletion, Finish(Status.NEEDS_ATTENTION, code, problems=(problem,)), calls=tuple(calls))


def _seen(progress: ViewProgress) -> str:
    seen = progress.seen
    went = (
        ""
        if seen is None or seen.deleted is None
        else f", and its module lost {seen.deleted} since the start"
    )
    return f"the view holds {seen.count if seen else '?'} records now, {progress.before} before{went}"


def lost(work: Slice, progress: ViewProgress, code: str, message: str, calls: Sequence[Call] = ()) -> Commit:
    """Whether Zoho runs a job is not known: nothing is sent any more, Zoho is only asked.

    A frozen view says so for good: a job that Zoho starts later may take what came into the view.
    """
    deletion = work.deletion
    phase = Phase.WATCH if deletion.frozen else Phase.LOOK
    after = replace(
        progress,
        phase=phase,
        open=None,
        lost=True,
        seen=None,
        looks=0,
        still_since=work.now,
        code=code,
        message=message,
    )
    if deletion.frozen and all(p.code != "START_LOST" for p in deletion.problems):
        problem = Problem("START_LOST", max(deletion.counts.pending, 1), message)
        deletion = replace(deletion, problems=(*deletion.problems, problem))
    return Commit(
        replace(deletion, progress=after.to_json(), job_deleted=0),
        calls=tuple(calls),
        notes=(Note("outcome_unknown", code),),
        running="",
        succeeded=START,
        regardless=True,
    )


def read_again(work: Slice, progress: ViewProgress, goal: Goal, why: str = "") -> Commit:
    """Read the view a second time: only what is in both readings may go. By ids the lane is for others."""
    by_id = goal is Goal.BY_IDS
    after = replace(
        progress,
        phase=Phase.REREAD,
        goal=goal,
        page="",
        pages=0,
        restarts=0,
        newcomers=0,
        said=why or progress.said,
    )
    # An older second reading says nothing any more.
    chunks = unsettled(work, Finding(Mark.PENDING), Mark.IN_VIEW, Mark.LEFT)
    deletion = replace(work.deletion, progress=after.to_json())
    notes = (Note("by_ids", why),) if by_id and why else ()
    return Commit(deletion, chunks=chunks, notes=notes, leave_lane=by_id)


def continue_by_ids(work: Slice, chunks: Sequence[Chunk] = ()) -> Commit:
    """From here on it is a deletion by ids. The limits have let it pass."""
    beyond = taken_unlisted(work, progress_of(work.deletion), chunks)
    deletion = replace(work.deletion, by_ids=True, unlisted=beyond)
    kind = by_ids.call_kind(deletion)
    following = by_ids.IdsProgress(kind=kind, left=tuple(range(deletion.chunks)), checked=True)
    return Commit(replace(deletion, progress=following.to_json()), chunks=tuple(chunks), leave_lane=True)
