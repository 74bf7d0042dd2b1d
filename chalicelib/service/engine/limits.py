"""Asks the safety limits before the first call that deletes, and rests where one holds the deletion back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.domain import backoff, by_ids, limits
from chalicelib.domain.deletion import Deletion, Problem, Status
from chalicelib.domain.limits import APPROVAL, Kind, Stop
from chalicelib.domain.quota import Full
from chalicelib.domain.retention import by_policy
from chalicelib.domain.zoho.judge_call import counted, judge_call
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.domain.zoho.verdict import Judgement, Verdict
from chalicelib.service.engine import waiting
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.engine.step import Slice

#: The call whose clock runs while the module cannot be counted.
COUNT = "count"
COOL_OFF = "cool-off"


#: The names of what is waited for, and the domain's own decisions, in one place for the executors.
asked, still_waiting = limits.asked, limits.still_waiting


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


def ids_may_go(work: LeasedSlice, size: int) -> bool:
    """For what is done by ids, before its first call: True where it may go on, else it was refused, or rests.

    Either is saved by then.
    """
    found = check(work, size)
    if found is None:
        return True
    if isinstance(found, Judgement):
        _unanswered(work, found)
    elif found.problem is not None:
        work.finish(work.deletion, Status.REFUSED, found.problem.code, problems=[found.problem])
    else:
        rest(work, work.deletion, found)
    return False


def _unanswered(work: LeasedSlice, judged: Judgement) -> None:
    """The module cannot be counted for now: it is asked again until the count's clock has run out. Where Zoho
    refuses, the deletion fails as it would by a refusal of its own call: nothing of it is sent.
    """
    if judged.verdict is Verdict.FAIL:
        progress = replace(by_ids.progress_of(work.deletion), failed_with=(judged.code, judged.message))
        work.save(replace(work.deletion, progress=replace(progress, checked=True).to_json()))
        return
    waiting.wait_for(work, work.deletion, COUNT, judged.verdict, judged.code)


def rest(work: LeasedSlice, deletion: Deletion, stop: Stop, **parts: Any) -> None:
    """Save `deletion` as waiting for what holds it; `parts` as LeasedSlice.save takes them."""
    if stop.kind is Kind.COOL_OFF:
        work.wait(backoff.standing_still(deletion), COOL_OFF, stop.until - work.now, **parts)
        return
    longest = work.deps.patience.longest
    if stop.kind is Kind.ASK:
        _ask(work, deletion, stop.count, **parts)
        work.rest(backoff.standing_still(work.deletion), longest)
        return
    seconds = min(longest, stop.until - work.now)
    work.wait(backoff.standing_still(deletion), APPROVAL, seconds, status=Status.AWAITING_APPROVAL, **parts)


def _ask(work: LeasedSlice, deletion: Deletion, count: int, **parts: Any) -> None:
    """Ask for the approval of `count` records: the event leaves at once, for a person has to see it."""
    ends = by_policy.approval_ends(deletion, work.now, work.deps.patience.approval)
    deletion = limits.asked(deletion, count, work.now, ends)
    deletion, entry = work.told(deletion, "awaiting_approval", f"{count} records")
    work.save(deletion, entries=[entry], **parts)
    work.publish()
