"""Asks Zoho which ids are there, where its answer to a delete did not tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chalicelib.domain import ids_settling
from chalicelib.domain.by_ids import Batch, Effect, IdsProgress, record_of
from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.verdict import NOT_NOW, Verdict
from chalicelib.service.by_ids import moves
from chalicelib.service.engine import parallel
from chalicelib.service.engine.step import Commit, Slice
from chalicelib.service.zoho_port import Zoho

#: How far Zoho's clock and ours may be apart (seconds).
CLOCKS_APART = 300.0


def read(
    work: Slice, progress: IdsProgress, chunk: Chunk, batches: Sequence[Batch], *, last: bool = False
) -> Commit:
    """Ask Zoho which of the ids are there. `last`: what cannot be read now stays unknown."""
    try:
        zoho = work.zoho
    except SecretUnusable:
        if not last:
            raise
        lost = ids_settling.unreadable(chunk, [p for batch in batches for p in batch.positions])
        return moves.found(work, progress, chunk, lost)
    replies = parallel.all_at_once(
        [_reader(work, zoho, _records(progress, chunk, batch)) for batch in batches]
    )
    findings: dict[int, Finding] = {}
    trouble: Effect | None = None
    answered: list[tuple[Batch, set[int]]] = []
    for batch, reply in zip(batches, replies, strict=True):
        judged = judge_call(CallKind.READ, reply)
        if judged.verdict is Verdict.ANSWERED:
            there = {item.id for item in reply.items}
            answered.append((batch, {p for p in batch.positions if record_of(chunk, progress, p) in there}))
        elif last or judged.verdict not in NOT_NOW:
            findings |= ids_settling.unreadable(chunk, batch.positions)
        else:
            trouble = Effect({}, judged.verdict, judged.code, judged.message, reply.retry_after)
    progress, found = _found(work, progress, chunk, answered)
    findings |= found
    return moves.found(work, progress, chunk, findings, trouble=trouble, call=moves.READ)


def _found(
    work: Slice, progress: IdsProgress, chunk: Chunk, answered: Sequence[tuple[Batch, set[int]]]
) -> tuple[IdsProgress, dict[int, Finding]]:
    """What the reads tell. What is not there and in doubt is looked for in the module's deleted list."""
    away = [p for batch, there in answered for p in batch.positions if p not in there]
    records = {p: str(record_of(chunk, progress, p)) for p in ids_settling.in_doubt(chunk, away)}
    listed: dict[str, float] = {}
    if records:
        from chalicelib.service.by_ids import deleted_list

        others = {one for p, one in records.items() if chunk.marks[p] == Mark.CHECK}
        listed, progress = deleted_list.look(
            work, progress, ours=set(records.values()) - others, others=others, began=began(work)
        )
    times = {p: listed[one] for p, one in records.items() if one in listed}
    findings: dict[int, Finding] = {}
    for batch, there in answered:
        findings |= ids_settling.findings_of_read(chunk, batch, there, times, began(work))
    return progress, findings


def began(work: Slice) -> float:
    """Before this time (seconds since the epoch, Zoho's clock) nothing was deleted by this deletion."""
    return work.deletion.created_at - CLOCKS_APART


def _records(progress: IdsProgress, chunk: Chunk, batch: Batch) -> list[str]:
    return [str(record_of(chunk, progress, p)) for p in batch.positions]


def _reader(work: Slice, zoho: Zoho, records: Sequence[str]) -> Callable[[], Reply]:
    return lambda: zoho.read(work.deletion.request.module, records)
