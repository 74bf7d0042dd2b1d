"""The records of a view are read and stored before the first call that deletes (contract, `freeze`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.domain.by_view import SAME_CLOCK, Phase, ViewProgress, has_to_be_listed
from chalicelib.domain.deletion import Problem
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.by_view import moves
from chalicelib.service.engine import freeze, view_pages
from chalicelib.service.engine.step import Commit, Note, Slice, Step, TryAgain
from chalicelib.service.zoho_port import Zoho

#: Pages of 200 that one step reads: a chunk full of ids.
PAGES_A_STEP = 25
#: So near to the end of a slice (seconds) no page is asked for ahead: it is paid for, and nobody would take
#: it.
SLICE_ENDS = 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in one step: ids, the token of the page to read next ("" where that was the last), how
    many pages, how far Zoho's clock is ahead of ours, and what kept it from reading on.
    """

    ids: tuple[str, ...]
    following: str
    pages: int
    skew: float
    trouble: Judgement | None = None


def room(work: Slice, progress: ViewProgress) -> int:
    """How many records the list may hold: what the limits leave after earlier rounds."""
    return min(work.deletion.record_limit - progress.deleted, view_pages.MOST_LISTED)


def begin(work: Slice, progress: ViewProgress) -> Step:
    """Read the view from its first page."""
    reading = replace(
        progress, phase=Phase.LIST, page="", pages=0, restarts=0, listed_from=work.now, first_pages=0
    )
    return Commit(
        replace(freeze.unfrozen(work.deletion), progress=reading.to_json()),
        leave_lane=True,
        succeeded=moves.COUNT,
    )


def read(work: Slice, progress: ViewProgress) -> Step:
    """Read some pages and store their ids; with the last of them the view is frozen."""
    found = pages_of(work, progress, room(work, progress) + 1, work.deletion.id_count)
    deletion, chunks = freeze.more(work, work.deletion, found.ids)
    if deletion.id_count > room(work, progress):
        return _too_many(work, progress)
    progress = replace(progress, page=found.following, pages=progress.pages + found.pages, skew=found.skew)
    if found.trouble is not None:
        stored = Commit(replace(deletion, progress=progress.to_json()), new_chunks=tuple(chunks))
        return stored if chunks else _trouble(work, progress, found.trouble)
    if not found.following:
        progress = replace(
            progress, phase=Phase.CHECK, page="", first_pages=progress.pages, listed_at=work.now, newcomers=0
        )
        deletion = replace(deletion, frozen=True)
    deletion = replace(deletion, progress=progress.to_json())
    return Commit(deletion, new_chunks=tuple(chunks), succeeded=moves.READ)


def pages_of(work: Slice, progress: ViewProgress, most: int, have: int = 0) -> Reading:
    """The next pages of the view: as many as a step reads, and no more than show that there are `most`
    records; `have` of them are known.

    The page after the last one is asked for while the ids are stored (`Slice.ahead`).
    """
    zoho = work.zoho
    per_page = min(view_pages.PER_PAGE, max(most, 1))
    ids: list[str] = []
    token, skew = progress.page, progress.skew
    for number in range(PAGES_A_STEP):
        page = work.ahead.take(_key(work, token), _asking(work, zoho, token, per_page))
        if isinstance(page, Judgement):
            return Reading(tuple(ids), token, number, skew, page)
        ids += page.ids
        token = page.following or ""
        if page.date is not None:
            skew = page.date - work.now if abs(page.date - work.now) > SAME_CLOCK else 0.0
        if not token or have + len(ids) >= most or work.now >= work.until or work.reserved:
            break
    else:
        if work.now + SLICE_ENDS < work.until:
            work.ahead.begin(_key(work, token), _asking(work, zoho, token, per_page))
    return Reading(tuple(ids), token, number + 1, skew)


def _key(work: Slice, token: str) -> tuple[str | None, str]:
    return work.deletion.request.cvid, token


def _asking(
    work: Slice, zoho: Zoho, token: str, per_page: int
) -> Callable[[], view_pages.ViewPage | Judgement]:
    request = work.deletion.request
    return lambda: view_pages.view_page(zoho, request.module, str(request.cvid), token or None, per_page)


def _too_many(work: Slice, progress: ViewProgress) -> Step:
    """More than may go, or more than Zoho lists."""
    if room(work, progress) >= view_pages.MOST_LISTED:
        return not_listable(work, progress, view_pages.MOST_LISTED + 1)
    return stopped(work, progress, "MAX_RECORDS", room(work, progress) + 1)


def not_listable(work: Slice, progress: ViewProgress, size: int) -> Step:
    """Zoho lists no more of a view: it is counted and deleted unfrozen, where that is allowed."""
    if progress.for_holds:
        return stopped(work, progress, "VIEW_TOO_LARGE_TO_CHECK", size)
    if has_to_be_listed(work.deletion):
        return stopped(work, progress, "NOT_LISTABLE", size)
    counting = replace(progress, phase=Phase.COUNT, listable=False, page="", counted_at=0.0)
    note = Note("not_listed", f"more than {view_pages.MOST_LISTED} records")
    return Commit(replace(freeze.unfrozen(work.deletion), progress=counting.to_json()), notes=(note,))


def stopped(work: Slice, progress: ViewProgress, code: str, size: int) -> Step:
    """A limit stops it before the next delete. Where earlier rounds have deleted, what is left has failed."""
    problem = Problem(code, size)
    if progress.round == 1:
        return moves.refuse(work, progress, problem)
    rest = replace(progress, failed=progress.failed + size, total=progress.total + size)
    return moves.end(work, rest, problem)


def _trouble(work: Slice, progress: ViewProgress, trouble: Judgement) -> Step:
    """A token that Zoho no longer takes is worth a new beginning; any other refusal is final."""
    if trouble.verdict in NOT_NOW:
        then = TryAgain(moves.READ, trouble.verdict, trouble.code)
        return moves.again_later(work, progress, then, trouble.message)
    if trouble.verdict is Verdict.READ_ANEW and progress.restarts < view_pages.MOST_RESTARTS:
        anew = replace(progress, page="", pages=0, restarts=progress.restarts + 1, listed_from=work.now)
        note = Note("selection_restarted", trouble.code)
        return Commit(replace(freeze.unfrozen(work.deletion), progress=anew.to_json()), notes=(note,))
    if trouble.verdict is Verdict.TOO_LONG:
        return not_listable(work, progress, work.deletion.id_count)
    return moves.fail(work, progress, trouble.code, trouble.message)
