"""Asks Zoho which ids are there, where its answer to a delete did not tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chalicelib.domain import by_ids
from chalicelib.domain.by_ids import Batch, Effect, Progress
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.outcomes import Chunk, Finding
from chalicelib.domain.reply import CallKind, Reply
from chalicelib.domain.verdicts import Verdict, judge_call
from chalicelib.service import ids_store, parallel
from chalicelib.service.ports import Zoho
from chalicelib.service.run import Run


def read(run: Run, progress: Progress, chunk: Chunk, batches: Sequence[Batch], *, last: bool = False) -> None:
    """Ask Zoho which of the ids are there. `last`: what cannot be read now stays unknown."""
    try:
        zoho = run.zoho
    except SecretUnusable:
        if not last:
            raise
        lost = {p: f for batch in batches for p, f in by_ids.unreadable(chunk, batch).items()}
        ids_store.save_chunk(run, run.deletion, progress, chunk, lost)
        return
    replies = parallel.all_at_once([_reader(zoho, run.deletion, chunk, batch) for batch in batches])
    run.spent(replies)
    findings: dict[int, Finding] = {}
    trouble: Effect | None = None
    for batch, reply in zip(batches, replies, strict=True):
        judged = judge_call(CallKind.READ, reply)
        if judged.verdict is Verdict.ANSWERED:
            there = {item.id for item in reply.items if item.id is not None}
            if progress.kind is CallKind.DELETE_EXTERNAL and reply.items:
                there = {chunk.ids[p] for p in batch.positions}
            findings |= by_ids.findings_of_read(chunk, batch, there, ("RECORD_STILL_THERE", ""))
        elif last or judged.verdict not in ids_store.NOT_NOW:
            findings |= by_ids.unreadable(chunk, batch)
        else:
            trouble = Effect({}, judged.verdict, judged.code, judged.message, reply.retry_after)
    ids_store.save_chunk(run, run.deletion, progress, chunk, findings, trouble=trouble, call=ids_store.READ)


def _reader(zoho: Zoho, deletion: Deletion, chunk: Chunk, batch: Batch) -> Callable[[], Reply]:
    request = deletion.request
    ids = [chunk.ids[p] for p in batch.positions]
    if request.external_id_field:
        field_name = request.external_id_field
        return lambda: zoho.read_external(request.module, field_name, ids[0])
    return lambda: zoho.read(request.module, ids)
