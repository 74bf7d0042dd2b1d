"""The start of an unfrozen view had no answer: the view is counted until nothing changes any more, and then a
person is told.

Nothing that can be seen proves what our job did: an empty view and a long deleted list may be other people's
doing. So there is no second start, and no success without a job that says so.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.by_view import MOST_LOOKS, ViewCounts, ViewProgress
from chalicelib.domain.view_rounds import LONGEST_ASK, SHORTEST_ASK
from chalicelib.domain.zoho.judge_call import counted, judge_call
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.domain.zoho.verdict import NOT_NOW, Verdict
from chalicelib.service.by_view import deleted_list, moves
from chalicelib.service.engine.step import Rest, Slice, Step, TryAgain


def investigate(work: Slice, progress: ViewProgress) -> Step:
    """Count the view and what its module lost; a few times, at growing intervals."""
    request = work.deletion.request
    code = "JOB_LOST" if work.deletion.job_id else "OUTCOME_UNKNOWN"
    reply = work.zoho.count(request.module, request.cvid)
    judged = judge_call(CallKind.COUNT, reply)
    if judged.verdict in NOT_NOW:
        return moves.again_later(
            work, progress, TryAgain(moves.COUNT, judged.verdict, judged.code), judged.message
        )
    number = counted(reply) if judged.verdict is Verdict.ANSWERED else None
    read = _deleted(work, progress)
    if not isinstance(read, tuple):
        return read
    went, progress = read
    seen = ViewCounts(number, went)
    same = seen == progress.seen
    after = replace(
        progress, seen=seen, looks=progress.looks + 1, still_since=progress.still_since if same else work.now
    )
    quiet = same and work.now - after.still_since >= work.timeouts.settle
    if quiet or after.looks >= MOST_LOOKS:
        return moves.needs_attention(work, after, code)
    settle = work.timeouts.settle
    first = max(min(SHORTEST_ASK, settle / 2), settle / 10)
    return moves.to(work, after, Rest(min(first * 1.5**after.looks, LONGEST_ASK * 10)), succeeded=moves.COUNT)


def _deleted(work: Slice, progress: ViewProgress) -> tuple[int | None, ViewProgress] | Step:
    """How many records the module lost since the intent; None where one step cannot tell."""
    start = float(int(progress.intent_at + progress.skew))
    fresh = replace(progress, since=start, deleted_page=1, list_is_read=False)
    if progress.list_is_over:
        return None, progress
    found = deleted_list.read_on(work, fresh)
    if found.trouble is not None:
        then = TryAgain(moves.READ, found.trouble.verdict, found.trouble.code)
        return moves.again_later(work, progress, then, found.trouble.message)
    used = replace(
        progress, deleted_pages=found.progress.deleted_pages, list_is_over=found.progress.list_is_over
    )
    if not found.progress.list_is_read:
        return None, used
    return sum(1 for at in found.times.values() if at >= start), used
