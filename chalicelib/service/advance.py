"""Moving one deletion forward: claim it, take steps until it rests or the slice is over, publish what
happened.
"""

from __future__ import annotations

from typing import Any

from chalicelib.domain import backoff
from chalicelib.domain.deletion import Deletion, Operation
from chalicelib.domain.errors import ExpungeError, LostLease, Overtaken, Rejected, SecretUnusable, Unreadable
from chalicelib.domain.zoho.verdict import Verdict
from chalicelib.service import (
    delete_ids,
    ids_guard,
    unreadable,
    waiting,
    watchdog,
)
from chalicelib.service.engine.step import Step
from chalicelib.service.run import Kit, Run
from chalicelib.service.slots import NoSlot
from chalicelib.service.stops import Paused, Reserved

#: About how long to wait for other workers to give back some of the org's concurrency.
SLOT_WAIT_SECONDS = 2.0
#: The clocks of what is no call of an executor: the keeping time, the topic.
LIFETIME, PUBLISH = "lifetime", "publish"
#: The part of its keeping time that a deletion is left to be read after it has ended.
KEPT_FOR_ITS_END = 0.1
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
    """One step of the executor; the one place where a clock that has run out is looked at."""
    executor = _executor(run.deletion)
    run.wanted = executor.wanted(run.deletion)  # a selection that is frozen by now is done by many calls
    over = backoff.exhausted(run.deletion, run.kit.patience) or _too_old(run)
    run.reach.asked = False
    try:
        step = executor.step(run) if over is None else executor.give_up(run, over)
        if step is not None:  # executors that still write by themselves answer None
            _carry_out(run, step)
    except (NoSlot, Paused, Reserved) as stop:
        _hold_on(run, stop, over)
    except SecretUnusable as problem:
        run.kit.report(
            "secret_unusable", deletion_id=run.deletion.id, what=problem.what, reason=problem.reason
        )
        _without_secret(run, executor.blamed(run.deletion, "SECRET_UNUSABLE"))


def _hold_on(run: Run, stop: Exception, over: str | None) -> None:
    """Wait for what keeps Zoho out of reach, but not beyond the keeping time: what is not known by then stays
    unknown.
    """
    if over == LIFETIME:
        unreadable.end(run, f"near the end of its keeping time: {stop}", "OUTCOME_UNKNOWN")
    elif isinstance(stop, NoSlot):
        run.publish()
        run.rest(run.deletion, SLOT_WAIT_SECONDS * (0.5 + run.kit.chance()))
    elif isinstance(stop, Paused):
        seconds = min(run.kit.patience.longest, run.kit.patience.recheck)
        run.wait(backoff.standing_still(run.deletion), waiting.PAUSE, seconds)
    else:
        run.wait(backoff.standing_still(run.deletion), waiting.CREDITS, run.kit.patience.longest)


def _without_secret(run: Run, deletion: Deletion) -> None:
    """Wait for the org's secret. While a job runs no give-up time does: the job's age bounds it."""
    from chalicelib.domain import by_view

    blame = not by_view.job_runs(deletion)
    waiting.wait_for(run, deletion, backoff.ACCESS, Verdict.WAIT_CREDENTIALS, "SECRET_UNUSABLE", blame=blame)


def _carry_out(run: Run, step: Step) -> None:
    from chalicelib.service.engine.commit import carry_out

    carry_out(run, step)


def _too_old(run: Run) -> str | None:
    """Near the end of its keeping time a deletion is given up: its items would vanish under it."""
    deletion = run.deletion
    last = deletion.expires_at - (deletion.expires_at - deletion.created_at) * KEPT_FOR_ITS_END
    return LIFETIME if run.now >= last else None


def _executor(deletion: Deletion) -> Any:
    """What does its operation; once its selection is frozen, it is one by ids.

    A worker's first deletion waits until what it needs is imported, and not for the rest.
    """
    operation = deletion.request.operation
    if deletion.by_ids or operation in (Operation.DELETE_RECORDS, Operation.DELINK_RECORDS):
        return delete_ids
    if operation is Operation.MASS_DELETE:
        from chalicelib.service.by_view import executor

        return executor
    from chalicelib.service import purge

    return purge


def _close(run: Run) -> None:
    """The last events leave, then the deletion is no longer due. Until they have left it stays due."""
    if run.publish():
        run.save(run.deletion, next_at=run.now)
        return
    deletion = backoff.failed(run.deletion, PUBLISH, run.now)
    tries = backoff.tries(deletion, PUBLISH)
    run.rest(deletion, backoff.delay(tries, run.kit.patience.longest, run.kit.chance()))
