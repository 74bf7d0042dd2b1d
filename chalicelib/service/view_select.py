"""A view in a module with holds: its records are read to ids, so that those that are held can be left out.

Zoho's mass delete of a view knows nothing of our holds. From here on the view is done by ids, as they were
when it was read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain import backoff
from chalicelib.domain.by_view import Phase, Progress
from chalicelib.domain.deletion import Deletion, Problem
from chalicelib.domain.reply import CallKind, Reply
from chalicelib.domain.verdicts import Judgement, Verdict, judge_call
from chalicelib.service import freeze, view_ends, waiting
from chalicelib.service.run import Run

#: The largest view that is read: Zoho lists no more of one.
MOST_TO_CHECK = 100_000
#: Pages of 200 that one step reads: a chunk full of ids.
PAGES_A_STEP = 25


@dataclass(frozen=True, slots=True)
class Pages:
    """What was read in one step: ids, the token of the page to read next ("" where that was the last one),
    and what kept it from reading on.
    """

    ids: tuple[str, ...]
    following: str
    trouble: Judgement | None = None


def begin(run: Run, progress: Progress) -> None:
    """Go over to reading, unless the view cannot be read. The lane is for those who start jobs."""
    if run.deletion.request.territory is not None:
        view_ends.refuse(run, progress, Problem("HOLDS_WITH_TERRITORY", progress.before or 0))
        return
    if (progress.before or 0) > MOST_TO_CHECK:
        view_ends.refuse(run, progress, Problem("VIEW_TOO_LARGE_TO_CHECK", progress.before or 0))
        return
    free = run.leave_lane(progress.lane)
    reading = replace(progress, phase=Phase.SELECT, lane="", page="", lost=False)
    deletion = freeze.thawed(run.deletion)
    run.save(backoff.succeeded(replace(deletion, progress=reading.to_json())), lane=free)
    view_ends.wake_next(run, free)


def select(run: Run, progress: Progress) -> None:
    """Read some pages and store their ids; with the last of them the selection is complete."""
    read = _read(run, progress.page)
    if run.deletion.id_count + len(read.ids) > MOST_TO_CHECK:
        view_ends.refuse(run, progress, Problem("VIEW_TOO_LARGE_TO_CHECK", progress.before or 0))
    elif read.trouble is not None:
        _trouble(run, progress, read, read.trouble)
    elif read.following:
        reading = replace(progress, page=read.following)
        freeze.freeze(run, _going_well(run, reading), read.ids)
    elif not run.deletion.id_count + len(read.ids):
        view_ends.end(run, progress)
    else:
        freeze.freeze_and_close(run, _going_well(run, progress), read.ids)


def _going_well(run: Run, progress: Progress) -> Deletion:
    return backoff.succeeded(replace(run.deletion, progress=progress.to_json()))


def _read(run: Run, page: str) -> Pages:
    request = run.deletion.request
    ids: list[str] = []
    for number in range(PAGES_A_STEP):
        if number and run.now >= run.until:
            break
        reply = run.zoho.view_ids(request.module, str(request.cvid), page or None)
        judged = judge_call(CallKind.READ, reply)
        if judged.verdict is not Verdict.ANSWERED:
            return Pages(tuple(ids), page, judged)
        ids += [item.id for item in reply.items if item.id is not None]
        more, page = _next_page(reply)
        if more and not page:
            return Pages(tuple(ids), page, Judgement(Verdict.FAIL, "UNEXPECTED_ANSWER", "no next page"))
        if not more:
            break
    return Pages(tuple(ids), page)


def _next_page(reply: Reply) -> tuple[bool, str]:
    """Is there another page, and its token."""
    info = (reply.body or {}).get("info")
    if not isinstance(info, dict) or info.get("more_records") is not True:
        return False, ""
    return True, str(info.get("next_page_token") or "")


def _trouble(run: Run, progress: Progress, read: Pages, trouble: Judgement) -> None:
    """What was read is kept. A token that Zoho no longer takes (they live for a day) is worth one more
    beginning; any other refusal is final.
    """
    if trouble.verdict is Verdict.FAIL and progress.page and not progress.reread:
        again = replace(progress, page="", reread=True)
        run.save(replace(freeze.thawed(run.deletion), progress=again.to_json()))
        return
    if trouble.verdict is Verdict.FAIL:
        view_ends.fail(run, progress, trouble.code, trouble.message)
        return
    reading = replace(progress, page=read.following, code=trouble.code, message=trouble.message)
    if read.ids:
        freeze.freeze(run, _going_well(run, reading), read.ids)
        return
    deletion = replace(run.deletion, progress=reading.to_json())
    waiting.wait_for(run, deletion, trouble.verdict, trouble.code)
