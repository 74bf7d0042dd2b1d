"""Deletes and delinks by ids, one step at a time: send, read what is in doubt, ask slowly for what is
locked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from chalicelib.domain import backoff, by_ids, ids_settling
from chalicelib.domain.by_ids import IdsProgress
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.outcomes import CHUNK_SIZE, Chunk, Finding, Mark
from chalicelib.domain.status import Status
from chalicelib.domain.zoho.reply import BATCH_LIMIT
from chalicelib.domain.zoho.verdict import Verdict
from chalicelib.service.by_ids import checking, holds, loop_guard, moves, planning, reading, sending
from chalicelib.service.engine import waiting
from chalicelib.service.engine.step import Commit, Finish, Note, Slice, Step, TryAgain

#: Locked records are asked for again at least this often within the give-up time.
SLOWLY = 24
#: Calls of one deletion under way at once, and so intents in one transaction, at most.
MOST_AT_ONCE = 25
#: The clock of records that Zoho calls locked or not approved: it runs from one asking to the next.
SLOW = "locked"


def blamed(deletion: Deletion, code: str) -> Deletion:
    """The deletion, remembering `code` as what stood in its way, for the case that it is given up."""
    progress = replace(by_ids.progress_of(deletion), code=code, message="")
    return replace(deletion, progress=progress.to_json())


def wanted(deletion: Deletion) -> int:
    """Calls to Zoho at once that would be of use."""
    if deletion.waiting_for == waiting.CREDITS:
        return 1  # to see whether there are credits again
    kind = by_ids.progress_of(deletion).kind
    pending = min(deletion.counts.pending, CHUNK_SIZE)
    return min(MOST_AT_ONCE, max(1, -(-pending // BATCH_LIMIT[kind])))


def step(work: Slice) -> Step:
    """The next thing to do for a deletion by ids."""
    return _next(work, by_ids.progress_of(work.deletion), last=False)


def give_up(work: Slice, call: str) -> Step:
    """The clock of `call` has run out: nothing more is sent, and what was sent is settled by a last read."""
    del call
    return _next(work, by_ids.progress_of(work.deletion), last=True)


def _next(work: Slice, progress: IdsProgress, *, last: bool) -> Step:
    deletion = work.deletion
    if deletion.cancelled_by and not deletion.calls:
        return Commit(deletion, Finish(Status.CANCELLED))
    if not progress.checked and not last:
        stopped = None if deletion.calls else checking.held_back(work, progress)
        if stopped is not None:
            return stopped
        progress = replace(progress, checked=True)
    over = last or progress.failed_with is not None
    if deletion.request.dry_run:
        if over:
            why = progress.failed_with or (progress.code or "GAVE_UP", progress.message)
            return planning.failed(work, *why)
        return planning.plan(work, progress)
    if not progress.left:
        return Commit(deletion, Finish())
    return _next_of_chunk(work, progress, work.chunk(progress.left[0]), over=over, last=last)


def _next_of_chunk(work: Slice, progress: IdsProgress, chunk: Chunk, *, over: bool, last: bool) -> Step:
    """`over`: nothing more is sent. `last`: nothing more is waited for either."""
    if progress.open:
        return _unanswered(work, progress, chunk)
    if chunk.settled:
        return _next_chunk(work, progress)
    if over or work.deletion.cancelled_by:
        return _close(work, progress, chunk, last=last)
    if progress.external and progress.resolved < work.deletion.chunks:
        from chalicelib.service.by_ids import resolving

        return resolving.resolve(work, progress)
    return _on_with(work, progress, chunk)


def _on_with(work: Slice, progress: IdsProgress, chunk: Chunk) -> Step:
    """Send what is to be sent, else read what is to be read, else wait for what is locked."""
    suspects = loop_guard.suspects(work, progress, chunk)
    progress = loop_guard.guarded(progress, chunk)
    findings = suspects or ids_settling.unreadable_findings(chunk, progress)
    if findings:
        return moves.found(work, progress, chunk, findings)
    if by_ids.any_to_send(chunk, progress):
        # Asked for before a part of the org's concurrency is taken: others may wait for it.
        some = holds.some(work)
        batches = by_ids.sends(chunk, progress, work.width)
        return sending.send(work, progress, chunk, batches, holds_some=some)
    batches = ids_settling.reads(chunk, progress, work.width)
    if batches:
        return reading.read(work, progress, chunk, batches)
    return _ask_slowly(work, progress, chunk)


def _close(work: Slice, progress: IdsProgress, chunk: Chunk, *, last: bool) -> Step:
    """Nothing more is sent, for whatever reason: a last read settles what was sent, and what never left has
    failed, or stays pending where an operator cancelled it.
    """
    cancelled = bool(work.deletion.cancelled_by)
    findings = ids_settling.final_findings(chunk, progress, cancelled=cancelled)
    if findings:
        return moves.found(work, progress, chunk, findings)
    batches = ids_settling.final_reads(chunk, progress, MOST_AT_ONCE)
    if not batches:
        return _next_chunk(work, progress)
    return reading.read(work, progress, chunk, batches[: _width(work, last=last)], last=last)


def _next_chunk(work: Slice, progress: IdsProgress) -> Step:
    return moves.to(work, moves.next_chunk(progress))


def _unanswered(work: Slice, progress: IdsProgress, chunk: Chunk) -> Step:
    """Calls with an intent and no answer: a worker died in between. Their ids count as sent, outcome
    unknown.
    """
    findings: dict[int, Finding] = {}
    for call in work.ledger.calls(work.deletion.id, progress.open):
        if call.answered_at is None and call.target.get("chunk") == chunk.number:
            sent = cast("list[int]", call.target["positions"])
            findings |= dict.fromkeys(sent, Finding(Mark.SENT, "NO_ANSWER"))
    note = Note("resumed", f"{len(progress.open)} calls without an answer")
    step = moves.to(work, replace(progress, open=()))
    return replace(step, chunks=(chunk.with_findings(findings),), notes=(note,))


def _ask_slowly(work: Slice, progress: IdsProgress, chunk: Chunk) -> Step:
    """Only locked or unapproved records are left in this chunk: on to the next one, or wait and ask again."""
    if chunk.number in progress.ask_again:
        turns = tuple(n for n in progress.ask_again if n != chunk.number)
        again = replace(progress, ask_again=turns)
        return moves.found(work, again, chunk, ids_settling.slow_again(chunk))
    left = (*progress.left[1:], progress.left[0])
    if left[0] > progress.left[0]:
        return moves.to(work, replace(progress, left=left))
    # By the time of the answer: a worker that died after it takes nothing of the time.
    asked_at = work.now if progress.slow_at is None else progress.slow_at
    timeouts = work.timeouts
    spent = backoff.failed(work.deletion, SLOW, asked_at).failing[SLOW].spent
    then = TryAgain(
        SLOW,
        Verdict.RETRY_SLOWLY,
        "",
        at_most=max(timeouts.give_up - spent, 0.0),
        longest=max(timeouts.longest, timeouts.give_up / SLOWLY),
        tried_at=asked_at,
    )
    return moves.to(work, replace(progress, left=left, ask_again=left), then)


def _width(work: Slice, *, last: bool) -> int:
    """How many reads at once; a last one is made even where the org cannot be reached any more."""
    try:
        return work.width
    except SecretUnusable:
        if not last:
            raise
        return MOST_AT_ONCE
