"""A wave of calls that delete or delink by ids: every call has its intent in the ledger before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chalicelib.domain import by_ids
from chalicelib.domain.by_ids import Batch, Effect, Progress
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.outcomes import Chunk, Mark
from chalicelib.domain.reply import CallKind, Reply
from chalicelib.domain.verdicts import Verdict, judge_call, judge_items
from chalicelib.service import ids_holds, ids_store, parallel
from chalicelib.service.ports import Call, Zoho
from chalicelib.service.run import Run


def send(run: Run, progress: Progress, chunk: Chunk, batches: Sequence[Batch]) -> None:
    """Send the batches at once, unless sending is paused or ids of them are held."""
    zoho = run.zoho
    sifted = ids_holds.sift(run, chunk, batches)
    if sifted.findings or sifted.trouble is not None:
        trouble = sifted.trouble
        ids_store.save_chunk(
            run, run.deletion, progress, chunk, sifted.findings, trouble=trouble, call=ids_store.READ
        )
        if trouble is not None or not sifted.free:
            return
        chunk = chunk.with_findings(sifted.findings)
    batches = sifted.free
    calls = _intents(run, progress, chunk, batches)
    replies = parallel.all_at_once([_sender(zoho, run.deletion, chunk, batch) for batch in batches])
    run.spent(replies)
    if not _more_to_send(progress, chunk, batches):
        run.let_go()  # what is left is bookkeeping, and others may wait for the org's concurrency
    effects = [_judged(chunk, batch, reply) for batch, reply in zip(batches, replies, strict=True)]
    _save_answers(run, chunk, batches, calls, effects)


def _more_to_send(progress: Progress, chunk: Chunk, batches: Sequence[Batch]) -> bool:
    """Whether ids are left that were in none of the batches."""
    sent = {position for batch in batches for position in batch.positions}
    return len(progress.left) > 1 or any(position not in sent for position in chunk.at(Mark.PENDING))


def _intents(run: Run, progress: Progress, chunk: Chunk, batches: Sequence[Batch]) -> list[Call]:
    """Write what is about to be sent, in one transaction with the deletion: no call without its intent."""
    first = run.deletion.calls + 1
    calls = [
        Call(first + i, batch.kind, {"chunk": chunk.number, "positions": list(batch.positions)}, run.now)
        for i, batch in enumerate(batches)
    ]
    opened = replace(progress, open=tuple(call.n for call in calls))
    deletion, entries = run.running(run.deletion)
    deletion = replace(deletion, calls=calls[-1].n, progress=opened.to_json(), updated_at=run.now)
    run.save(deletion, calls=calls, entries=entries)
    run.publish()
    return calls


def _judged(chunk: Chunk, batch: Batch, reply: Reply) -> Effect:
    ids = [chunk.ids[p] for p in batch.positions]
    whole = judge_call(batch.kind, reply, ids)
    each = judge_items(batch.kind, reply, ids) if whole.verdict is Verdict.ANSWERED else {}
    return by_ids.effect_of_send(chunk, batch, whole, each, reply.retry_after)


def _save_answers(
    run: Run, chunk: Chunk, batches: Sequence[Batch], calls: Sequence[Call], effects: Sequence[Effect]
) -> None:
    answered = [
        replace(call, answered_at=run.now, answer=_answer(effect))
        for call, effect in zip(calls, effects, strict=True)
    ]
    progress = by_ids.after_wave(by_ids.progress_of(run.deletion), effects, batches)
    findings = {p: f for effect in effects for p, f in effect.findings.items()}
    trouble = next((e for e in effects if e.verdict in ids_store.NOT_NOW), None)
    ids_store.save_chunk(
        run, run.deletion, progress, chunk, findings, calls=answered, trouble=trouble, call=ids_store.SEND
    )


def _answer(effect: Effect) -> dict[str, object]:
    """What the ledger keeps of an answer: the verdict, and each id's mark with its code."""
    marks = [[p, f.mark.value, f.code] for p, f in sorted(effect.findings.items())]
    return {"verdict": effect.verdict.value, "code": effect.code, "message": effect.message, "marks": marks}


def _sender(zoho: Zoho, deletion: Deletion, chunk: Chunk, batch: Batch) -> Callable[[], Reply]:
    request = deletion.request
    ids = [chunk.ids[p] for p in batch.positions]
    wf_trigger = bool(request.wf_trigger)
    if batch.kind is CallKind.DELINK:
        return lambda: zoho.delink(request.module, str(request.record_id), str(request.related_list), ids)
    if batch.kind is CallKind.DELETE_EXTERNAL:
        field_name = str(request.external_id_field)
        return lambda: zoho.delete_external(request.module, field_name, ids[0], wf_trigger)
    if batch.kind is CallKind.MASS_DELETE_IDS:
        return lambda: zoho.mass_delete_ids(request.module, ids)
    return lambda: zoho.delete_records(request.module, ids, wf_trigger)
