"""Moving one deletion forward: claim it, take steps until it rests or the slice is over, publish what
happened.
"""

from __future__ import annotations

from chalicelib.domain import backoff
from chalicelib.domain.deletion import Operation
from chalicelib.domain.errors import LostLease, Overtaken, SecretUnusable, Unreadable
from chalicelib.domain.verdicts import Verdict
from chalicelib.service import delete_ids, delete_view, unreadable, waits
from chalicelib.service.run import Kit, Run
from chalicelib.service.slots import NoSlot

_EXECUTORS = {
    Operation.DELETE_RECORDS: delete_ids,
    Operation.DELINK_RECORDS: delete_ids,
    Operation.MASS_DELETE: delete_view,
}

#: About how long to wait for other workers to give back some of the org's concurrency.
SLOT_WAIT_SECONDS = 2.0
#: Steps that one slice takes at most, whatever the clock says.
MOST_STEPS = 500


def advance(kit: Kit, deletion_id: str) -> bool:
    """Move the deletion forward for one slice; False where it was not due or another worker holds it.

    Raises Unavailable where the table is out of reach: the lease then ends by itself and the poll finds the
    deletion.
    """
    now = kit.clock()
    try:
        claim = kit.ledger.claim(deletion_id, now, now + kit.lease_seconds)
    except Unreadable as problem:
        kit.ledger.set_aside(deletion_id, problem.reason, now)
        kit.report("set_aside", deletion_id=deletion_id, reason=problem.reason)
        return False
    if claim is None:
        return False
    executor = _EXECUTORS[claim.deletion.request.operation]
    run = Run(kit, claim, until=now + kit.slice_seconds, wanted=executor.wanted(claim.deletion))
    try:
        _slice(run)
    except LostLease:
        kit.report("lease_lost", deletion_id=deletion_id)
    except Unreadable as problem:
        unreadable.end(run, problem)
    finally:
        run.let_go()
    return True


def _slice(run: Run) -> None:
    """Steps until the deletion rests or the time is over."""
    for _ in range(MOST_STEPS):
        if run.stopped:
            return
        if run.deletion.is_final:
            _close(run)
            return
        if run.now >= run.until:
            break
        run.publish()
        _step(run)
    if run.deletion.is_final:
        _close(run)
    elif not run.stopped:
        run.rest(run.deletion, 0.0)


def _step(run: Run) -> None:
    executor = _EXECUTORS[run.deletion.request.operation]
    try:
        executor.step(run)
    except Overtaken:
        run.read_again()
    except NoSlot:
        run.publish()
        run.rest(run.deletion, SLOT_WAIT_SECONDS * (0.5 + run.kit.chance()))
    except SecretUnusable as problem:
        run.kit.report(
            "secret_unusable", deletion_id=run.deletion.id, what=problem.what, reason=problem.reason
        )
        deletion = executor.blamed(run.deletion, "SECRET_UNUSABLE")
        waits.wait_for(run, deletion, Verdict.WAIT_CREDENTIALS, "SECRET_UNUSABLE")


def _close(run: Run) -> None:
    """The last events leave, then the deletion is no longer due. Until they have left it stays due."""
    while not run.stopped:
        try:
            if run.publish():
                run.save(run.deletion, next_at=run.now, regardless=True)
            else:
                deletion = backoff.failed_once_more(run.deletion, run.now)
                seconds = backoff.delay(deletion.tries, run.kit.patience.longest, run.kit.chance())
                run.rest(deletion, seconds, regardless=True)
        except Overtaken:
            run.read_again()
