"""A view's mass delete, one step at a time: count, lane, start, follow the job, look where an answer was
lost.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain import backoff, lane
from chalicelib.domain.by_view import (
    LONGEST_ASK,
    SHORTEST_ASK,
    Look,
    Phase,
    Progress,
    Round,
    Seen,
    another_round,
    ask_in,
    conclude,
    counts_of,
    progress_of,
    with_round,
)
from chalicelib.domain.deletion import Counts, Deletion, Plan, Problem, Status, final_status
from chalicelib.domain.errors import Overtaken, SecretUnusable
from chalicelib.domain.lane import Lane
from chalicelib.domain.reply import CallKind
from chalicelib.domain.verdict_job import JobReport, JobState, judge_job
from chalicelib.domain.verdicts import Judgement, Verdict, counted, judge_call, started_job
from chalicelib.service import waits
from chalicelib.service.ports import Call
from chalicelib.service.run import Run

#: Pages of 200 of the deleted list that a look reads at most.
LOOK_PAGES = 60
#: Credits of a count (Zoho does not print its price; one source says 50).
COUNT_CREDITS = 50
#: How often the last write is tried where others write the lane at the same moment.
LANE_TRIES = 8


def blamed(deletion: Deletion, code: str) -> Deletion:
    """The deletion, remembering `code` as what stood in its way, for the case that it is given up."""
    return replace(deletion, progress=replace(progress_of(deletion), code=code, message="").to_json())


def wanted(deletion: Deletion) -> int:
    """Calls to Zoho at once: a view needs one after the other."""
    del deletion
    return 1


def step(run: Run) -> None:
    """Do the next thing for a view's mass delete and save it."""
    progress = progress_of(run.deletion)
    if progress.open is not None and progress.phase is Phase.START:
        _lost(run, progress, "NO_ANSWER", "the worker ended before the answer came")
        return
    if progress.phase is not Phase.RUN and backoff.exhausted(run.deletion, run.now, run.kit.patience):
        _give_up(run, progress)
        return
    _PHASES[progress.phase](run, progress)


# --- before the start ---------------------------------------------------------------------------


def _count(run: Run, progress: Progress) -> None:
    request = run.deletion.request
    reply = run.zoho.count(request.module, request.cvid)
    judged = judge_call(CallKind.COUNT, reply)
    if judged.verdict is Verdict.ANSWERED:
        _counted(run, replace(progress, before=counted(reply)))
    elif judged.verdict is Verdict.UNCOUNTABLE:
        _uncountable(run, progress, judged)
    elif judged.verdict is Verdict.FAIL:
        _fail(run, progress, judged.code, judged.message)
    else:
        progress = replace(progress, code=judged.code, message=judged.message)
        deletion = replace(run.deletion, progress=progress.to_json())
        waits.wait_for(run, deletion, judged.verdict, judged.code, reply.retry_after)


def _counted(run: Run, progress: Progress) -> None:
    deletion, before = run.deletion, progress.before or 0
    room = deletion.record_limit - progress.deleted
    if before == 0:
        _end(run, progress)
    elif before > room:
        _too_many(run, progress, before)
    elif deletion.request.dry_run:
        _plan(run, progress)
    else:
        to_lane = replace(progress, phase=Phase.LANE)
        run.save(backoff.succeeded(replace(deletion, progress=to_lane.to_json())))


def _too_many(run: Run, progress: Progress, before: int) -> None:
    """The belt: before the first round the whole request is refused; later rounds end with what is done."""
    if progress.round > 1:
        rest = replace(progress, failed=progress.failed + before, total=progress.total + before)
        _end(run, rest, Problem("MAX_RECORDS", before))
        return
    _refuse(run, progress, Problem("MAX_RECORDS", before))


def _uncountable(run: Run, progress: Progress, judged: Judgement) -> None:
    if run.deletion.limits.allow_uncounted:
        following = replace(progress, phase=Phase.LANE, before=None)
        run.save(backoff.succeeded(replace(run.deletion, progress=following.to_json())))
        return
    _refuse(run, progress, Problem("CANNOT_COUNT", 0, judged.message))


def _refuse(run: Run, progress: Progress, problem: Problem) -> None:
    deletion = replace(run.deletion, counts=Counts(), progress=progress.to_json())
    _finish(run, deletion, Status.REFUSED, problem.code, problem)


