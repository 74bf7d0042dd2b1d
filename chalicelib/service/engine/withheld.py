"""What becomes of calls that are all withheld directly before they would have left.

An executor that agrees with the last look settles what it names, waits or ends. One that asks for such calls
again would go round without an end: its deletion rests instead, each time for longer.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import backoff
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.engine.step import Again, Commit, Finish, Rest, Wait


def rested(work: LeasedSlice, step: Commit, why: str, *, gives_up: bool) -> Commit:
    """`step`, which keeps that calls did not leave because of `why`, with a rest where it would lead to more
    of them at once.

    Once in a slice they may be followed by others, as what withheld them is seen by the next step. A step
    that gives up does not rest: whoever asked for it ends the deletion.
    """
    pending, before = work.deletion.counts.pending, work.withheld
    work.withheld = pending if before is None else min(pending, before)
    if gives_up:
        return step if isinstance(step.then, Finish) else replace(step, then=Again())
    once_more = before is not None and pending >= before
    clocked = replace(step, deletion=backoff.waited(step.deletion, backoff.WITHHELD, work.now))
    tries = backoff.tries(clocked.deletion, backoff.WITHHELD)
    pause = backoff.delay(tries, work.timeouts.longest, work.deps.chance())
    if isinstance(step.then, Again) and (once_more or tries > 1):
        work.report("withheld_again", why=why, tries=tries)
        return replace(clocked, then=Rest(pause))
    if isinstance(step.then, Rest | Wait) and step.then.seconds < pause:
        return replace(clocked, then=replace(step.then, seconds=pause))
    return step
