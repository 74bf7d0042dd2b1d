"""A retention policy's run, until what it selects is frozen; from then on it is a deletion by ids.

Everything is read and stored before the first id is deleted, so the limits speak about exactly what would go,
and nothing that comes into the selection later is touched.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.deletion import Counts, Deletion, Problem
from chalicelib.domain.errors import NotValid
from chalicelib.domain.retention.by_policy import BROKEN, STILL_GOING, RunProgress, progress_of
from chalicelib.domain.retention.selection import Selection, selection_of
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.engine import freeze
from chalicelib.service.engine.step import Commit, Finish, Note, Slice, Step, TryAgain
from chalicelib.service.engine.view_pages import MOST_RESTARTS
from chalicelib.service.retention.reading import SelectionPage, read_page

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


def step(work: Slice) -> Step:
    """Read the next pages of the selection and store their ids, or end the run where it may not go on."""
    progress = progress_of(work.deletion)
    if work.deletion.cancelled_by:
        return _end(work, Status.CANCELLED)
    if progress.refuse == STILL_GOING:
        return _end(work, Status.REFUSED, Problem(STILL_GOING, 0, progress.message))
    if progress.refuse:
        return _end(work, Status.FAILED, Problem(progress.refuse, 0, progress.message))
    return _read(work, progress)


def give_up(work: Slice, call: str) -> Step:
    """The clock of `call` has run out: the selection could not be read."""
    del call
    progress = progress_of(work.deletion)
    return _end(work, Status.FAILED, Problem(progress.code or "GAVE_UP", 0, progress.message))


def _read(work: Slice, progress: RunProgress) -> Step:
    try:
        selection = selection_of(work.deletion.request.selection)
    except NotValid as problem:
        words = "; ".join(f"{each.path}: {each.problem}" for each in problem.fields)
        return _end(work, Status.FAILED, Problem(BROKEN, 0, words[:256]))
    ids, then, page = _pages(work, selection, progress)
    size = work.deletion.id_count + len(ids)
    if size > work.deletion.record_limit:
        return _end(work, Status.REFUSED, Problem("MAX_RECORDS", size))
    if isinstance(page, SelectionPage):
        return _frozen(work, then, ids) if page.last else _kept(work, then, ids)
    if page.verdict is Verdict.TOO_LONG:
        return _too_long(work, page, size)
    # Pages of which nothing goes are not read again.
    kept = _kept(work, then, ids) if ids or then != progress else Commit(work.deletion)
    return _hindered(work, selection, then, page, kept)


def _pages(
    work: Slice, selection: Selection, progress: RunProgress
) -> tuple[list[str], RunProgress, SelectionPage | Judgement]:
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


def _kept(work: Slice, progress: RunProgress, ids: list[str]) -> Commit:
    """Store the ids of the pages that were read, and where the reading goes on, in one write."""
    deletion, chunks = freeze.more(work, work.deletion, ids)
    deletion = replace(deletion, progress=progress.to_json(), updated_at=work.now)
    return Commit(deletion, new_chunks=tuple(chunks), running="reading the selection", succeeded=READ)


def _frozen(work: Slice, progress: RunProgress, ids: list[str]) -> Commit:
    """The last page: with this write the selection is whole, and by ids from here on."""
    kept = _kept(work, progress, ids)
    problems = kept.deletion.problems
    if progress.converted:
        problems = (*problems, Problem("CONVERTED_LEFT_OUT", progress.converted))
    deletion = replace(kept.deletion, frozen=True, by_ids=True, progress={}, problems=problems)
    return replace(kept, deletion=deletion, running="the selection is frozen", proven=True)


def _hindered(
    work: Slice, selection: Selection, progress: RunProgress, judged: Judgement, kept: Commit
) -> Commit:
    """Zoho did not give the page: not now, not under this name any more, or not at all. `kept`: the pages
    before it.
    """
    if judged.verdict in NOT_NOW:
        progress = replace(progress, code=judged.code, message=judged.message)
        deletion = replace(kept.deletion, progress=progress.to_json())
        return replace(kept, deletion=deletion, then=TryAgain(READ, judged.verdict, judged.code))
    if judged.verdict is Verdict.READ_ANEW and progress.restarts < MOST_RESTARTS:
        anew = RunProgress(restarts=progress.restarts + 1, code=judged.code, message=judged.message)
        deletion = replace(freeze.unfrozen(work.deletion), progress=anew.to_json())
        return Commit(deletion, notes=(Note("selection_restarted", judged.code),))
    gone = selection.view is not None and judged.verdict is Verdict.FAIL and judged.code == "INVALID_DATA"
    code = "VIEW_NOT_FOUND" if gone else judged.code
    return _end(work, Status.FAILED, Problem(code, 0, judged.message))


def _too_long(work: Slice, judged: Judgement, size: int) -> Commit:
    """Zoho lists no more, and there is at least one more: too many, where as many as the limit were read."""
    code = "MAX_RECORDS" if size >= work.deletion.record_limit else "NOT_LISTABLE"
    return _end(work, Status.REFUSED, Problem(code, size + 1, judged.message))


def _end(work: Slice, status: Status, *problems: Problem) -> Commit:
    """End before anything was deleted: what was read so far is no part of it any more."""
    deletion = replace(freeze.unfrozen(work.deletion), counts=Counts())
    return Commit(deletion, Finish(status, problems[0].code if problems else "", problems=problems))
