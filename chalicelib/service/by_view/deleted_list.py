"""The module's deleted list, read on from where it was left, within a budget of pages: what is named there is
gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

from chalicelib.domain.by_view import LAG, ViewProgress, deleted_pages_left
from chalicelib.domain.outcomes import UNSETTLED, Chunk, Finding, Mark
from chalicelib.domain.zoho.deleted_list import has_more, times_of
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.engine.step import Slice

#: Pages of 200 that one step reads.
PAGES_A_STEP = 25


@dataclass(frozen=True, slots=True)
class Deleted:
    """Ids with the time of their deletion (Zoho's clock), where the reading stands then, and what kept it."""

    times: Mapping[str, float]
    progress: ViewProgress
    trouble: Judgement | None = None


def read_on(work: Slice, progress: ViewProgress, awaited: Set[str] | None = None) -> Deleted:
    """Read the next pages, no further than until all `awaited` ids are named. `progress.list_is_read` once
    its end was reached, `list_is_over` where it cannot be read further: Zoho refuses it, or the budget of
    pages is spent.
    """
    since = progress.since or progress.listed_from + progress.skew - 1
    times: dict[str, float] = {}
    page, newest = progress.deleted_page, since
    used = 0
    left = deleted_pages_left(work.deletion, progress)

    def stands() -> ViewProgress:
        pages = progress.deleted_pages + used
        return replace(progress, since=since, deleted_page=page, deleted_pages=pages)

    zoho = work.zoho
    while used < min(left, PAGES_A_STEP) and (not used or (work.now < work.until and not work.reserved)):
        reply = zoho.deleted_since(work.deletion.request.module, since, page)
        judged = judge_call(CallKind.DELETED_LIST, reply)
        if judged.verdict in NOT_NOW:
            return Deleted(times, stands(), judged)
        if judged.verdict is not Verdict.ANSWERED:
            return Deleted(times, replace(stands(), list_is_over=True))
        used, page = used + 1, page + 1
        found = times_of(reply.body)
        times |= found
        newest = max([newest, *found.values()])
        if not has_more(reply.body):
            ended = replace(stands(), list_is_read=True)
            return Deleted(times, replace(ended, since=max(since, newest - LAG), deleted_page=1))
        if awaited is not None and awaited <= times.keys():
            return Deleted(times, stands())
    return Deleted(times, replace(stands(), list_is_over=left <= PAGES_A_STEP and used >= left))


def named(work: Slice, progress: ViewProgress, times: Mapping[str, float]) -> tuple[Chunk, ...]:
    """The chunks with what the list names: deleted since the start of our job, or before it by others."""
    start = float(int(progress.intent_at + progress.skew))
    chunks = []
    for number in range(work.deletion.chunks):
        chunk = work.chunk(number)
        found = {
            p: Finding(Mark.DELETED if times[one] >= start else Mark.ABSENT)
            for p, one in enumerate(chunk.ids)
            if one in times and Mark(chunk.marks[p]) in UNSETTLED
        }
        if found:
            chunks.append(chunk.with_findings(found))
    return tuple(chunks)
