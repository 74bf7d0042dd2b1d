"""A deletion that no worker can go on with: a part of it cannot be read, or it fails each time alike.

It ends, and a person is told.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.deletion import Deletion, Problem, Status
from chalicelib.domain.errors import Rejected
from chalicelib.domain.outcomes import UNSETTLED, Chunk, Finding, Mark, recount, reproblem
from chalicelib.service.engine.chunks import failed_ids, readable
from chalicelib.service.engine.slice import LeasedSlice

#: Chunks that one write marks.
CHUNKS_AT_ONCE = 20


def end(work: LeasedSlice, reason: str, code: str) -> None:
    """End the deletion as needs_attention, with its lane given free; set it aside where it has ended already,
    or where the table does not take even that.

    What is not known to be done is unknown from here on: nobody can say any more what was sent. It is marked
    as such with each id; how many ids cannot be marked is said.
    """
    work.deps.report("ended_unfinished", deletion_id=work.deletion.id, code=code, reason=reason)
    if work.stopped:
        return
    if work.deletion.is_final:
        work.deps.ledger.set_aside(work.deletion.id, reason, work.now)
        return
    try:
        _end_as_far_as_it_goes(work, reason, code)
    except Rejected as problem:
        work.deps.ledger.set_aside(work.deletion.id, str(problem), work.now)
        work.stopped = True
        return
    work.deps.nudges.nudge(work.deletion.id)


def _end_as_far_as_it_goes(work: LeasedSlice, reason: str, code: str) -> None:
    """With outcomes where the table takes them, else in the counts alone. Raises Rejected."""
    try:
        deletion, chunks = _marked(work, code)
        _end(work, deletion, chunks, reason, code)
    except Rejected:
        _end(work, work.deletion, [], reason, code)


def _end(work: LeasedSlice, deletion: Deletion, chunks: list[Chunk], reason: str, code: str) -> None:
    unmarked = deletion.counts.pending
    if unmarked:
        counts = replace(deletion.counts, unknown=deletion.counts.unknown + unmarked, pending=0)
        deletion = replace(deletion, counts=counts)
    if unmarked and deletion.id_count:
        work.deps.report("outcomes_not_marked", deletion_id=deletion.id, count=unmarked)
        reason = f"{reason}; the outcomes of {unmarked} ids could not be marked"
    told = sum(problem.count for problem in deletion.problems if problem.code == code)
    others = tuple(problem for problem in deletion.problems if problem.code != code)
    free = work.leave_lane(deletion.lane)
    work.finish(
        replace(deletion, problems=others),
        Status.NEEDS_ATTENTION,
        reason,
        problems=[Problem(code, told + unmarked)],
        failed_ids=failed_ids(work, deletion, {chunk.number: chunk for chunk in chunks}),
        chunks=chunks,
        lane=free,
        next_at=work.now,
        regardless=True,
        unmarked=unmarked if deletion.id_count else 0,
    )


def _marked(work: LeasedSlice, code: str) -> tuple[Deletion, list[Chunk]]:
    """The deletion with the last of its chunks marked, and those chunks; the others are written by then."""
    deletion = work.deletion
    chunks: list[Chunk] = []
    if deletion.request.dry_run:
        return deletion, chunks
    for number in range(deletion.chunks):
        before = readable(work, number)
        if before is None or before.settled:
            continue
        if len(chunks) == CHUNKS_AT_ONCE:
            work.save(deletion, chunks=chunks, regardless=True)
            deletion, chunks = work.deletion, []
        after = before.with_mark(before.at(*UNSETTLED), Finding(Mark.UNKNOWN, code))
        chunks.append(after)
        deletion = replace(
            deletion,
            counts=recount(deletion.counts, before, after),
            problems=reproblem(deletion.problems, before, after),
        )
    return deletion, chunks
