"""A deletion that no worker can go on with: a part of it cannot be read, or it fails each time alike.

It ends, and a person is told.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.deletion import Problem, Status
from chalicelib.domain.errors import Rejected
from chalicelib.service.run import Run


def end(run: Run, reason: str, code: str) -> None:
    """End the deletion as needs_attention, with its lane given free; set it aside where it has ended already,
    or where the table does not take even that.

    What is not known to be done is unknown from here on: nobody can say any more what was sent.
    """
    deletion = run.deletion
    run.kit.report("ended_unfinished", deletion_id=deletion.id, code=code, reason=reason)
    if run.stopped:
        return
    if deletion.is_final:
        run.kit.ledger.set_aside(deletion.id, reason, run.now)
        return
    try:
        _end(run, reason, code)
    except Rejected as problem:
        run.kit.ledger.set_aside(deletion.id, str(problem), run.now)
        run.stopped = True
        return
    run.kit.nudges.nudge(deletion.id)


def _end(run: Run, reason: str, code: str) -> None:
    deletion = run.deletion
    counts = replace(deletion.counts, unknown=deletion.counts.unknown + deletion.counts.pending, pending=0)
    free = run.leave_lane(deletion.lane)
    run.finish(
        replace(deletion, counts=counts),
        Status.NEEDS_ATTENTION,
        reason,
        problems=[Problem(code, counts.unknown)],
        lane=free,
        next_at=run.now,
        regardless=True,
    )
