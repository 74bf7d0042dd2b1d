"""Moving one deletion forward: claim it, take steps until it rests or the slice is over, publish what
happened.
"""

from __future__ import annotations

from chalicelib.domain import backoff, commands, times
from chalicelib.domain.children import asked_no_later_than
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import ExpungeError, LostLease, Rejected, SecretUnusable, StaleRead, Unreadable
from chalicelib.domain.forgetting import forgets, texts_at
from chalicelib.domain.operators import SourceCancel
from chalicelib.domain.zoho.verdict import Verdict
from chalicelib.service.engine import abandon, rounds, waiting, watchdog
from chalicelib.service.engine.commit import carry_out
from chalicelib.service.engine.concurrency import NoSlot
from chalicelib.service.engine.deps import Deps
from chalicelib.service.engine.refusals import Paused, Reserved
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.engine.step import Commit, Rest, Send, Step, TryAgain, Wait
from chalicelib.service.engine.write import Write

#: About how long to wait for other workers to give back some of the org's concurrency.
SLOT_WAIT_SECONDS = 2.0
#: The clocks of what is no call of an executor: the keeping time, the topic.
LIFETIME, PUBLISH = "lifetime", "publish"
#: The part of its keeping time that a deletion is left to be read after it has ended.
KEPT_FOR_ITS_END = 0.1
#: Steps that one slice takes at most, whatever the clock says.
MOST_STEPS = 500


def advance(deps: Deps, deletion_id: str) -> bool:
    """Move the deletion forward for one slice; False where it was not due or another worker holds it.

    Raises Unavailable where the table is out of reach: the lease then ends by itself and the poll finds the
    deletion.
    """
    now = deps.clock()
    try:
        claim = deps.ledger.claim(deletion_id, now, now + deps.lease_seconds)
        if claim is None:
            return False
        watchdog.hold_to_the_clock(claim.deletion, now)
    except (Unreadable, Rejected) as problem:
        deps.ledger.set_aside(deletion_id, problem.reason, now)
        deps.report("set_aside", deletion_id=deletion_id, reason=problem.reason)
        return False
    wanted = deps.executor_of(claim.deletion).wanted(claim.deletion)
    work = LeasedSlice(deps, claim, until=now + deps.slice_seconds, wanted=wanted)
    watchdog.look(work)
    try:
        _slice(work)
    except LostLease:
        deps.report("lease_lost", deletion_id=deletion_id)
    except Unreadable as problem:
        abandon.end(work, problem.reason, "UNREADABLE")
    except Rejected as problem:
        abandon.end(work, str(problem), "CANNOT_STORE")
    except Exception as problem:
        if isinstance(problem, ExpungeError) or claim.attempts < watchdog.MOST_ATTEMPTS:
            raise
        abandon.end(work, type(problem).__name__, "STUCK")
    finally:
        work.let_go()
        work.remember_deleted()
    return True


def _slice(work: LeasedSlice) -> None:
    """Turns until the deletion rests or the time is over. An ended deletion publishes its last events even
    then.
    """
    seen = rounds.Rounds.of(work)
    for _ in range(MOST_STEPS):
        if work.stopped or (not work.deletion.is_final and _is_over(work)):
            break
        _turn(work)
        if seen.closed(work):
            _rest(work)
    else:
        if seen.got_nowhere(work):
            _rest(work, searches=work.answered > 0)
    if not work.stopped:
        work.save(Write(work.deletion, next_at=work.now, regardless=True))
        work.deps.nudges.nudge(work.deletion.id)


def _rest(work: LeasedSlice, *, searches: bool = False) -> None:
    """It goes round: unless an operator has just asked for something else. `searches`: as rounds.rest."""
    try:
        over = backoff.exhausted(work.deletion, work.timeouts) or _too_old(work)
        rounds.rest(work, given_up=over is not None, searches=searches)
    except StaleRead:
        work.read_again()


def _is_over(work: LeasedSlice) -> bool:
    """Is the slice's time over, or is it another org's turn?"""
    turns = work.deps.turns
    return work.now >= work.until or (
        turns is not None and turns.given_to(work.deletion.request.org) is not None
    )


def _turn(work: LeasedSlice) -> None:
    """Commands of operators come first, then what the deletion itself has to do."""
    try:
        if work.claim.commands:
            from chalicelib.service.engine.obey import obey

            carry_out(work, obey(work, work.claim.commands[0]))
        elif work.deletion.is_final:
            _close(work)
        elif (mark := _source_cancel(work)) is not None:
            from chalicelib.service.engine.obey import cancel_with_source

            carry_out(work, cancel_with_source(work, mark))
        else:
            work.publish()
            _step(work)
    except StaleRead:
        work.read_again()


