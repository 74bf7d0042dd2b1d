"""What became of each listed record: the deleted list names it, else it is read by its id.

Named since the start is deleted, named with an earlier time was already absent. What is there has failed.
What is neither named nor there is asked for again until the give-up time, for the list may lag; then it is
unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chalicelib.domain.by_view import Goal, ViewProgress
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.domain.view_rounds import Round, another_round
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.reply import BATCH_LIMIT, CallKind, Reply
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.by_view import deleted_list, moves
from chalicelib.service.engine import parallel
from chalicelib.service.engine.step import Slice, Step, TryAgain

#: Reads at the same time, at most.
MOST_AT_ONCE = 25
LAGS = "DELETED_LIST_LAGS"


def settle(work: Slice, progress: ViewProgress) -> Step:
    """Read the list, then by ids, then end or go on by ids."""
    if not progress.list_is_read and not progress.list_is_over and (awaited := _awaited(work, progress)):
        return _read_list(work, progress, awaited)
    if progress.goal is Goal.END and _leaves_some(work, progress):
        return moves.read_again(
            work, progress, Goal.BY_IDS, "the job has taken as many as Zoho takes at once"
        )
    batches = _to_read(work, progress)
    if batches:
        return _read_by_ids(work, progress, batches)
    if moves.unsettled(work, Finding(Mark.PENDING), Mark.GONE):
        if progress.last_reading:
            return _unknown(work, progress)
        again = replace(progress, list_is_read=False)
        return moves.again_later(work, again, TryAgain(moves.SETTLE, Verdict.RETRY, LAGS))
    return _settled(work, progress)


def give_up(work: Slice, progress: ViewProgress, call: str) -> Step:
    """The give-up time is over. Entries may come late and out of order: where nothing else is in the way,
    the list is read once more from its beginning.
    """
    if call == moves.SETTLE and not progress.list_is_over and not progress.last_reading:
        anew = replace(progress, last_reading=True, since=0.0, deleted_page=1, list_is_read=False)
        return moves.to(work, anew, succeeded=moves.SETTLE)
    return _unknown(work, progress)


def _unknown(work: Slice, progress: ViewProgress) -> Step:
    """What could not be shown stays unknown."""
    wanted = _marks(progress)
    words = Finding(Mark.UNKNOWN, "OUTCOME_UNKNOWN", progress.message)
    if not _was_sent(progress):  # nothing of ours has left for them
        words = Finding(Mark.FAILED, progress.code or "GAVE_UP", progress.message)
    unknown = moves.unsettled(work, words, *wanted, Mark.GONE)
    if progress.goal is Goal.BY_IDS:
        return replace(moves.continue_by_ids(work, unknown), succeeded=moves.SETTLE)
    return moves.end(work, progress, chunks=unknown)


def _was_sent(progress: ViewProgress) -> bool:
    """Was a job asked for, so that what went may be our doing?"""
    return progress.intent_at > 0


def _awaited(work: Slice, progress: ViewProgress) -> set[str]:
    """The ids that the deleted list may settle. It is read no further, as others fill it too."""
    if not _was_sent(progress):
        return set()
    wanted = (*_marks(progress), Mark.GONE)
    chunks = [work.chunk(number) for number in range(work.deletion.chunks)]
    return {chunk.ids[position] for chunk in chunks for position in chunk.at(*wanted)}


def _marks(progress: ViewProgress) -> tuple[Mark, ...]:
    if progress.goal is Goal.BY_IDS:
        return (Mark.LEFT,)
    return (Mark.PENDING, Mark.LEFT, Mark.IN_VIEW)


def _leaves_some(work: Slice, progress: ViewProgress) -> bool:
    done = Round(progress.job_total, progress.job_gone)
    full = another_round(done, work.round_limit) and not progress.job_failed
    return full and bool(work.deletion.counts.pending)


def _read_list(work: Slice, progress: ViewProgress, awaited: set[str]) -> Step:
    found = deleted_list.read_on(work, progress, awaited)
    chunks = deleted_list.named(work, progress, found.times)
    step = moves.to(work, found.progress)
    if found.trouble is not None and not chunks:
        then = TryAgain(moves.READ, found.trouble.verdict, found.trouble.code)
        return moves.again_later(work, found.progress, then, found.trouble.message)
    return replace(step, chunks=chunks, succeeded=moves.READ if found.trouble is None else None)


def _to_read(work: Slice, progress: ViewProgress) -> list[tuple[int, tuple[int, ...]]]:
    """The next ids to read: (chunk, positions), as many batches as one wave takes."""
    size = BATCH_LIMIT[CallKind.READ]
    found: list[tuple[int, tuple[int, ...]]] = []
    for number in range(work.deletion.chunks):
        positions = work.chunk(number).at(*_marks(progress))
        found += [(number, tuple(positions[i : i + size])) for i in range(0, len(positions), size)]
        if len(found) >= MOST_AT_ONCE:
            break
    return found[:MOST_AT_ONCE]


def _read_by_ids(work: Slice, progress: ViewProgress, batches: list[tuple[int, tuple[int, ...]]]) -> Step:
    zoho, module = work.zoho, work.deletion.request.module
    batches = batches[: work.width]

    def asking(number: int, positions: tuple[int, ...]) -> Callable[[], Reply]:
        ids = [work.chunk(number).ids[p] for p in positions]
        return lambda: zoho.read(module, ids)

    replies = parallel.all_at_once([asking(*batch) for batch in batches])
    found: dict[int, dict[int, Finding]] = {}
    trouble: Judgement | None = None
    for (number, positions), reply in zip(batches, replies, strict=True):
        judged = judge_call(CallKind.READ, reply)
        chunk = work.chunk(number)
        if judged.verdict is Verdict.ANSWERED:
            there = {item.id for item in reply.items}
            findings = {p: _finding(progress, chunk, p, chunk.ids[p] in there) for p in positions}
            found.setdefault(number, {}).update(findings)
        elif judged.verdict in NOT_NOW:
            trouble = judged
        else:
            words = Finding(Mark.UNKNOWN, judged.code, judged.message)
            found.setdefault(number, {}).update(dict.fromkeys(positions, words))
    chunks = tuple(work.chunk(number).with_findings(findings) for number, findings in found.items())
    if trouble is not None and not chunks:
        then = TryAgain(moves.READ, trouble.verdict, trouble.code)
        return moves.again_later(work, progress, then, trouble.message)
    succeeded = moves.READ if trouble is None else None
    return replace(moves.to(work, progress), chunks=chunks, succeeded=succeeded, running="", proven=True)


def _finding(progress: ViewProgress, chunk: Chunk, position: int, there: bool) -> Finding:
    if not there:
        return Finding(Mark.GONE if _was_sent(progress) else Mark.ABSENT)
    if progress.goal is Goal.TOO_OLD:
        return Finding(Mark.UNKNOWN, "JOB_TOO_OLD")
    if chunk.marks[position] == Mark.LEFT or progress.goal is Goal.EMPTY:
        return Finding(
            Mark.FAILED, progress.view_gone or "LEFT_VIEW", progress.message if progress.view_gone else ""
        )
    return Finding(Mark.FAILED, "JOB_FAILED" if progress.job_failed else "JOB_RECORD_FAILED")


def _settled(work: Slice, progress: ViewProgress) -> Step:
    """Every listed record that this phase is about has its outcome."""
    return moves.continue_by_ids(work) if progress.goal is Goal.BY_IDS else moves.end(work, progress)
