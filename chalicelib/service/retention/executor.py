"""A retention policy's run, until what it selects is frozen; from then on it is a deletion by ids.

Everything is read and stored before the first id is deleted, so the limits speak about exactly what would go,
and nothing that comes into the selection later is touched.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import backoff
from chalicelib.domain.deletion import Counts, Deletion, Problem, Status
from chalicelib.domain.errors import NotValid
from chalicelib.domain.retention.by_policy import BROKEN, STILL_GOING, Progress, progress_of
from chalicelib.domain.retention.policy import Selection, selection_of
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.engine import freeze, waiting
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.engine.view_pages import MOST_RESTARTS
from chalicelib.service.retention.reading import Page, read_page

#: The call whose clock runs while the selection cannot be read.
READ = "read"
#: Ids that are read before they are stored, a page of Zoho's more at most.
STORE_AT_ONCE = 10_000


def blamed(deletion: Deletion, code: str) -> Deletion:
    """The deletion, remembering `code` as what stood in its way, for the case that it is given up."""
    progress = replace(progress_of(deletion), code=code, message="")
    return replace(deletion, progress=progress.to_json())


def wanted(deletion: Deletion) -> int:
    """Calls to Zoho at once: page comes after page."""
    del deletion
    return 1


def step(work: LeasedSlice) -> None:
    """Read the next pages of the selection and store their ids, or end the run where it may not go on."""
    progress = progress_of(work.deletion)
    if work.deletion.cancelled_by:
        _end(work, Status.CANCELLED, by=work.deletion.cancelled_by)
    elif progress.refuse == STILL_GOING:
        _end(work, Status.REFUSED, Problem(STILL_GOING, 0, progress.message))
    elif progress.refuse:
        _end(work, Status.FAILED, Problem(progress.refuse, 0, progress.message))
    else:
        _read(work, progress)


def give_up(work: LeasedSlice, call: str) -> None:
    """The clock of `call` has run out: the selection could not be read."""
    del call
    progress = progress_of(work.deletion)
    _end(work, Status.FAILED, Problem(progress.code or "GAVE_UP", 0, progress.message))


def _read(work: LeasedSlice, progress: Progress) -> None:
    try:
        selection = selection_of(work.deletion.request.selection)
    except NotValid as problem:
        words = "; ".join(f"{each.path}: {each.problem}" for each in problem.fields)
        _end(work, Status.FAILED, Problem(BROKEN, 0, words[:256]))
        return
    ids, then, page = _pages(work, selection, progress)
    size = work.deletion.id_count + len(ids)
    if size > work.deletion.record_limit:
        _end(work, Status.REFUSED, Problem("MAX_RECORDS", size))
        return
    if isinstance(page, Page) and page.last:
        _freeze(work, then, ids)
        return
    if isinstance(page, Judgement) and page.verdict is Verdict.TOO_LONG:
        _too_long(work, page, size)
        return
    if ids or then != progress:  # pages of which nothing goes are not read again
        _keep(work, then, ids)
    if isinstance(page, Judgement):
        _hindered(work, selection, then, page)


def _pages(
    work: LeasedSlice, selection: Selection, progress: Progress
) -> tuple[list[str], Progress, Page | Judgement]:
    """Ids of the next pages, where the reading stands after them, and the last page or what kept it away."""
    ids: list[str] = []
    room = work.deletion.record_limit - work.deletion.id_count
    while True:
        page = read_page(work, selection, progress)
        if isinstance(page, Judgement):
            return ids, progress, page
        ids += page.ids
        progress = page.then
        if page.last or len(ids) > min(room, STORE_AT_ONCE - 1) or work.now >= work.until:
            return ids, progress, page


def _keep(work: LeasedSlice, progress: Progress, ids: list[str]) -> None:
    """Store the ids of the pages that were read, and where the reading goes on, in one write."""
    deletion, entries = work.running(work.deletion, "reading the selection")
    deletion = replace(deletion, progress=progress.to_json(), updated_at=work.now)
    freeze.freeze(work, backoff.succeeded(deletion, READ), ids, entries=entries)


def _freeze(work: LeasedSlice, progress: Progress, ids: list[str]) -> None:
    """The last page: with this write the selection is whole, and by ids from here on."""
    deletion, entries = work.running(work.deletion, "the selection is frozen", proven=True)
    if progress.converted:
        left_out = Problem("CONVERTED_LEFT_OUT", progress.converted)
        deletion = replace(deletion, problems=(*deletion.problems, left_out))
    freeze.freeze_and_close(
        work, backoff.succeeded(replace(deletion, updated_at=work.now), READ), ids, entries=entries
    )


def _hindered(work: LeasedSlice, selection: Selection, progress: Progress, judged: Judgement) -> None:
    """Zoho did not give the page: not now, not under this name any more, or not at all."""
    if judged.verdict in NOT_NOW:
        progress = replace(progress, code=judged.code, message=judged.message)
        deletion = replace(work.deletion, progress=progress.to_json())
        waiting.wait_for(work, deletion, READ, judged.verdict, judged.code)
    elif judged.verdict is Verdict.READ_ANEW and progress.restarts < MOST_RESTARTS:
        anew = Progress(restarts=progress.restarts + 1, code=judged.code, message=judged.message)
        deletion, entry = work.noted(freeze.thawed(work.deletion), "selection_restarted", judged.code)
        work.save(replace(deletion, progress=anew.to_json()), entries=[entry])
    else:
        gone = selection.view is not None and judged.verdict is Verdict.FAIL and judged.code == "INVALID_DATA"
        code = "VIEW_NOT_FOUND" if gone else judged.code
        _end(work, Status.FAILED, Problem(code, 0, judged.message))


def _too_long(work: LeasedSlice, judged: Judgement, size: int) -> None:
    """Zoho lists no more, and there is at least one more: over the limit, where as many as that were read."""
    code = "MAX_RECORDS" if size >= work.deletion.record_limit else "NOT_LISTABLE"
    _end(work, Status.REFUSED, Problem(code, size + 1, judged.message))


def _end(work: LeasedSlice, status: Status, *problems: Problem, by: str = "") -> None:
    """End before anything was deleted: what was read so far is no part of it any more."""
    deletion = replace(freeze.thawed(work.deletion), counts=Counts())
    why = problems[0].code if problems else ""
    named = {"by": by} if by else {}
    work.finish(deletion, status, why, problems=problems, **named)
