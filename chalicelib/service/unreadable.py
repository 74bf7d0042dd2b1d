"""A deletion of which a part cannot be read any more: it ends, and a person is told."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.deletion import Problem, Status
from chalicelib.domain.errors import Unreadable
from chalicelib.service.run import Run


def end(run: Run, problem: Unreadable) -> None:
    """End the deletion as needs_attention, with its lane given free; set it aside where it has ended already.

    What is not known to be done is unknown from here on: nobody can say any more what was sent.
    """
    deletion = run.deletion
    run.kit.report("unreadable", deletion_id=deletion.id, reason=problem.reason)
    if run.stopped:
        return
    if deletion.is_final:
        run.kit.ledger.set_aside(deletion.id, problem.reason, run.now)
        return
    counts = replace(deletion.counts, unknown=deletion.counts.unknown + deletion.counts.pending, pending=0)
    free = run.leave_lane(str(deletion.progress.get("lane") or ""))
    run.finish(
        replace(deletion, counts=counts),
        Status.NEEDS_ATTENTION,
        problem.reason,
        problems=[Problem("UNREADABLE", counts.unknown)],
        lane=free,
        next_at=run.now,
        regardless=True,
    )
    run.kit.nudges.nudge(deletion.id)
