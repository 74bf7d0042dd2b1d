"""Moving one deletion forward: claim it, take steps until it rests or the slice is over, publish what
happened.
"""

from __future__ import annotations

from typing import Any

from chalicelib.domain import backoff
from chalicelib.domain.deletion import Deletion, Operation
from chalicelib.domain.errors import ExpungeError, LostLease, Overtaken, Rejected, SecretUnusable, Unreadable
from chalicelib.domain.verdicts import Verdict
from chalicelib.service import (
    delete_ids,
    ids_guard,
    unreadable,
    waits,
    watchdog,
)
from chalicelib.service.run import Kit, Run
from chalicelib.service.slots import NoSlot
from chalicelib.service.stops import Paused, Reserved

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
    except (Unreadable, Rejected) as problem:
        kit.ledger.set_aside(deletion_id, problem.reason, now)
        kit.report("set_aside", deletion_id=deletion_id, reason=problem.reason)
        return False
    if claim is None:
        return False
    wanted = _executor(claim.deletion).wanted(claim.deletion)
    run = Run(kit, claim, until=now + kit.slice_seconds, wanted=wanted)
    watchdog.look(run)
    try:
        _slice(run)
    except LostLease:
        kit.report("lease_lost", deletion_id=deletion_id)
    except Unreadable as problem:
        unreadable.end(run, problem.reason, "UNREADABLE")
    except Rejected as problem:
        unreadable.end(run, str(problem), "CANNOT_STORE")
    except Exception as problem:
        if isinstance(problem, ExpungeError) or claim.attempts < watchdog.MOST_ATTEMPTS:
            raise
        unreadable.end(run, type(problem).__name__, "STUCK")
    finally:
        run.let_go()
        ids_guard.remember(run)
    return True


def _slice(run: Run) -> None:
    """Turns until the deletion rests or the time is over; the last words of an ended one take no time."""
    for _ in range(MOST_STEPS):
        if run.stopped or (run.now >= run.until and not run.deletion.is_final):
            break
        _turn(run)
    if not run.stopped:
        run.save(run.deletion, next_at=run.now, regardless=True)
        run.kit.nudges.nudge(run.deletion.id)


def _turn(run: Run) -> None:
    """Commands of operators come first, then what the deletion itself has to do."""
    try:
        if run.claim.commands:
            _obey(run)
        elif run.deletion.is_final:
            _close(run)
        else:
            run.publish()
            _step(run)
    except Overtaken:
        run.read_again()


def _obey(run: Run) -> None:
    from chalicelib.service import commands

    commands.obey(run)


def _step(run: Run) -> None:
    executor = _executor(run.deletion)
    run.wanted = executor.wanted(run.deletion)  # a selection that is frozen by now is done by many calls
    try:
        executor.step(run)
    except NoSlot:
        run.publish()
        run.rest(run.deletion, SLOT_WAIT_SECONDS * (0.5 + run.kit.chance()))
    except Paused:
        seconds = min(run.kit.patience.longest, run.kit.patience.recheck)
        run.wait(backoff.waited(run.deletion), waits.PAUSE, seconds)
    except Reserved:
        run.wait(backoff.waited(run.deletion), waits.CREDITS, run.kit.patience.longest)
    except SecretUnusable as problem:
        run.kit.report(
            "secret_unusable", deletion_id=run.deletion.id, what=problem.what, reason=problem.reason
        )
        deletion = executor.blamed(run.deletion, "SECRET_UNUSABLE")
        waits.wait_for(run, deletion, Verdict.WAIT_CREDENTIALS, "SECRET_UNUSABLE")


def _executor(deletion: Deletion) -> Any:
    """What does its operation; once its selection is frozen, it is one by ids.

    A worker's first deletion waits until what it needs is imported, and not for the rest.
    """
    operation = deletion.request.operation
    if deletion.frozen or operation in (Operation.DELETE_RECORDS, Operation.DELINK_RECORDS):
        return delete_ids
    if operation is Operation.MASS_DELETE:
        from chalicelib.service import delete_view

        return delete_view
    from chalicelib.service import purge

    return purge


def _close(run: Run) -> None:
    """The last events leave, then the deletion is no longer due. Until they have left it stays due."""
    if run.publish():
        run.save(run.deletion, next_at=run.now)
        return
    deletion = backoff.failed_once_more(run.deletion, run.now)
    run.rest(deletion, backoff.delay(deletion.tries, run.kit.patience.longest, run.kit.chance()))
