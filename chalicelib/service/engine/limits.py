"""Asks the safety limits before the first call that deletes; a deletion that they hold back waits here."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import limits
from chalicelib.domain.deletion import Deletion, Problem
from chalicelib.domain.limits import APPROVAL, Kind, Stop
from chalicelib.domain.quota import Full
from chalicelib.domain.retention import by_policy
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.judge_call import counted, judge_call
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.domain.zoho.verdict import Judgement, Verdict
from chalicelib.service.engine.step import Commit, Note, Slice, Wait

#: The call whose clock runs while the module cannot be counted.
COUNT = "count"
COOL_OFF = "cool-off"


def check(work: Slice, size: int | None) -> Stop | Judgement | None:
    """What holds the deletion, None where it may go on; a Judgement where the module was to be counted and
    Zoho does not answer for now, or refuses. `size`: None where its records cannot be counted.
    """
    waits = limits.still_waiting(work.deletion, work.now)
    if waits is not None:
        return waits
    module = None
    if size is not None and limits.needs_module_count(work.deletion):
        reply = work.zoho.count(work.deletion.request.module)
        judged = judge_call(CallKind.COUNT, reply)
        if judged.verdict not in (Verdict.ANSWERED, Verdict.UNCOUNTABLE):
            return judged
        module = counted(reply) if judged.verdict is Verdict.ANSWERED else None
    refused = limits.refusal(work.deletion, size, module)
    if refused is not None:
        return Stop(Kind.REFUSE, refused)
    # What cannot be counted uses up as much as it may take at most.
    before = work.named(work.deletion.record_limit if size is None else size)
    if isinstance(before, Full):
        return Stop(Kind.REFUSE, Problem(before.span.value, size or 0))
    return limits.stop(replace(work.deletion, asked_before=before), size, module, work.now)


def waiting(work: Slice, deletion: Deletion, stop: Stop) -> Commit:
    """`deletion`, waiting for what holds it. The event that asks for an approval leaves before the wait."""
    if stop.kind is Kind.COOL_OFF:
        return Commit(deletion, Wait(COOL_OFF, stop.until - work.now))
    seconds = work.timeouts.longest
    notes: tuple[Note, ...] = ()
    if stop.kind is Kind.ASK:
        ends = by_policy.approval_ends(deletion, work.now, work.timeouts.approval)
        deletion = limits.asked(deletion, stop.count, work.now, ends)
        notes = (Note("awaiting_approval", f"{stop.count} records", public=True),)
    else:
        seconds = min(seconds, stop.until - work.now)
    return Commit(deletion, Wait(APPROVAL, seconds, Status.AWAITING_APPROVAL), notes=notes)
