"""The module's deleted list: what it says of ids that are neither in their module nor in the recycle bin.

After our own calls it is read as `type=permanent` from the first of them; of what nothing of ours has
touched, and where the short list does not name ours either, as a whole from the parent's first call. Within a
budget of pages; what lies beyond it makes nothing unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.domain import bin_settling, by_bin
from chalicelib.domain.bin_judge import MARGIN
from chalicelib.domain.by_bin import WIDE_FROM, BinProgress
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.domain.zoho.deleted_list import Deleted, entries_of, has_more
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.bin.clocks import READ
from chalicelib.service.engine.step import Commit, Slice, Step, TryAgain

#: Pages that one step reads.
PAGES_A_STEP = 20
#: Marks of the ids that only the list can tell of.
_OPEN = (Mark.AWAY, Mark.MISSING)


def needed(work: Slice, progress: BinProgress) -> bool:
    """Are there ids that only the list can tell of, and was it not read in this round?"""
    return not progress.listed and any(_waiting(work, *_OPEN))


def begin(work: Slice, progress: BinProgress) -> Step:
    """Decide what is read: the short list while only ours wait for it, else the whole one."""
    ours_only = not any(_waiting(work, Mark.MISSING)) and not by_bin.restores(work.deletion)
    wide = not ours_only or progress.rounds >= WIDE_FROM or progress.sent_since is None or progress.last
    since = (work.deletion.request.window_from or 0.0) + progress.skew
    if not wide and progress.sent_since is not None:
        since = progress.sent_since
    reading = replace(progress, listing=True, wide=wide, page=1, since=since - MARGIN)
    return Commit(replace(work.deletion, progress=reading.to_json()))


def _waiting(work: Slice, *marks: Mark) -> list[Chunk]:
    chunks = (work.chunk(number) for number in range(work.deletion.chunks))
    return [chunk for chunk in chunks if chunk.at(*marks)]


def step(work: Slice, progress: BinProgress) -> Step:
    """Read the next pages. What they name is settled; at the end of the list, what they do not name too."""
    zoho, module = work.zoho, work.deletion.request.module
    found: dict[str, Deleted] = {}
    most = min(PAGES_A_STEP, by_bin.pages_left(work.deletion, progress))
    page, trouble, ended, refused = progress.page, None, False, False
    unnamed = {chunk.ids[p] for chunk in _waiting(work, *_OPEN) for p in chunk.at(*_OPEN)}
    while page - progress.page < most and trouble is None and not ended and not refused:
        ask = zoho.deleted_since if progress.wide else zoho.permanently_deleted_since
        reply: Reply = ask(module, progress.since, page)
        judged: Judgement = judge_call(CallKind.DELETED_LIST, reply)
        if judged.verdict in NOT_NOW:
            trouble = judged
        elif judged.verdict is not Verdict.ANSWERED:
            refused = True
        else:
            entries = entries_of(reply.body)
            found |= entries
            unnamed -= {one for one, entry in entries.items() if entry.permanent}
            # What is gone for good stays so: once all are named, the rest of the list is about others.
            ended, page = not has_more(reply.body) or not unnamed, page + 1
    used = page - progress.page
    read = replace(progress, page=page, list_pages=progress.list_pages + used)
    spent = not ended and trouble is None and by_bin.pages_left(work.deletion, read) <= 0
    if ended or refused or spent:
        read = replace(read, listing=False, listed=True, list_over=read.list_over or refused or spent)
    chunks = _settled(work, read, found, ended=ended, beyond=refused or spent)
    deletion = replace(work.deletion, progress=read.to_json())
    if trouble is not None:
        noted = replace(read, code=trouble.code, message=trouble.message)
        deletion = replace(work.deletion, progress=noted.to_json())
        return Commit(deletion, TryAgain(READ, trouble.verdict, trouble.code), chunks=chunks)
    return Commit(deletion, chunks=chunks, succeeded=READ)


def _settled(
    work: Slice, progress: BinProgress, found: Mapping[str, Deleted], *, ended: bool, beyond: bool
) -> tuple[Chunk, ...]:
    """The chunks with what the pages say. Only at an end is anything said of an id that no page named."""
    after = []
    # Where the list says nothing of an id, a look after that was known has to show it gone once more.
    looked_again = by_bin.progress_of(work.deletion).list_over
    for chunk in _waiting(work, *_OPEN):
        entries = bin_settling.named(found, chunk)
        positions = chunk.at(*_OPEN) if ended or beyond else sorted(entries)
        findings: dict[int, Finding] = {}
        for p in positions:
            mark, entry = Mark(chunk.marks[p]), entries.get(p)
            if entry is None and not progress.last and not (beyond and looked_again):
                continue  # not named, or named by an earlier page and still open: asked again
            told = bin_settling.by_list(work.deletion, progress, mark, entry, whole=not beyond)
            if told is not None:
                findings[p] = told
        if findings:
            after.append(chunk.with_findings(findings))
    return tuple(after)
