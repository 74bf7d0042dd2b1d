"""How a deletion waits: the names in `waiting_for`, how long, and whether a give-up time runs meanwhile."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import backoff
from chalicelib.domain.deletion import moved
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.verdict import Verdict
from chalicelib.service.engine import logbook
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.engine.step import TryAgain
from chalicelib.service.engine.write import Write

LANE = "another mass delete at Zoho"
CREDENTIALS = "zoho credentials"
LOCKED = "locked records"
PAUSE = "pause"
CREDITS = "api credits"

_WAITING_FOR = {
    Verdict.WAIT_LANE: LANE,
    Verdict.WAIT_CREDITS: CREDITS,
    Verdict.WAIT_CREDENTIALS: CREDENTIALS,
    Verdict.WAIT_TOKEN: "zoho token limit",
    Verdict.RETRY_SLOWLY: LOCKED,
}

#: Waits that are no failure: the give-up time does not run (contract section 3).
_BLAMELESS = frozenset({Verdict.WAIT_LANE, Verdict.WAIT_CREDITS})
#: SQS keeps a message back for at most this long (seconds).
LONGEST_NUDGE = 900.0


def rest(work: LeasedSlice, write: Write, seconds: float) -> None:
    """Save, give the lease back and ask to be woken in `seconds`.

    With `regardless` what came back is kept whatever operators want meanwhile, and the rest is not: their
    command must not lie there for the whole wait.
    """
    if write.regardless:
        work.save(write)
        write = Write(work.deletion)
    work.save(replace(write, next_at=work.now + seconds))
    if seconds <= LONGEST_NUDGE:
        work.deps.nudges.nudge(work.deletion.id, seconds)


def wait(
    work: LeasedSlice, write: Write, waiting_for: str, seconds: float, status: Status = Status.WAITING
) -> None:
    """Save the deletion as waiting, give the lease back and ask to be woken in `seconds`."""
    now, deletion, entries = work.now, write.deletion, list(write.entries)
    changed = deletion.status is not status or deletion.waiting_for != waiting_for
    deletion = moved(deletion, status, now, waiting_for)
    if changed:
        deletion, entry = logbook.noted(work, deletion, status.value, waiting_for)
        entries.append(entry)
    work.deps.measure("WaitingSeconds", now - deletion.created_at)
    since = deletion.waiting_since if deletion.waiting_since is not None else now
    if not deletion.waiting_told and now - since >= work.timeouts.tell_waiting:
        deletion, entry = logbook.told(work, replace(deletion, waiting_told=True), "waiting", waiting_for)
        entries.append(entry)
    work.publish()
    rest(work, replace(write, deletion=deletion, entries=tuple(entries)), seconds)


def try_again(work: LeasedSlice, write: Write, then: TryAgain) -> None:
    """Wait a growing while before the call is tried again, because of its verdict. `then.code` says what Zoho
    answered where the verdict has no name of its own.
    """
    waiting_for = _WAITING_FOR.get(then.verdict, f"zoho ({then.code})" if then.code else "zoho")
    blame = then.blame and then.verdict not in _BLAMELESS
    clock = backoff.failed if blame else backoff.waited
    tried_at = work.now if then.tried_at is None else then.tried_at
    deletion = clock(write.deletion, then.call, tried_at)
    longest = work.timeouts.longest if then.longest is None else then.longest
    tries = backoff.tries(deletion, then.call)
    seconds = max(backoff.delay(tries, longest, work.deps.chance(), then.asked), then.at_least)
    if then.at_most is not None:
        seconds = min(seconds, then.at_most)
    wait(work, replace(write, deletion=deletion), waiting_for, seconds)