def _plan(run: Run, progress: Progress) -> None:
    request = run.deletion.request
    page = run.zoho.view_ids(request.module, str(request.cvid), None, 10)
    first = tuple(item.id for item in page.items if item.id is not None)[:10]
    rounds = -(-(progress.before or 0) // 50_000)
    plan = Plan(progress.before, first, calls=1 + 2 * rounds, credits=COUNT_CREDITS + 2 * rounds)
    _finish(run, replace(run.deletion, plan=plan), Status.COMPLETED, "dry run")


def _take_lane(run: Run, progress: Progress) -> None:
    """One mass delete at a time: take the lane, or wait for it in line."""
    now, deletion = run.now, run.deletion
    before = lane.joined(run.kit.ledger.lane(_lane_key(run)), deletion.id)
    if before.holder not in (None, deletion.id):
        holder = run.kit.ledger.get(before.holder)
        if holder is None or holder.is_final:
            before = lane.left(before, before.holder, now)
    held = lane.taken(before, deletion.id, now)
    if held is None:
        seconds = min(
            run.kit.patience.longest, LONGEST_ASK, SHORTEST_ASK * (1 + before.position(deletion.id))
        )
        waiting = replace(deletion, progress=replace(progress, lane=before.key).to_json())
        run.wait(backoff.succeeded(waiting), waits.LANE, seconds, lane=before)
        return
    start = replace(progress, phase=Phase.START, lane=before.key)
    run.save(backoff.succeeded(replace(deletion, progress=start.to_json())), lane=held)


def _lane_key(run: Run) -> str:
    request = run.deletion.request
    return lane.lane_key(run.zoho.org.lane, request.org, request.module, str(request.cvid))


# --- the start ----------------------------------------------------------------------------------


def _start(run: Run, progress: Progress) -> None:
    request = run.deletion.request
    if run.kit.ledger.paused(request.org) is not None:
        run.wait(backoff.waited(run.deletion), waits.PAUSE, run.kit.patience.longest)
        return
    zoho = run.zoho
    call = _intent(run, progress)
    reply = zoho.mass_delete_view(request.module, str(request.cvid), request.territory)
    judged = judge_call(CallKind.MASS_DELETE_VIEW, reply)
    answer = {"verdict": judged.verdict.value, "code": judged.code, "message": judged.message}
    call = replace(call, answered_at=run.now, answer=answer)
    progress = replace(progress_of(run.deletion), open=None, code=judged.code, message=judged.message)
    job_id = started_job(reply)
    if judged.verdict is Verdict.STARTED and job_id is not None:
        _started(run, progress, call, job_id)
    elif judged.verdict is Verdict.UNKNOWN:
        _lost(run, progress, judged.code, judged.message, call)
    elif judged.verdict is Verdict.NOTHING and not progress.lost:
        _end(run, progress, calls=(call,))
    elif judged.verdict is Verdict.FAIL:
        _fail(run, progress, judged.code, judged.message, call)
    else:
        _refused_for_now(run, progress, judged, call, reply.retry_after)


def _intent(run: Run, progress: Progress) -> Call:
    """Write that the view's mass delete is about to be sent."""
    now = run.now
    target = {"cvid": run.deletion.request.cvid, "round": progress.round, "count_before": progress.before}
    call = Call(run.deletion.calls + 1, CallKind.MASS_DELETE_VIEW, target, now)
    deletion, entries = run.running(run.deletion, f"round {progress.round}")
    started = replace(progress, open=call.n, intent_at=now)
    run.save(replace(deletion, calls=call.n, progress=started.to_json()), calls=[call], entries=entries)
    run.publish()
    return call


def _started(run: Run, progress: Progress, call: Call, job_id: str) -> None:
    progress = replace(progress, phase=Phase.RUN, job_since=run.now, lost=False, seen=None)
    deletion = replace(
        backoff.succeeded(run.deletion),
        job_id=job_id,
        job_status="SCHEDULED",
        progress=progress.to_json(),
        updated_at=run.now,
    )
    deletion, entries = run.running(deletion, proven=True)
    deletion, entry = run.noted(deletion, "job_started", f"round {progress.round}")
    run.rest(
        deletion,
        min(SHORTEST_ASK, run.kit.patience.longest),
        calls=[call],
        entries=[*entries, entry],
        regardless=True,
    )


def _refused_for_now(
    run: Run, progress: Progress, judged: Judgement, call: Call, asked: float | None
) -> None:
    """A readable "not now". After a lost start, "a job is on" may mean our own: look again."""
    if progress.lost and judged.verdict in (Verdict.WAIT_LANE, Verdict.NOTHING):
        progress = replace(progress, phase=Phase.LOOK, still_since=run.now)
    deletion = replace(run.deletion, progress=progress.to_json())
    waits.wait_for(run, deletion, judged.verdict, judged.code, asked, calls=[call], regardless=True)


# --- the job ------------------------------------------------------------------------------------


def _follow(run: Run, progress: Progress) -> None:
    deletion = run.deletion
    old = run.now - progress.job_since >= run.kit.patience.job_age
    try:
        zoho = run.zoho
    except SecretUnusable:
        if not old:
            raise
        _stuck(run, progress, Round(deletion.counts.requested - progress.total, 0), "")
        return
    reply = zoho.job_status(deletion.request.module, str(deletion.job_id))
    report = judge_job(reply)
    running = Round(report.total, report.deleted)
    if report.state in (JobState.COMPLETED, JobState.FAILED):
        _round_over(run, progress, report)
    elif report.state is JobState.GONE:
        _lost(run, progress, "JOB_LOST", report.judgement.message)
    elif old:
        _stuck(run, progress, running, report.status)
    elif report.state is JobState.RUNNING:
        counts = counts_of(progress, running)
        deletion, entries = run.running(
            replace(deletion, job_status=report.status, counts=counts), proven=True
        )
        seconds = ask_in(run.now - progress.job_since, running)
        run.publish()
        run.rest(replace(backoff.succeeded(deletion), updated_at=run.now), seconds, entries=entries)
    elif report.judgement.verdict is Verdict.FAIL:
        _lost(run, progress, report.judgement.code, report.judgement.message)
    else:
        told = report.judgement
        waits.wait_for(run, deletion, told.verdict, told.code, reply.retry_after, at_least=SHORTEST_ASK)


def _round_over(run: Run, progress: Progress, report: JobReport) -> None:
    done = Round(report.total, report.deleted)
    progress = with_round(progress, done)
    deletion = replace(run.deletion, job_status=report.status)
    if report.state is JobState.COMPLETED and another_round(done):
        _again(run, deletion, progress)
        return
    code = "JOB_FAILED" if report.state is JobState.FAILED else "JOB_RECORD_FAILED"
    problems = (Problem(code, done.failed),) if done.failed or report.state is JobState.FAILED else ()
    status = Status.FAILED if report.state is JobState.FAILED and not progress.deleted else None
    _end(run, progress, *problems, deletion=deletion, status=status)


def _again(run: Run, deletion: Deletion, progress: Progress) -> None:
    """More than Zoho deletes in one job: count what is left, then the next round."""
    following = replace(progress, phase=Phase.COUNT, round=progress.round + 1)
    deletion = replace(
        deletion, counts=counts_of(following), progress=following.to_json(), updated_at=run.now
    )
    deletion, entry = run.noted(deletion, "round_finished", f"round {progress.round}")
    run.save(backoff.succeeded(deletion), entries=[entry])


def _stuck(run: Run, progress: Progress, running: Round, status: str) -> None:
    told = counts_of(progress, running)
    counts = replace(told, unknown=told.pending, pending=0)
    deletion = replace(run.deletion, counts=counts, job_status=status or run.deletion.job_status)
    _finish(run, deletion, Status.NEEDS_ATTENTION, "JOB_TOO_OLD", Problem("JOB_TOO_OLD", counts.unknown))


# --- a lost answer ------------------------------------------------------------------------------


def _lost(run: Run, progress: Progress, code: str, message: str, call: Call | None = None) -> None:
    """Whether a job runs is not known: never send again before a look has shown that nothing was started."""
    looking = replace(
        progress,
        phase=Phase.LOOK,
        open=None,
        lost=True,
        seen=None,
        still_since=run.now,
        code=code,
        message=message,
    )
    deletion, entries = run.running(run.deletion)
    deletion, entry = run.noted(replace(deletion, progress=looking.to_json()), "outcome_unknown", code)
    calls = [call] if call else []
    run.save(backoff.succeeded(deletion), calls=calls, entries=[*entries, entry], regardless=True)


def _look(run: Run, progress: Progress) -> None:
    now = run.now
    if progress.seen is not None and now - progress.intent_at >= run.kit.patience.job_age:
        _needs_a_person(run, progress)
        return
    looked = _take_a_look(run, progress)
    if isinstance(looked, Judgement):
        waits.wait_for(run, run.deletion, looked.verdict, looked.code)
        return
    narrowed = run.deletion.request.territory is not None
    seen, done = conclude(progress, looked, now, run.kit.patience.settle, narrowed=narrowed)
    if seen is Seen.NOTHING_STARTED:
        deletion, entry = run.noted(run.deletion, "nothing_started", f"the view still holds {looked.count}")
        again = replace(progress, phase=Phase.START, seen=None)
        run.save(backoff.succeeded(replace(deletion, progress=again.to_json())), entries=[entry])
    elif seen is Seen.DONE and done is not None:
        _job_seen(run, progress, done)
    elif seen is Seen.CANNOT_TELL:
        _needs_a_person(run, progress)
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
    deleted = _deleted_since(run, progress)
    return deleted if isinstance(deleted, Judgement) else Look(count, deleted)


def _deleted_since(run: Run, progress: Progress) -> int | Judgement | None:
    """Records of the module that went since the intent; None where there are more than a look reads."""
    # Zoho tells whole seconds: an intent in the middle of one must not lose what went in its second half.
    since = float(int(progress.intent_at))
    seen = 0
    for page in range(1, LOOK_PAGES + 1):
        reply = run.zoho.deleted_since(run.deletion.request.module, since, page)
        judged = judge_call(CallKind.DELETED_LIST, reply)
        if judged.verdict is Verdict.FAIL:
            return None
        if judged.verdict is not Verdict.ANSWERED:
            return judged
        data = (reply.body or {}).get("data")
        seen += sum(1 for one in data if _went_after(one, since)) if isinstance(data, list) else 0
        info = (reply.body or {}).get("info")
        if not isinstance(info, dict) or not info.get("more_records"):
            return seen
    return None


def _went_after(item: object, since: float) -> bool:
    """Did this entry of the deleted list go after `since`? Zoho may ignore If-Modified-Since."""
    told = item.get("deleted_time") if isinstance(item, dict) else None
    if not isinstance(told, str):
        return True
    try:
        return datetime.fromisoformat(told).timestamp() >= since
    except ValueError:
        return True


def _job_seen(run: Run, progress: Progress, done: Round) -> None:
    """The looks add up: the job ran, and this is what it did."""
    progress = with_round(progress, done)
    deletion, entry = run.noted(run.deletion, "outcome_found", f"{done.deleted} of {done.total} are gone")
    if another_round(done):
        _again(run, deletion, progress)
        return
    problems = (Problem("JOB_RECORD_FAILED", done.failed),) if done.failed else ()
    _end(run, progress, *problems, deletion=deletion, entries=(entry,))


def _needs_a_person(run: Run, progress: Progress) -> None:
    lost = progress.before or 0
    counts = replace(counts_of(progress), requested=progress.total + lost, unknown=lost, pending=0)
    code = "JOB_LOST" if run.deletion.job_id else "OUTCOME_UNKNOWN"
    deletion = replace(run.deletion, counts=counts, progress=progress.to_json())
    _finish(run, deletion, Status.NEEDS_ATTENTION, code, Problem(code, lost, progress.message))


# --- ends ---------------------------------------------------------------------------------------


def _give_up(run: Run, progress: Progress) -> None:
    if progress.lost:
        _needs_a_person(run, progress)
        return
    _fail(run, progress, progress.code or "GAVE_UP", progress.message)


def _fail(run: Run, progress: Progress, code: str, message: str, call: Call | None = None) -> None:
    """Zoho refuses for good: what earlier rounds deleted stays counted."""
    counts = counts_of(progress)
    status = Status.PARTIALLY_COMPLETED if counts.deleted else Status.FAILED
    deletion = replace(run.deletion, counts=counts, progress=progress.to_json())
    calls = (call,) if call else ()
    _finish(run, deletion, status, code, Problem(code, progress.before or 0, message), calls=calls)


def _end(
    run: Run,
    progress: Progress,
    *problems: Problem,
    deletion: Deletion | None = None,
    status: Status | None = None,
    **parts: Any,
) -> None:
    counts = counts_of(progress)
    ended = replace(deletion or run.deletion, counts=counts, progress=progress.to_json())
    _finish(run, ended, status or final_status(counts), "", *problems, **parts)


def _finish(run: Run, deletion: Deletion, status: Status, why: str, *problems: Problem, **parts: Any) -> None:
    """The final write gives the lane free in the same transaction, then whoever is next is woken."""
    for tries_left in range(LANE_TRIES - 1, -1, -1):
        free = run.leave_lane(progress_of(run.deletion).lane)
        try:
            run.finish(deletion, status, why, problems=problems, lane=free, regardless=True, **parts)
        except Overtaken:
            if not tries_left:
                raise
            continue
        _wake_next(run, free)
        return


def _wake_next(run: Run, free: Lane | None) -> None:
    if free is not None and free.queue and run.kit.ledger.wake(free.queue[0], run.now):
        run.kit.nudges.nudge(free.queue[0])


_PHASES = {
    Phase.COUNT: _count,
    Phase.LANE: _take_lane,
    Phase.START: _start,
    Phase.RUN: _follow,
    Phase.LOOK: _look,
}
