"""A view is counted before anything of it is deleted: the belts need to know what would go."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import backoff
from chalicelib.domain.belts import Stop
from chalicelib.domain.by_view import ROUND_LIMIT, Phase, Progress
from chalicelib.domain.deletion import Plan, Problem, Status
from chalicelib.domain.reply import CallKind
from chalicelib.domain.verdicts import Judgement, Verdict, counted, judge_call
from chalicelib.service import belts, view_ends, view_select, waiting
from chalicelib.service.run import Run

#: Credits of a count (Zoho does not print its price; one source says 50).
COUNT_CREDITS = 50
#: First ids that a plan shows.
SHOWN = 10


def count(run: Run, progress: Progress) -> None:
    """Count the view and ask the belts."""
    request = run.deletion.request
    reply = run.zoho.count(request.module, request.cvid)
    judged = judge_call(CallKind.COUNT, reply)
    if judged.verdict is Verdict.ANSWERED:
        _counted(run, replace(progress, before=counted(reply), counted_at=run.now))
    elif judged.verdict is Verdict.UNCOUNTABLE:
        _checked(run, replace(progress, before=None, counted_at=run.now, message=judged.message))
    else:
        _not_counted(run, progress, judged, reply.retry_after)


def _not_counted(run: Run, progress: Progress, judged: Judgement, asked: float | None = None) -> None:
    if judged.verdict is Verdict.FAIL:
        view_ends.fail(run, progress, judged.code, judged.message)
        return
    progress = replace(progress, code=judged.code, message=judged.message)
    deletion = replace(run.deletion, progress=progress.to_json())
    waiting.wait_for(run, deletion, judged.verdict, judged.code, asked)


def _counted(run: Run, progress: Progress) -> None:
    before, dry_run = progress.before or 0, run.deletion.request.dry_run
    if before == 0 and not dry_run:
        view_ends.end(run, progress)
    elif progress.round > 1 and before > _room(run, progress):
        rest = replace(progress, failed=progress.failed + before, total=progress.total + before)
        view_ends.end(run, rest, Problem("MAX_RECORDS", before))
    elif progress.round > 1:
        _go_on(run, progress)
    else:
        _checked(run, progress)


def _room(run: Run, progress: Progress) -> int:
    """How many more records later rounds may take: no more than allowed, or approved, for all of them."""
    deletion = run.deletion
    most = deletion.record_limit
    above, approval = deletion.limits.approve_above, deletion.approval
    if above is not None:
        approved = approval.count if approval is not None and approval.approved_at is not None else 0
        most = min(most, max(above, approved))
    return most - progress.deleted


def _checked(run: Run, progress: Progress) -> None:
    """The belts have their say before the first round."""
    found = belts.check(run, progress.before)
    if found is None:
        _go_on(run, progress)
    elif isinstance(found, Judgement):
        _not_counted(run, progress, found)
    elif found.problem is not None:
        view_ends.refuse(run, progress, replace(found.problem, message=progress.message))
    else:
        _rest(run, progress, found)


def _rest(run: Run, progress: Progress, stop: Stop) -> None:
    """While a belt holds, the lane is for others; when it is over, the view is counted anew."""
    again = replace(progress, phase=Phase.COUNT, lane="")
    deletion = replace(run.deletion, progress=again.to_json())
    free = run.leave_lane(progress.lane)
    belts.rest(run, deletion, stop, lane=free)
    view_ends.wake_next(run, free)


def _go_on(run: Run, progress: Progress) -> None:
    deletion, request = run.deletion, run.deletion.request
    if run.kit.ledger.has_holds(request.org, request.module, run.now):
        view_select.begin(run, progress)
    elif request.dry_run:
        _plan(run, progress)
    else:
        to_lane = replace(progress, phase=Phase.LANE)
        run.save(backoff.succeeded(replace(deletion, progress=to_lane.to_json())))


def _plan(run: Run, progress: Progress) -> None:
    """A dry run: what would go, the first of it, and what it would take."""
    request, before = run.deletion.request, progress.before
    first: tuple[str, ...] = ()
    if before != 0:
        page = run.zoho.view_ids(request.module, str(request.cvid), None, SHOWN)
        first = tuple(item.id for item in page.items if item.id is not None)[:SHOWN]
    rounds = -(-(before or 0) // ROUND_LIMIT)
    plan = Plan(before, first, calls=1 + 2 * rounds, credits=COUNT_CREDITS + 2 * rounds)
    view_ends.finish(run, replace(run.deletion, plan=plan), Status.COMPLETED, "dry run")
