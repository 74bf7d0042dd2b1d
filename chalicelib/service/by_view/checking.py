"""May the view's deletion run, and how: the limits speak of exactly the listed records; of a view that is not
listed, of its count.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.by_view import (
    MOST_COUNTS,
    PAGE,
    Goal,
    Phase,
    ViewProgress,
    has_to_be_listed,
    may_be_listed,
)
from chalicelib.domain.deletion import Deletion, Plan
from chalicelib.domain.limits import Stop, still_waiting
from chalicelib.domain.quota import Full
from chalicelib.domain.request import Freeze
from chalicelib.domain.status import Status
from chalicelib.domain.view_rounds import ROUND_LIMIT
from chalicelib.domain.zoho.judge_call import counted, judge_call
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.domain.zoho.verdict import Judgement, Verdict
from chalicelib.service.by_view import listing, moves
from chalicelib.service.engine import limits
from chalicelib.service.engine.step import Commit, Finish, Slice, Step, TryAgain
from chalicelib.service.engine.view_pages import MOST_LISTED

#: Credits of a count (Zoho does not print its price; one source says 50), of a page of a view, and of a page
#: of the deleted list.
COUNT_CREDITS, PAGE_CREDITS, DELETED_CREDITS = 50, 3, 2
#: First ids that a plan shows.
SHOWN = 10


def begin(work: Slice, progress: ViewProgress) -> Step:
    """Decide whether the view is listed. What might be longer than Zoho lists is counted first."""
    deletion = work.deletion
    if not may_be_listed(deletion, progress):
        if has_to_be_listed(deletion):
            return listing.stopped(work, progress, "NOT_LISTABLE", 0)
        return moves.to(work, replace(progress, phase=Phase.COUNT))
    if deletion.record_limit > MOST_LISTED:
        return moves.to(work, replace(progress, phase=Phase.COUNT))
    return listing.begin(work, progress)


def check(work: Slice, progress: ViewProgress) -> Step:
    """The list is whole: ask the limits, then decide between the job and the ids."""
    deletion = work.deletion
    if not deletion.id_count:
        return _nothing(work, progress)
    stopped = held_back(work, progress, deletion.id_count)
    if stopped is not None:
        return stopped
    request = deletion.request
    exact = request.freeze is Freeze.EXACT
    if exact or progress.for_holds or work.ledger.has_holds(request.org, request.module, work.now):
        why = "exact" if exact else "the module has holds"
        return (
            moves.continue_by_ids(work)
            if request.dry_run
            else moves.read_again(work, progress, Goal.BY_IDS, why)
        )
    if request.dry_run:
        first = tuple(work.chunk(0).ids[:SHOWN])
        return planned(work, progress, listed_plan(deletion, progress, first))
    return moves.to(work, replace(progress, phase=Phase.LANE))


def _nothing(work: Slice, progress: ViewProgress) -> Step:
    if work.deletion.request.dry_run:
        return planned(work, progress, listed_plan(work.deletion, progress, ()))
    return moves.end(work, progress)


def planned(work: Slice, progress: ViewProgress, plan: Plan) -> Step:
    """A dry run ends with its plan."""
    deletion = replace(work.deletion, plan=plan, progress=progress.to_json())
    return Commit(deletion, Finish(Status.COMPLETED, "dry run"))


def listed_plan(deletion: Deletion, progress: ViewProgress, first: tuple[str, ...]) -> Plan:
    """What a frozen view takes: it is listed, a job is started and asked for, the deleted list is read."""
    n, pages = deletion.id_count, max(progress.first_pages, 1)
    jobs = 2 if n else 0
    deleted_pages = -(-n // PAGE)
    calls = pages + jobs + deleted_pages
    return Plan(n, first, calls, PAGE_CREDITS * pages + jobs + DELETED_CREDITS * deleted_pages)


def counted_plan(progress: ViewProgress, first: tuple[str, ...]) -> Plan:
    """What an unfrozen view takes: a count and a job a round."""
    rounds = -(-(progress.before or 0) // ROUND_LIMIT)
    return Plan(progress.before, first, calls=1 + 2 * rounds, credits=COUNT_CREDITS + 2 * rounds)


def held_back(work: Slice, progress: ViewProgress, size: int | None) -> Step | None:
    """What a limit makes of the deletion; None where it may go on. While it waits the lane is for others."""
    found = limits.check(work, size)
    if found is None:
        return None
    if isinstance(found, Judgement):
        return not_counted(work, progress, found)
    if found.problem is not None and progress.round > 1:
        return moves.fail(work, progress, found.problem.code, progress.message)
    if found.problem is not None:
        return moves.refuse(work, progress, replace(found.problem, message=progress.message))
    return _wait(work, progress, found)


def not_counted(work: Slice, progress: ViewProgress, judged: Judgement, asked: float | None = None) -> Step:
    """Zoho did not tell a number."""
    if judged.verdict is Verdict.FAIL:
        return moves.fail(work, progress, judged.code, judged.message)
    then = TryAgain(moves.COUNT, judged.verdict, judged.code, asked)
    return moves.again_later(work, progress, then, judged.message)


def _wait(work: Slice, progress: ViewProgress, stop: Stop) -> Step:
    deletion = replace(work.deletion, progress=progress.to_json())
    return replace(limits.waiting(work, deletion, stop), leave_lane=True)


def count(work: Slice, progress: ViewProgress) -> Step:
    """Count the view: before each round of an unfrozen one, and where it may be too long to be listed."""
    request = work.deletion.request
    waiting = still_waiting(work.deletion, work.now)
    if waiting is not None:
        return _wait(work, progress, waiting)
    if progress.counts >= _most_counts(progress):
        return moves.fail(work, progress, progress.code or "GAVE_UP", progress.message)
    reply = work.zoho.count(request.module, request.cvid)
    judged = judge_call(CallKind.COUNT, reply)
    listable = may_be_listed(work.deletion, progress)
    if judged.verdict is Verdict.ANSWERED:
        number = counted(reply)
        if listable and number is not None and number <= MOST_LISTED:
            return listing.begin(work, replace(progress, counts=progress.counts + 1))
        return _counted(
            work, replace(progress, before=number, counted_at=work.now, counts=progress.counts + 1)
        )
    if judged.verdict is Verdict.UNCOUNTABLE or (judged.verdict is Verdict.FAIL and listable):
        if listable:
            return listing.begin(work, progress)
        return _unfrozen(work, replace(progress, before=None, counted_at=work.now, message=judged.message))
    return not_counted(work, progress, judged, reply.retry_after)


def _most_counts(progress: ViewProgress) -> int:
    return MOST_COUNTS * progress.round


def _counted(work: Slice, progress: ViewProgress) -> Step:
    before, deletion = progress.before or 0, work.deletion
    if may_be_listed(deletion, progress):
        return (
            listing.not_listable(work, progress, before)
            if has_to_be_listed(deletion)
            else (_unfrozen(work, replace(progress, listable=False)))
        )
    return _unfrozen(work, progress)


def _unfrozen(work: Slice, progress: ViewProgress) -> Step:
    """A view that is not listed: the limits speak of its count; later rounds only of what is left of them."""
    before, deletion = progress.before, work.deletion
    if before == 0:
        return (
            planned(work, progress, counted_plan(progress, ()))
            if deletion.request.dry_run
            else (moves.end(work, progress))
        )
    if progress.round > 1:
        if (before or 0) > _left(deletion, progress):
            return listing.stopped(work, progress, "MAX_RECORDS", before or 0)
        named = work.named(progress.deleted + (before or 0))
        if isinstance(named, Full):
            return listing.stopped(work, progress, named.span.value, before or 0)
    else:
        stopped = held_back(work, progress, before)
        if stopped is not None:
            return stopped
    return _go(work, progress)


def _left(deletion: Deletion, progress: ViewProgress) -> int:
    """How many more records later rounds may take: no more than allowed, or approved, for all of them."""
    most = deletion.record_limit
    above, approval = deletion.limits.approve_above, deletion.approval
    if above is not None:
        approved = approval.count if approval is not None and approval.approved_at is not None else 0
        most = min(most, max(above - (deletion.asked_before or 0), approved))
    return most - progress.deleted


def _go(work: Slice, progress: ViewProgress) -> Step:
    request = work.deletion.request
    if work.ledger.has_holds(request.org, request.module, work.now):
        return for_holds(work, progress)
    if request.dry_run:
        page = work.zoho.view_ids(request.module, str(request.cvid), None, SHOWN)
        first = tuple(item.id for item in page.items if item.id is not None)[:SHOWN]
        return planned(work, progress, counted_plan(progress, first))
    return moves.to(work, replace(progress, phase=Phase.LANE), succeeded=moves.COUNT)


def for_holds(work: Slice, progress: ViewProgress) -> Step:
    """The module has holds, of which Zoho's job knows nothing: the view is listed and goes by ids."""
    if work.deletion.request.territory is not None:
        return listing.stopped(work, progress, "HOLDS_WITH_TERRITORY", progress.before or 0)
    if (progress.before or 0) > MOST_LISTED:
        return listing.stopped(work, progress, "VIEW_TOO_LARGE_TO_CHECK", progress.before or 0)
    return listing.begin(work, replace(progress, for_holds=True))
