"""A view's mass delete up to its start at Zoho: in its lane, with a fresh list or count, sent once."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import lane
from chalicelib.domain.by_view import (
    FRESH_SECONDS,
    MOST_COUNTS,
    Goal,
    Phase,
    ViewProgress,
    may_read_again,
    progress_of,
)
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.lane import Lane
from chalicelib.domain.view_rounds import LONGEST_ASK, SHORTEST_ASK
from chalicelib.domain.zoho.judge_call import judge_call, started_job
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.verdict import Judgement, Verdict
from chalicelib.service.by_view import checking, moves
from chalicelib.service.engine import waiting
from chalicelib.service.engine.step import (
    Again,
    Commit,
    Note,
    Outgoing,
    Rest,
    Send,
    Slice,
    Step,
    TryAgain,
    Wait,
)
from chalicelib.service.ports import Call

#: Refusals that every view of the org would meet: whoever holds the lane keeps it.
_OF_THE_ORG = frozenset(
    {Verdict.WAIT_LANE, Verdict.WAIT_CREDITS, Verdict.WAIT_CREDENTIALS, Verdict.WAIT_TOKEN}
)


def take_lane(work: Slice, progress: ViewProgress) -> Step:
    """One mass delete at a time: take the lane, or wait for it in line. An unchanged lane is not written."""
    now, deletion = work.now, work.deletion
    # Its lane stays the one it has joined, also where the org's setting has changed since.
    before = work.ledger.lane(deletion.lane or _lane_key(work))
    line = lane.joined(_without_ended(work, before), deletion.id)
    held = lane.taken(line, deletion.id, now)
    if held is not None:
        mine = replace(deletion, lane=before.key, lane_ahead=None, lane_seconds=None)
        mine = replace(mine, progress=replace(progress, phase=Phase.START).to_json())
        return Commit(mine, lane=held if held != before else None)
    ahead = line.position(deletion.id)
    seconds = min(work.timeouts.longest, LONGEST_ASK, SHORTEST_ASK * (1 + ahead))
    queued = replace(progress, counted_at=0.0)  # what was counted says nothing once the one before has ended
    waits = replace(
        deletion,
        lane=before.key,
        progress=queued.to_json(),
        lane_ahead=ahead,
        lane_seconds=lane.seconds_until(line, deletion.id, now),
    )
    return Commit(waits, Wait(waiting.LANE, seconds), lane=line if line != before else None)


def _without_ended(work: Slice, before: Lane) -> Lane:
    """The lane without holders and first ones in line that will never leave it by themselves: final, not
    there any more, or set aside.
    """
    while (first := before.holder or next(iter(before.queue), None)) not in (None, work.deletion.id):
        if not _is_gone(work, first):
            break
        before = lane.left(before, first, work.now)
    return before


def _is_gone(work: Slice, other: str) -> bool:
    try:
        found = work.ledger.get(other)
    except Unreadable:
        return True
    return found is None or found.is_final


def _lane_key(work: Slice) -> str:
    request = work.deletion.request
    return lane.lane_key(work.zoho.org.lane, request.org, request.module, str(request.cvid))


def start(work: Slice, progress: ViewProgress) -> Step:
    """Send the view's mass delete, with its intent written first, or go back for a fresh list or count."""
    if progress.refused:
        return _leave(work, progress)
    if not work.deletion.frozen:
        return _start_unfrozen(work, progress)
    if _has_holds(work):
        return moves.read_again(work, progress, Goal.BY_IDS, "the module has holds")
    if work.now - progress.listed_at > FRESH_SECONDS:
        if may_read_again(progress):
            return moves.read_again(work, progress, Goal.START)
        why = f"read {progress.reread_pages} pages again while Zoho did not take the job ({progress.code})"
        return moves.read_again(work, progress, Goal.BY_IDS, why)
    return _sending(work, progress)


def _start_unfrozen(work: Slice, progress: ViewProgress) -> Step:
    if work.now - progress.counted_at > FRESH_SECONDS:
        return moves.to(work, replace(progress, phase=Phase.COUNT))
    if _has_holds(work):
        return checking.for_holds(work, progress)
    return _sending(work, progress)


def _has_holds(work: Slice) -> bool:
    request = work.deletion.request
    return work.ledger.has_holds(request.org, request.module, work.now)


def _sending(work: Slice, progress: ViewProgress) -> Send:
    request = work.deletion.request
    target: dict[str, object] = {
        "cvid": request.cvid,
        "round": progress.round,
        "count_before": work.deletion.id_count if work.deletion.frozen else progress.before,
    }
    outgoing = Outgoing(
        CallKind.MASS_DELETE_VIEW,
        target,
        lambda zoho: zoho.mass_delete_view(request.module, str(request.cvid), request.territory),
    )

    def opened(numbers: tuple[int, ...]) -> Deletion:
        intent = replace(progress, open=numbers[0], intent_at=work.now)
        return replace(work.deletion, progress=intent.to_json())

    def last_look() -> tuple[str]:
        return ("the module has holds" if _has_holds(work) else "",)

    return Send(
        (outgoing,),
        opened,
        last_look,
        judge=lambda calls, replies: _judged(work, calls[0], replies[0]),
        running=f"round {progress.round}",
    )


