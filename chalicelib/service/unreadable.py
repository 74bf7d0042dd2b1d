"""A deletion that no worker can go on with: a part of it cannot be read, or it fails each time alike.

It ends, and a person is told.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.deletion import Deletion, Problem, Status
from chalicelib.domain.errors import Rejected
from chalicelib.domain.outcomes import UNSETTLED, Chunk, Finding, Mark, recount, reproblem
from chalicelib.service import ids_store
from chalicelib.service.run import Run

#: Chunks that one write marks.
CHUNKS_AT_ONCE = 20


def end(run: Run, reason: str, code: str) -> None:
    """End the deletion as needs_attention, with its lane given free; set it aside where it has ended already,
    or where the table does not take even that.

    What is not known to be done is unknown from here on: nobody can say any more what was sent. It is marked
    as such with each id; how many ids cannot be marked is said.
    """
    run.kit.report("ended_unfinished", deletion_id=run.deletion.id, code=code, reason=reason)
    if run.stopped:
        return
    if run.deletion.is_final:
        run.kit.ledger.set_aside(run.deletion.id, reason, run.now)
        return
    try:
        _end_as_far_as_it_goes(run, reason, code)
    except Rejected as problem:
        run.kit.ledger.set_aside(run.deletion.id, str(problem), run.now)
        run.stopped = True
        return
    run.kit.nudges.nudge(run.deletion.id)


def _end_as_far_as_it_goes(run: Run, reason: str, code: str) -> None:
    """With outcomes where the table takes them, else in the counts alone. Raises Rejected."""
    try:
        deletion, chunks = _marked(run, code)
        _end(run, deletion, chunks, reason, code)
    except Rejected:
        _end(run, run.deletion, [], reason, code)


def _end(run: Run, deletion: Deletion, chunks: list[Chunk], reason: str, code: str) -> None:
    unmarked = deletion.counts.pending
    if unmarked:
        counts = replace(deletion.counts, unknown=deletion.counts.unknown + unmarked, pending=0)
        deletion = replace(deletion, counts=counts)
    if unmarked and deletion.id_count:
        run.kit.report("outcomes_not_marked", deletion_id=deletion.id, count=unmarked)
        reason = f"{reason}; the outcomes of {unmarked} ids could not be marked"
    told = sum(problem.count for problem in deletion.problems if problem.code == code)
    others = tuple(problem for problem in deletion.problems if problem.code != code)
    free = run.leave_lane(deletion.lane)
    run.finish(
        replace(deletion, problems=others),
        Status.NEEDS_ATTENTION,
        reason,
        problems=[Problem(code, told + unmarked)],
        failed_ids=ids_store.failed_ids(run, deletion, {chunk.number: chunk for chunk in chunks}),
        chunks=chunks,
        lane=free,
        next_at=run.now,
        regardless=True,
        unmarked=unmarked if deletion.id_count else 0,
    )


def _marked(run: Run, code: str) -> tuple[Deletion, list[Chunk]]:
    """The deletion with the last of its chunks marked, and those chunks; the others are written by then."""
    deletion = run.deletion
    chunks: list[Chunk] = []
    if deletion.request.dry_run:
        return deletion, chunks
    for number in range(deletion.chunks):
        before = ids_store.readable(run, number)
        if before is None or before.settled:
            continue
        if len(chunks) == CHUNKS_AT_ONCE:
            run.save(deletion, chunks=chunks, regardless=True)
            deletion, chunks = run.deletion, []
        after = before.with_mark(before.at(*UNSETTLED), Finding(Mark.UNKNOWN, code))
        chunks.append(after)
        deletion = replace(
            deletion,
            counts=recount(deletion.counts, before, after),
            problems=reproblem(deletion.problems, before, after),
        )
    return deletion, chunks
