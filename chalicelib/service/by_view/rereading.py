"""The view is read again: what is in both readings may go, what is new stays, what left is looked up."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.by_view import Goal, Phase, ViewProgress
from chalicelib.domain.outcomes import UNSETTLED, Chunk, Finding, Mark
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.by_view import listing, moves
from chalicelib.service.engine import view_pages
from chalicelib.service.engine.step import Commit, Note, Slice, Step, TryAgain


def read(work: Slice, progress: ViewProgress) -> Step:
    """Read some pages again, and mark the listed records that they hold."""
    found = listing.pages_of(work, progress, view_pages.MOST_LISTED + 1)
    chunks, new = _marked(work, found.ids)
    progress = replace(
        progress,
        page=found.following,
        pages=progress.pages + found.pages,
        reread_pages=progress.reread_pages + found.pages,
        skew=found.skew,
        newcomers=progress.newcomers + new,
    )
    if found.trouble is not None and not chunks:
        return _trouble(work, progress, found.trouble)
    step = Commit(replace(work.deletion, progress=progress.to_json()), chunks=chunks, succeeded=moves.READ)
    if found.trouble is not None or found.following:
        return replace(step, succeeded=None) if found.trouble is not None else step
    return _read_whole(work, progress, {chunk.number: chunk for chunk in chunks})


def _marked(work: Slice, ids: tuple[str, ...]) -> tuple[tuple[Chunk, ...], int]:
    """The chunks with the ids of a page marked as in the view, and how many of them had not been listed."""
    wanted = set(ids)
    known: set[str] = set()
    chunks = []
    for number in range(work.deletion.chunks):
        chunk = work.chunk(number)
        here = {p: one for p, one in enumerate(chunk.ids) if one in wanted}
        known.update(here.values())
        fresh = {p: Finding(Mark.IN_VIEW) for p in here if Mark(chunk.marks[p]) in UNSETTLED - {Mark.IN_VIEW}}
        if fresh:
            chunks.append(chunk.with_findings(fresh))
    return tuple(chunks), len(wanted - known)


def _read_whole(work: Slice, progress: ViewProgress, written: dict[int, Chunk]) -> Step:
    """The second reading is whole: a fresh list for the job where nothing is new; else by ids."""
    progress = replace(progress, listed_at=work.now, page="")
    goal = progress.goal or Goal.BY_IDS
    if goal is Goal.START and progress.newcomers:
        goal = Goal.BY_IDS
        progress = replace(
            progress, said=f"{progress.newcomers} records came into the view after it was listed"
        )
    chunks, left = [], 0
    for number in range(work.deletion.chunks):
        chunk = written.get(number) or work.chunk(number)
        gone = chunk.at(*(UNSETTLED - {Mark.IN_VIEW}))
        left += len(gone)
        after = chunk.with_mark(gone, Finding(Mark.LEFT)).with_mark(
            chunk.at(Mark.IN_VIEW), Finding(Mark.PENDING)
        )
        if after != work.chunk(number):
            chunks.append(after)
    if goal is Goal.START:
        step = moves.to(work, replace(progress, phase=Phase.START), succeeded=moves.READ)
        return replace(step, chunks=tuple(chunks))
    if left:
        step = moves.to(
            work,
            replace(progress, phase=Phase.SETTLE, goal=Goal.BY_IDS),
            succeeded=moves.READ,
            leave_lane=True,
        )
        return replace(step, chunks=tuple(chunks), notes=_why(progress))
    return replace(moves.continue_by_ids(work, chunks), notes=_why(progress))


def _why(progress: ViewProgress) -> tuple[Note, ...]:
    return (Note("by_ids", progress.said),) if progress.said else ()


def _trouble(work: Slice, progress: ViewProgress, trouble: Judgement) -> Step:
    if trouble.verdict in NOT_NOW:
        return moves.again_later(
            work, progress, TryAgain(moves.READ, trouble.verdict, trouble.code), trouble.message
        )
    if trouble.verdict is Verdict.READ_ANEW and progress.restarts < view_pages.MOST_RESTARTS:
        step = moves.read_again(work, progress, progress.goal or Goal.BY_IDS)
        anew = replace(progress, page="", pages=0, restarts=progress.restarts + 1, newcomers=0)
        return replace(step, deletion=replace(work.deletion, progress=anew.to_json()))
    progress = replace(progress, view_gone=trouble.code, message=trouble.message, goal=Goal.BY_IDS)
    if trouble.verdict is Verdict.TOO_LONG:
        return _read_whole(work, progress, {})  # it has grown: what Zoho lists of it is in both readings
    # The view cannot be read any more: nothing is in both readings, so nothing of it goes.
    unseen = moves.unsettled(work, Finding(Mark.PENDING), Mark.IN_VIEW)
    return _read_whole(work, progress, {chunk.number: chunk for chunk in unseen})
