"""A view's mass delete up to its start at Zoho: counted, checked, in its lane, sent with the intent written
first.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import backoff, lane
from chalicelib.domain.by_view import (
    FRESH_SECONDS,
    LONGEST_ASK,
    SHORTEST_ASK,
    Phase,
    Progress,
    progress_of,
)
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.lane import Lane
from chalicelib.domain.reply import CallKind
from chalicelib.domain.verdicts import Judgement, Verdict, judge_call, started_job
from chalicelib.service import view_ends, view_select, waiting
from chalicelib.service.ports import Call
from chalicelib.service.run import Run


def take_lane(run: Run, progress: Progress) -> None:
    """One mass delete at a time: take the lane, or wait for it in line."""
    now, deletion = run.now, run.deletion
    # Its lane stays the one it has joined, also where the org's setting has changed since.
    before = _without_the_gone(run, run.kit.ledger.lane(progress.lane or _lane_key(run)))
    before = lane.joined(before, deletion.id)
    held = lane.taken(before, deletion.id, now)
    if held is None:
        seconds = min(
            run.kit.patience.longest, LONGEST_ASK, SHORTEST_ASK * (1 + before.position(deletion.id))
        )
        # What it counted says nothing once the one before it has ended.
        queued = replace(progress, lane=before.key, counted_at=0.0)
        waiting = replace(
            deletion,
            progress=queued.to_json(),
            lane_ahead=before.position(deletion.id),
            lane_seconds=lane.seconds_until(before, deletion.id, now),
        )
        run.kit.measure("LaneQueue", len(before.queue))
        run.wait(backoff.succeeded(waiting), waiting.LANE, seconds, lane=before)
        return
    start = replace(progress, phase=Phase.START, lane=before.key)
    mine = replace(deletion, progress=start.to_json(), lane_ahead=None, lane_seconds=None)
    run.save(backoff.succeeded(mine), lane=held)


def _without_the_gone(run: Run, before: Lane) -> Lane:
    """The lane without holders and first ones in line that will never leave it by themselves: final, not
    there any more, or set aside.
    """
    while (first := before.holder or next(iter(before.queue), None)) not in (None, run.deletion.id):
        if not _is_gone(run, first):
            break
        before = lane.left(before, first, run.now)
    return before


def _is_gone(run: Run, other: str) -> bool:
    try:
        found = run.kit.ledger.get(other)
    except Unreadable:
        return True
    return found is None or found.is_final


def _lane_key(run: Run) -> str:
    request = run.deletion.request
    return lane.lane_key(run.zoho.org.lane, request.org, request.module, str(request.cvid))


def start(run: Run, progress: Progress) -> None:
    """Send the view's mass delete, with its intent written first.

    What waited for the lane or was refused for now is counted again: the view may have grown past its limit,
    and a lost answer can only be judged against what was there when it was sent.
    """
    request = run.deletion.request
    if run.now - progress.counted_at > FRESH_SECONDS:
        run.save(replace(run.deletion, progress=replace(progress, phase=Phase.COUNT).to_json()))
        return
    zoho = run.zoho
    if run.kit.ledger.has_holds(request.org, request.module, run.now):
        view_select.begin(run, progress)  # a hold was set since the view was counted
        return
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
        view_ends.lost(run, progress, judged.code, judged.message, call)
    elif judged.verdict is Verdict.NOTHING and not progress.lost:
        view_ends.end(run, progress, calls=(call,))
    elif judged.verdict is Verdict.FAIL:
        view_ends.fail(run, progress, judged.code, judged.message, call)
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
    waiting.wait_for(run, deletion, judged.verdict, judged.code, asked, calls=[call], regardless=True)
