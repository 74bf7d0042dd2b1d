"""The start of a frozen view had no answer, or its job cannot be followed: Zoho is only asked from here on.

As long as listed records go it is waited for. When nothing has changed for the settle time, what is left goes
by ids: that is right whether or not a job ran, and whether or not one still runs.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.by_view import Goal, ViewProgress
from chalicelib.domain.outcomes import UNSETTLED, Chunk, Finding, Mark
from chalicelib.domain.view_rounds import LONGEST_ASK, SHORTEST_ASK
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.reply import BATCH_LIMIT, CallKind
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.by_view import deleted_list, moves
from chalicelib.service.engine.step import Rest, Slice, Step, TryAgain


def watch(work: Slice, progress: ViewProgress) -> Step:
    """Look at the deleted list (where it cannot be read: at some of the records) and conclude nothing from
    silence.
    """
    if progress.list_is_over:
        chunks, trouble, following = *_sample(work), progress
    else:
        found = deleted_list.read_on(work, progress)
        chunks, trouble = deleted_list.named(work, found.progress, found.times), found.trouble
        following = replace(found.progress, list_is_read=False)
    if trouble is not None and not chunks:
        then = TryAgain(moves.READ, trouble.verdict, trouble.code)
        return moves.again_later(work, following, then, trouble.message)
    return _concluded(work, following, chunks)


def _concluded(work: Slice, progress: ViewProgress, chunks: tuple[Chunk, ...]) -> Step:
    now = work.now
    still_since = now if chunks else progress.still_since
    after = replace(progress, still_since=still_since, looks=progress.looks + 1)
    after = replace(after, looks=0) if chunks else after
    if not _left(work, chunks):
        return moves.end(work, after, chunks=chunks)
    quiet = now - still_since >= work.timeouts.settle
    if quiet or now - progress.intent_at >= work.timeouts.job_age:
        return moves.read_again(work, after, Goal.BY_IDS, "what was listed does not go any more")
    pause = _pause(work, after)
    return replace(moves.to(work, after, Rest(pause), succeeded=moves.READ), chunks=chunks)


def _pause(work: Slice, progress: ViewProgress) -> float:
    settle = work.timeouts.settle
    first = max(min(SHORTEST_ASK, settle / 2), settle / 10)
    return min(first * (1 + progress.looks / 4), max(first, LONGEST_ASK))


def _left(work: Slice, chunks: tuple[Chunk, ...]) -> bool:
    written = {chunk.number: chunk for chunk in chunks}
    return any(
        (written.get(number) or work.chunk(number)).at(*UNSETTLED) for number in range(work.deletion.chunks)
    )


def _sample(work: Slice) -> tuple[tuple[Chunk, ...], Judgement | None]:
    """The first and the last listed records that are not settled: which of them are not there any more."""
    size = BATCH_LIMIT[CallKind.READ]
    numbers = [n for n in range(work.deletion.chunks) if work.chunk(n).at(*(UNSETTLED - {Mark.GONE}))]
    batches = {}
    if numbers:
        first, last = work.chunk(numbers[0]), work.chunk(numbers[-1])
        batches = {numbers[0]: first.at(*(UNSETTLED - {Mark.GONE}))[:size]}
        end = last.at(*(UNSETTLED - {Mark.GONE}))[-size:]
        batches[numbers[-1]] = sorted({*batches.get(numbers[-1], []), *end})
    found: list[Chunk] = []
    zoho = work.zoho
    for number, positions in batches.items():
        chunk = work.chunk(number)
        for start in range(0, len(positions), size):
            part = positions[start : start + size]
            reply = zoho.read(work.deletion.request.module, [chunk.ids[p] for p in part])
            judged = judge_call(CallKind.READ, reply)
            if judged.verdict in NOT_NOW:
                return tuple(found), judged
            if judged.verdict is not Verdict.ANSWERED:
                continue
            there = {item.id for item in reply.items}
            gone = {p: Finding(Mark.GONE) for p in part if chunk.ids[p] not in there}
            chunk = chunk.with_findings(gone)
        if chunk != work.chunk(number):
            found.append(chunk)
    return tuple(found), None
