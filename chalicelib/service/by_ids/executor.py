"""Deletes and delinks by ids, one step at a time: send, read what is in doubt, ask slowly for what is
locked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from chalicelib.domain import backoff, by_ids, ids_settling
from chalicelib.domain.by_ids import Progress
from chalicelib.domain.deletion import Deletion, Status
from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.outcomes import CHUNK_SIZE, Chunk, Finding, Mark, reproblem
from chalicelib.domain.zoho.reply import BATCH_LIMIT
from chalicelib.service.by_ids import loop_guard, planning, reading, sending, storing
from chalicelib.service.engine import limits, waiting
from chalicelib.service.engine.slice import LeasedSlice

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


def step(work: LeasedSlice) -> None:
    """Do the next thing for a deletion by ids and save it."""
    _next(work, by_ids.progress_of(work.deletion), last=False)


def give_up(work: LeasedSlice, call: str) -> None:
    """The clock of `call` has run out: nothing more is sent, and what was sent is settled by a last read."""
    del call
    _next(work, by_ids.progress_of(work.deletion), last=True)


def _next(work: LeasedSlice, progress: Progress, *, last: bool) -> None:
    deletion = work.deletion
    if deletion.cancelled_by and not deletion.calls:
        work.finish(deletion, Status.CANCELLED, by=deletion.cancelled_by)
        return
    if not progress.checked and not last:
        if not deletion.calls and not limits.ids_may_go(work, deletion.id_count):
            return
        progress = replace(progress, checked=True)
    over = last or progress.failed_with is not None
    if deletion.request.dry_run:
        if over:
            planning.fail(work, *(progress.failed_with or (progress.code or "GAVE_UP", progress.message)))
        else:
            planning.step(work, progress)
    elif not progress.left:
        storing.end(work, deletion, {})
    else:
        _next_of_chunk(work, progress, work.chunk(progress.left[0]), over=over, last=last)


def _next_of_chunk(work: LeasedSlice, progress: Progress, chunk: Chunk, *, over: bool, last: bool) -> None:
    """`over`: nothing more is sent. `last`: nothing more is waited for either."""
    if progress.open:
        _own_up(work, progress, chunk)
    elif chunk.settled:
        _next_chunk(work, progress)
    elif over or work.deletion.cancelled_by:
        _close(work, progress, chunk, last=last)
    elif progress.external and progress.resolved < work.deletion.chunks:
        from chalicelib.service.by_ids import resolving

        resolving.step(work, progress)
    else:
        _work(work, progress, chunk)


def _work(work: LeasedSlice, progress: Progress, chunk: Chunk) -> None:
    """Send what is to be sent, else read what is to be read, else wait for what is locked."""
    suspects = loop_guard.suspects(work, progress, chunk)
    progress = loop_guard.guarded(progress, chunk)
    if suspects:
        storing.save_chunk(work, progress, chunk, suspects)
        return
    findings = ids_settling.beyond_reads(chunk, progress)
    if findings:
        storing.save_chunk(work, progress, chunk, findings)
        return
    batches = by_ids.sends(chunk, progress, work.width)
    if batches:
        sending.send(work, progress, chunk, batches)
        return
    batches = ids_settling.reads(chunk, progress, work.width)
    if batches:
        reading.read(work, progress, chunk, batches)
        return
    _ask_slowly(work, progress, chunk)


def _close(work: LeasedSlice, progress: Progress, chunk: Chunk, *, last: bool) -> None:
    """Nothing more is sent, for whatever reason: a last read settles what was sent, and what never left has
    failed, or stays pending where an operator cancelled it.
    """
    cancelled = bool(work.deletion.cancelled_by)
    findings = ids_settling.last_words(chunk, progress, cancelled=cancelled)
    if findings:
        storing.save_chunk(work, progress, chunk, findings)
        return
    batches = ids_settling.last_reads(chunk, progress, MOST_AT_ONCE)
    if not batches:
        _next_chunk(work, progress)
        return
    reading.read(work, progress, chunk, batches[: _width(work, last=last)], last=last)


def _next_chunk(work: LeasedSlice, progress: Progress) -> None:
    left = replace(progress, left=progress.left[1:], single=())
    work.save(replace(work.deletion, progress=left.to_json()))


def _own_up(work: LeasedSlice, progress: Progress, chunk: Chunk) -> None:
    """Calls with an intent and no answer: a worker died in between. Their ids count as sent, outcome
    unknown.
    """
    findings: dict[int, Finding] = {}
    for call in work.deps.ledger.calls(work.deletion.id, progress.open):
        if call.answered_at is None and call.target.get("chunk") == chunk.number:
            sent = cast("list[int]", call.target["positions"])
            findings |= dict.fromkeys(sent, Finding(Mark.SENT, "NO_ANSWER"))
    after = chunk.with_findings(findings)
    deletion, entry = work.noted(work.deletion, "resumed", f"{len(progress.open)} calls without an answer")
    deletion = replace(
        deletion,
        problems=reproblem(deletion.problems, chunk, after),
        progress=replace(progress, open=()).to_json(),
    )
    work.save(deletion, chunks=[after], entries=[entry])


def _ask_slowly(work: LeasedSlice, progress: Progress, chunk: Chunk) -> None:
    """Only locked or unapproved records are left in this chunk: on to the next one, or wait and ask again."""
    if chunk.number in progress.ask_again:
        turns = tuple(n for n in progress.ask_again if n != chunk.number)
        again = replace(progress, ask_again=turns)
        storing.save_chunk(work, again, chunk, ids_settling.slow_again(chunk))
        return
    left = (*progress.left[1:], progress.left[0])
    if left[0] > progress.left[0]:
        work.save(replace(work.deletion, progress=replace(progress, left=left).to_json()))
        return
    again = replace(progress, left=left, ask_again=left)
    # By the time of the answer: a worker that died after it takes nothing of the time.
    asked_at = work.now if progress.slow_at is None else progress.slow_at
    deletion = backoff.failed(replace(work.deletion, progress=again.to_json()), SLOW, asked_at)
    patience = work.deps.patience
    remaining = max(patience.give_up - deletion.failing[SLOW].spent, 0.0)
    longest = max(patience.longest, patience.give_up / SLOWLY)
    seconds = backoff.delay(backoff.tries(deletion, SLOW), longest, work.deps.chance())
    work.wait(deletion, waiting.LOCKED, min(seconds, remaining))


def _width(work: LeasedSlice, *, last: bool) -> int:
    """How many reads at once; a last one is made even where the org cannot be reached any more."""
    try:
        return work.width
    except SecretUnusable:
        if not last:
            raise
        return MOST_AT_ONCE