def _source_cancel(work: LeasedSlice) -> SourceCancel | None:
    """The mark that ends the deletion: an operator has cancelled what its source had asked for by then. A job
    at Zoho is not stopped; what it deleted is not deleted for good afterwards.
    """
    deletion = work.deletion
    if deletion.cancelled_by or commands.not_cancellable(deletion):
        return None
    mark = work.deps.ledger.source_cancel(deletion.source)
    if mark is not None and times.holds_too_long(mark.at, work.now, 0.0):
        raise Unreadable(f"source {deletion.source}", "CANCEL: set at a time to come")
    return mark if mark is not None and asked_no_later_than(deletion, mark.at) else None


def _step(work: LeasedSlice) -> None:
    """One step of the executor; the one place where a clock that has run out is looked at."""
    executor = work.deps.executor_of(work.deletion)
    work.wanted = executor.wanted(work.deletion)  # a selection that is frozen by now is done by many calls
    over = backoff.exhausted(work.deletion, work.timeouts) or _too_old(work)
    work.access.begin_step()
    try:
        if over is None:
            carry_out(work, executor.step(work))
        else:
            _give_up(work, executor.give_up(work, over), over)
    except (NoSlot, Paused, Reserved) as stop:
        _hold_on(work, stop, over)
    except SecretUnusable as problem:
        work.report("secret_unusable", what=problem.what, reason=problem.reason)
        carry_out(work, _without_secret(executor.blamed(work.deletion, "SECRET_UNUSABLE")))


def _give_up(work: LeasedSlice, step: Step, over: str) -> None:
    """A step for a clock that has run out. Where even that asks for what is withheld, a person decides."""
    carry_out(work, step, gives_up=True)
    if isinstance(step, Send) and work.withheld is not None and not work.deletion.is_final:
        abandon.end(work, f"what was to be sent when {over} was given up is withheld", "OUTCOME_UNKNOWN")


def _hold_on(work: LeasedSlice, stop: Exception, over: str | None) -> None:
    """Wait for what keeps Zoho out of reach, but not beyond the keeping time: what is not known by then stays
    unknown.
    """
    longest = work.timeouts.longest
    if over == LIFETIME:
        abandon.end(work, f"near the end of its keeping time: {stop}", "OUTCOME_UNKNOWN")
    elif isinstance(stop, NoSlot):
        carry_out(work, Commit(work.deletion, Rest(SLOT_WAIT_SECONDS * (0.5 + work.deps.chance()))))
    elif isinstance(stop, Paused):
        carry_out(work, Commit(work.deletion, Wait(waiting.PAUSE, min(longest, work.timeouts.recheck))))
    else:
        carry_out(work, Commit(work.deletion, Wait(waiting.CREDITS, longest)))


def _without_secret(deletion: Deletion) -> Commit:
    """Wait for the org's secret. While a job runs no give-up time does: the job's age bounds it."""
    from chalicelib.domain import by_view

    blame = not by_view.job_runs(deletion)
    code = "SECRET_UNUSABLE"
    return Commit(deletion, TryAgain(backoff.ACCESS, Verdict.WAIT_CREDENTIALS, code, blame=blame))


def _too_old(work: LeasedSlice) -> str | None:
    """Near the end of its keeping time a deletion is given up: else its items would expire while it runs."""
    deletion = work.deletion
    last = deletion.expires_at - (deletion.expires_at - deletion.created_at) * KEPT_FOR_ITS_END
    return LIFETIME if work.now >= last else None


def _close(work: LeasedSlice) -> None:
    """The last events leave, then the deletion is no longer due, or only for its receipt. Until they have
    left it stays due.
    """
    if work.publish():
        evidenced = not work.ledger.awaits_evidence(work.deletion)
        if evidenced and forgets(work.deletion, work.deps.forget_days, work.now):
            from chalicelib.service.engine import forgetting

            forgetting.carry_out(work)
            return
        at = texts_at(work.deletion, work.deps.forget_days)
        work.save(Write(work.deletion, next_at=work.now, evidenced=evidenced, forget_at=at))
        return
    deletion = backoff.failed(work.deletion, PUBLISH, work.now)
    tries = backoff.tries(deletion, PUBLISH)
    waiting.rest(work, Write(deletion), backoff.delay(tries, work.timeouts.longest, work.deps.chance()))