def _withdrawn(work: Slice, call: Call) -> Commit:
    """A hold, a pause or a cancel came between the decision and the call: nothing was sent."""
    why = str((call.answer or {}).get("message", ""))
    progress = replace(progress_of(work.deletion), open=None, intent_at=0.0)
    deletion = replace(work.deletion, progress=progress.to_json())
    return Commit(deletion, Again(), calls=(call,), notes=(Note("not_sent", why),))


def _judged(work: Slice, call: Call, reply: Reply | None) -> Commit:
    if reply is None:
        return _withdrawn(work, call)
    judged = judge_call(CallKind.MASS_DELETE_VIEW, reply)
    answer = {"verdict": judged.verdict.value, "code": judged.code, "message": judged.message}
    answered = (replace(call, answered_at=work.now, answer=answer),)
    progress = replace(progress_of(work.deletion), open=None, code=judged.code, message=judged.message)
    job_id = started_job(reply)
    if judged.verdict is Verdict.STARTED and job_id is not None:
        return _started(work, progress, answered, job_id)
    if judged.verdict in (Verdict.UNKNOWN, Verdict.STARTED):
        return moves.lost(work, progress, judged.code, judged.message, answered)
    if judged.verdict is Verdict.NOTHING:
        return _found_nothing(work, progress, answered)
    if judged.verdict is Verdict.FAIL:
        return _refused(work, progress, judged, answered)
    progress = replace(progress, intent_at=0.0)
    if judged.verdict not in _OF_THE_ORG:
        # The answer is kept first: the lane, which others write too, is left by a write of its own.
        progress = replace(progress, refused=judged.verdict.value, asked=reply.retry_after)
        return Commit(replace(work.deletion, progress=progress.to_json()), calls=answered)
    least = _least_pause(work, progress)
    then = TryAgain(moves.START, judged.verdict, judged.code, reply.retry_after, least)
    return Commit(replace(work.deletion, progress=progress.to_json()), then, calls=answered)


def _leave(work: Slice, progress: ViewProgress) -> Step:
    """Zoho refuses this view for now: the lane is for others until it is tried again, from the end of the
    line.
    """
    verdict, asked = Verdict(progress.refused), progress.asked
    then = TryAgain(moves.START, verdict, progress.code, asked, _least_pause(work, progress))
    waits = replace(progress, phase=Phase.LANE, refused="", asked=None)
    return moves.to(work, waits, then, leave_lane=True)


def _least_pause(work: Slice, progress: ViewProgress) -> float:
    """Each start of an unfrozen view needs a fresh count: half of them have to last for the longest wait."""
    half = MOST_COUNTS // 2
    few_left = progress.counts >= MOST_COUNTS * progress.round - half
    return work.timeouts.wait / half if few_left else 0.0


def _started(work: Slice, progress: ViewProgress, calls: tuple[Call, ...], job_id: str) -> Commit:
    progress = replace(progress, phase=Phase.RUN, job_since=work.now, lost=False, code="", message="")
    calls = tuple(replace(call, answer={**(call.answer or {}), "job_id": job_id}) for call in calls)
    deletion = replace(
        work.deletion, job_id=job_id, job_status="SCHEDULED", progress=progress.to_json(), updated_at=work.now
    )
    return Commit(
        deletion,
        Rest(min(SHORTEST_ASK, work.timeouts.longest)),
        notes=(Note("job_started", f"round {progress.round}"),),
        calls=calls,
        running="",
        proven=True,
        succeeded=moves.START,
    )


def _found_nothing(work: Slice, progress: ViewProgress, calls: tuple[Call, ...]) -> Commit:
    """Zoho found the view empty: what was listed is looked up, and nothing of it was deleted by us."""
    if not work.deletion.frozen:
        return moves.end(work, progress, calls=calls)
    emptied = replace(progress, phase=Phase.SETTLE, goal=Goal.EMPTY, intent_at=0.0)
    deletion = replace(work.deletion, progress=emptied.to_json())
    return Commit(deletion, calls=calls, succeeded=moves.START)


def _refused(work: Slice, progress: ViewProgress, judged: Judgement, calls: tuple[Call, ...]) -> Commit:
    """Refused for good. An edition without the call takes the listed records by their ids."""
    if judged.code == "NOT_IN_EDITION" and work.deletion.frozen:
        step = moves.read_again(
            work, replace(progress, intent_at=0.0), Goal.BY_IDS, judged.message or judged.code
        )
        # The lane is left when it goes by ids: a lane that others write must not lose the answer.
        return replace(step, calls=calls, leave_lane=False)
    return moves.fail(work, progress, judged.code, judged.message, calls)
