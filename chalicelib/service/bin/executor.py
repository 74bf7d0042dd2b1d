"""Restores from the recycle bin, and deletes from it for good, one step at a time.

Each id is read before anything is sent for it (reading). Zoho is called for the ids that may go. Then they
are read again, in rounds, and the module's deleted list too (listing), until it shows what came of them. Both
operations are safe to repeat: after a lost answer the ids are read again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import cast

from chalicelib.domain import bin_settling, by_bin
from chalicelib.domain.by_bin import BinProgress
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.outcomes import UNSETTLED, Chunk, Finding, Mark
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.verdict import Verdict
from chalicelib.service.bin import listing, planning, reading
from chalicelib.service.bin.clocks import LAG, READ, SEND
from chalicelib.service.engine.step import Commit, Finish, Note, Slice, Step, TryAgain, Wait

#: What a permanent deletion waits for before anything is sent.
UNDO_WINDOW = "the undo window"
#: Calls of one deletion under way at once, at most.
MOST_AT_ONCE = 10
#: Chunks that one write settles.
CHUNKS_AT_ONCE = 20


def wanted(deletion: Deletion) -> int:
    """Calls to Zoho at once that would be of use."""
    unsettled = deletion.id_count if deletion.request.dry_run else deletion.counts.pending
    return min(MOST_AT_ONCE, max(1, -(-unsettled // 100)))


def blamed(deletion: Deletion, code: str) -> Deletion:
    """The deletion, remembering `code` as what stood in its way, for the case that it is given up."""
    progress = replace(by_bin.progress_of(deletion), code=code, message="")
    return replace(deletion, progress=progress.to_json())


def step(work: Slice) -> Step:
    """The next thing to do."""
    deletion, progress = work.deletion, by_bin.progress_of(work.deletion)
    if progress.open:
        return _without_answer(work, progress)
    if deletion.cancelled_by and (not deletion.calls or deletion.request.dry_run):
        return Commit(deletion, Finish(Status.CANCELLED, by=deletion.cancelled_by))
    if deletion.request.dry_run:
        return planning.step(work, progress)
    waits = _until(deletion)
    if waits is not None and work.now < waits:
        return Commit(deletion, Wait(UNDO_WINDOW, waits - work.now))
    if not progress.foreign:
        return _without_foreign(work, progress)
    if progress.stopped is not None and not progress.checking:
        return _refused(work, progress)
    return _next(work, progress)


def _until(deletion: Deletion) -> float | None:
    """When its undo window ends; a restore has none."""
    permanent = deletion.request.operation is Operation.DELETE_PERMANENTLY
    return deletion.not_before if permanent and not deletion.cancelled_by else None


def _next(work: Slice, progress: BinProgress) -> Step:
    if progress.listing:
        return listing.step(work, progress)
    found = _to_look_at(work, progress)
    if found is not None:
        return reading.step(work, progress, *found)
    if not progress.checking:
        return _round(work, progress)
    if listing.needed(work, progress):
        return listing.begin(work, progress)
    return end_or_again(work, progress)


def end_or_again(work: Slice, progress: BinProgress) -> Step:
    """A round has ended: end, or look again after a while at what is not shown yet."""
    chunks = [work.chunk(number) for number in range(work.deletion.chunks)]
    open_marks = UNSETTLED
    if work.deletion.cancelled_by:
        open_marks = UNSETTLED - {Mark.PENDING, Mark.MISSING, Mark.NOT_FOUND}
    if not any(chunk.at(*open_marks) for chunk in chunks):
        return _ended(work, progress, chunks)
    if progress.last:
        return _given_up(work, progress)
    again = by_bin.next_round(progress)
    code = bin_settling.NOT_LISTED if any(chunk.at(Mark.AWAY) for chunk in chunks) else "RECYCLE_BIN_LAGS"
    deletion = replace(work.deletion, progress=again.to_json())
    return Commit(deletion, TryAgain(LAG, Verdict.RETRY, code))


def _round(work: Slice, progress: BinProgress) -> Step:
    """All ids were read once: from here on reading shows what came of them."""
    checking = by_bin.next_round(progress)
    return Commit(replace(work.deletion, progress=checking.to_json()))


def _to_look_at(work: Slice, progress: BinProgress) -> tuple[Chunk, list[int]] | None:
    """The next chunk with ids that this round has not looked at, and their positions."""
    marks = by_bin.looked_at(work.deletion, progress)
    if work.deletion.cancelled_by and not progress.checking:
        return None
    start = 0
    for number in range(work.deletion.chunks):
        chunk = work.chunk(number)
        positions = chunk.at(*marks)
        if progress.checking:
            positions = [p for p in positions if start + p >= progress.cursor]
        if positions:
            return chunk, positions
        start += len(chunk.ids)
    return None


def _without_foreign(work: Slice, progress: BinProgress) -> Step:
    """Ids that its parent did not delete are left out before anything is asked."""
    chunks = _with(work, bin_settling.foreign)
    done = replace(progress, foreign=len(chunks) < CHUNKS_AT_ONCE)
    return Commit(replace(work.deletion, progress=done.to_json()), chunks=chunks)


def _ended(work: Slice, progress: BinProgress, chunks: list[Chunk]) -> Commit:
    deletion = replace(work.deletion, progress=progress.to_json())
    if not by_bin.restores(deletion):
        deletion = replace(deletion, verification=bin_settling.verification(chunks, progress, work.now))
    cancelled = deletion.cancelled_by and deletion.counts.pending
    return Commit(deletion, Finish(by=deletion.cancelled_by) if cancelled else Finish())


def _without_answer(work: Slice, progress: BinProgress) -> Commit:
    """Calls with an intent and no answer: a worker died in between. What became of their ids is unknown."""
    calls = [call for call in work.ledger.calls(work.deletion.id, progress.open) if call.answered_at is None]
    chunks: dict[int, Chunk] = {}
    for call in calls:
        number, positions = cast("int", call.target["chunk"]), cast("list[int]", call.target["positions"])
        before = chunks.get(number) or work.chunk(number)
        chunks[number] = before.with_mark(positions, Finding(Mark.SENT, "NO_ANSWER"))
    deletion = replace(work.deletion, progress=replace(progress, open=()).to_json())
    note = Note("resumed", f"{len(progress.open)} calls without an answer")
    return Commit(deletion, chunks=tuple(chunks.values()), notes=(note,))


def give_up(work: Slice, call: str) -> Step:
    """The clock of `call` has run out. What lags gets a last look, and calls that fail are not sent any more;
    where nothing can be read, nothing more can be learned.
    """
    progress = by_bin.progress_of(work.deletion)
    if progress.open:
        return _without_answer(work, progress)
    if work.deletion.request.dry_run:
        return planning.fail(work, progress.code or "GAVE_UP", progress.message)
    if call == LAG and not progress.last:
        last = replace(by_bin.next_round(progress), last=True)
        return Commit(replace(work.deletion, progress=last.to_json()), succeeded=LAG)
    if call == SEND and progress.stopped is None:
        stopped = replace(progress, stopped=(progress.code or "GAVE_UP", progress.message), checking=False)
        return Commit(replace(work.deletion, progress=stopped.to_json()), succeeded=SEND)
    return _given_up(work, progress, call)


def _refused(work: Slice, progress: BinProgress) -> Step:
    """Nothing is sent any more: what never left has failed."""
    code, message = progress.stopped or ("GAVE_UP", "")
    chunks = _with(
        work, lambda chunk: dict.fromkeys(chunk.at(Mark.PENDING), Finding(Mark.FAILED, code, message))
    )
    if not chunks:
        return _round(work, progress)
    return Commit(work.deletion, chunks=chunks)


def _with(work: Slice, found: Callable[[Chunk], dict[int, Finding]]) -> tuple[Chunk, ...]:
    """Chunks with these findings, as many as one write takes; none where they change nothing."""
    chunks = (work.chunk(number) for number in range(work.deletion.chunks))
    after = ((chunk, chunk.with_findings(found(chunk))) for chunk in chunks)
    return tuple(islice((new for old, new in after if new != old), CHUNKS_AT_ONCE))


def _given_up(work: Slice, progress: BinProgress, call: str = READ) -> Step:
    code, message = progress.code or "GAVE_UP", progress.message
    if work.deletion.cancelled_by:
        ours = (Mark.SENT, Mark.SAID, Mark.AWAY)
        chunks = _with(
            work, lambda c: dict.fromkeys(c.at(*ours), Finding(Mark.UNKNOWN, "OUTCOME_UNKNOWN", message))
        )
    else:
        chunks = _with(work, lambda c: bin_settling.given_up(c, code, message))
    if chunks:
        over = replace(progress, checking=True, listing=False, listed=True)
        deletion = replace(work.deletion, progress=over.to_json())
        return Commit(deletion, chunks=chunks, succeeded=call if len(chunks) < CHUNKS_AT_ONCE else None)
    return _ended(work, progress, [work.chunk(number) for number in range(work.deletion.chunks)])
