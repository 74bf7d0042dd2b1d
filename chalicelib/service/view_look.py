"""A view's mass delete whose start had no answer: what a look at Zoho tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.domain import backoff
from chalicelib.domain.by_view import (
    SHORTEST_ASK,
    Look,
    Phase,
    Progress,
    Round,
    Seen,
    another_round,
    conclude,
    with_round,
)
from chalicelib.domain.deletion import Problem
from chalicelib.domain.reply import CallKind
from chalicelib.domain.verdicts import Judgement, Verdict, counted, judge_call
from chalicelib.service import view_ends, waiting
from chalicelib.service.run import Run

#: Pages of 200 of the deleted list that a look reads at most.
LOOK_PAGES = 60
#: What Zoho answers to a start where there is nothing to delete.
EMPTY = "NO_RECORDS_FOUND"


def look(run: Run, progress: Progress) -> None:
    """Look at the view and the deleted list, and conclude what became of the start."""
    now = run.now
    if progress.seen is not None and now - progress.intent_at >= run.kit.patience.job_age:
        view_ends.needs_a_person(run, progress)
        return
    looked = _take_a_look(run, progress)
    if isinstance(looked, Judgement):
        waiting.wait_for(run, run.deletion, looked.verdict, looked.code)
        return
    narrowed = run.deletion.request.territory is not None
    seen, done = conclude(progress, looked, now, run.kit.patience.settle, narrowed=narrowed)
    if seen is Seen.NOTHING_STARTED and progress.code == EMPTY:
        # Zoho found nothing to delete, and what the view holds is as it was: its territory is empty.
        view_ends.end(run, replace(progress, lost=False))
    elif seen is Seen.NOTHING_STARTED:
        deletion, entry = run.noted(run.deletion, "nothing_started", f"the view still holds {looked.count}")
        again = replace(progress, phase=Phase.START, seen=None, counted_at=now)
        run.save(backoff.succeeded(replace(deletion, progress=again.to_json())), entries=[entry])
    elif seen is Seen.DONE and done is not None:
        _job_seen(run, progress, done)
    elif seen is Seen.CANNOT_TELL:
        view_ends.needs_a_person(run, progress)
    else:
        still = progress.still_since if looked == progress.seen else now
        watching = replace(progress, seen=looked, still_since=still)
        pause = max(min(SHORTEST_ASK, run.kit.patience.settle / 2), run.kit.patience.settle / 10)
        run.publish()
        run.rest(backoff.succeeded(replace(run.deletion, progress=watching.to_json())), pause)


def _take_a_look(run: Run, progress: Progress) -> Look | Judgement:
    """The view's count and what the module lost since the intent; a Judgement where Zoho does not answer for
    now.
    """
    request = run.deletion.request
    reply = run.zoho.count(request.module, request.cvid)
    judged = judge_call(CallKind.COUNT, reply)
    if judged.verdict not in (Verdict.ANSWERED, Verdict.FAIL, Verdict.UNCOUNTABLE):
        return judged
    count = counted(reply) if judged.verdict is Verdict.ANSWERED else None
    if count is None:
        return Look(None, None)
    went = _deleted_since(run, progress)
    if isinstance(went, Judgement):
        return went
    return Look(count, None) if went is None else Look(count, *went)


def _deleted_since(run: Run, progress: Progress) -> tuple[int, int] | Judgement | None:
    """Records of the module that went after the intent, and in the same second; None where there are more
    than a look reads.
    """
    second = float(int(progress.intent_at))
    after = same = 0
    for page in range(1, LOOK_PAGES + 1):
        reply = run.zoho.deleted_since(run.deletion.request.module, second, page)
        judged = judge_call(CallKind.DELETED_LIST, reply)
        if judged.verdict is Verdict.FAIL:
            return None
        if judged.verdict is not Verdict.ANSWERED:
            return judged
        data = (reply.body or {}).get("data")
        times = [_gone_at(one, second + 1) for one in data] if isinstance(data, list) else []
        after += sum(1 for at in times if at >= second + 1)
        same += sum(1 for at in times if second <= at < second + 1)
        info = (reply.body or {}).get("info")
        if not isinstance(info, dict) or not info.get("more_records"):
            return after, same
    return None


def _gone_at(item: object, unknown: float) -> float:
    """When an entry of the deleted list went; `unknown` where it does not say."""
    told = item.get("deleted_time") if isinstance(item, dict) else None
    try:
        return datetime.fromisoformat(str(told)).timestamp()
    except ValueError:
        return unknown


def _job_seen(run: Run, progress: Progress, done: Round) -> None:
    """The looks add up: the job ran, and this is what it did."""
    progress = with_round(progress, done)
    deletion, entry = run.noted(run.deletion, "outcome_found", f"{done.deleted} of {done.total} are gone")
    if another_round(done):
        view_ends.next_round(run, deletion, progress, [entry])
        return
    problems = (Problem("JOB_RECORD_FAILED", done.failed),) if done.failed else ()
    view_ends.end(run, progress, *problems, deletion=deletion, entries=(entry,))
