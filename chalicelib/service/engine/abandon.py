"""Ends a deletion that no worker can go on with: a part of it cannot be read, or every attempt fails in the
same way. A person is told.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.deletion import Problem
from chalicelib.domain.errors import Rejected, Unreadable
from chalicelib.domain.outcomes import UNSETTLED, Chunk, Finding, Mark
from chalicelib.domain.status import Status
from chalicelib.service.engine.chunks import readable
from chalicelib.service.engine.commit import carry_out
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.engine.step import Commit, Finish
from chalicelib.service.engine.write import Write

#: Chunks that one write marks.
CHUNKS_AT_ONCE = 20


def end(work: LeasedSlice, reason: str, code: str) -> None:
    """End the deletion as needs_attention, with its lane given free; set it aside where it has ended already,
    or where the table does not take even that.

    What is not known to be done is unknown from here on: nobody can say any more what was sent. It is marked
    as such with each id; how many ids cannot be marked is said.
    """
    work.report("ended_unfinished", code=code, reason=reason)
    if work.stopped:
        return
    if work.deletion.is_final:
        work.ledger.set_aside(work.deletion.id, reason, work.now)
        return
    try:
        _end_as_far_as_possible(work, reason, code)
        work.save(Write(work.deletion, next_at=work.now))  # its events leave by the next slice
    except (Rejected, Unreadable) as problem:
        work.ledger.set_aside(work.deletion.id, str(problem), work.now)
        work.report("set_aside", reason=str(problem))
        work.stopped = True
        return
    work.deps.nudges.nudge(work.deletion.id)


def _end_as_far_as_possible(work: LeasedSlice, reason: str, code: str) -> None:
    """With outcomes where the table takes them, else in the counts alone. Raises Rejected."""
    try:
        carry_out(work, _ending(work, _marked(work, code), reason, code))
    except Rejected:
        carry_out(work, _ending(work, (), reason, code))


def _ending(work: LeasedSlice, chunks: tuple[Chunk, ...], reason: str, code: str) -> Commit:
    """The last write. What is pending after `chunks` changes in the counts alone."""
    deletion = work.deletion
    unmarked = deletion.counts.pending - sum(len(work.chunk(each.number).at(*UNSETTLED)) for each in chunks)
    if unmarked:
        counts = deletion.counts
        counts = replace(counts, unknown=counts.unknown + unmarked, pending=counts.pending - unmarked)
        deletion = replace(deletion, counts=counts)
    if unmarked and deletion.id_count:
        work.report("outcomes_not_marked", count=unmarked)
        reason = f"{reason}; the outcomes of {unmarked} ids could not be marked"
    told = sum(problem.count for problem in deletion.problems if problem.code == code)
    others = tuple(problem for problem in deletion.problems if problem.code != code)
    return Commit(
        replace(deletion, problems=(*others, Problem(code, told + unmarked))),
        Finish(Status.NEEDS_ATTENTION, reason),
        chunks=chunks,
        unmarked=unmarked if deletion.id_count else 0,
    )


def _marked(work: LeasedSlice, code: str) -> tuple[Chunk, ...]:
    """The last of its chunks, marked; the others are written by then."""
    chunks: list[Chunk] = []
    if work.deletion.request.dry_run:
        return ()
    for number in range(work.deletion.chunks):
        before = readable(work, number)
        if before is None or before.settled:
            continue
        if len(chunks) == CHUNKS_AT_ONCE:
            carry_out(work, Commit(work.deletion, chunks=tuple(chunks), regardless=True))
            chunks = []
        chunks.append(before.with_mark(before.at(*UNSETTLED), Finding(Mark.UNKNOWN, code)))
    return tuple(chunks)
