"""A wave of calls that delete or delink by ids: every call has its intent in the ledger before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chalicelib.domain import by_ids
from chalicelib.domain.by_ids import Batch, Effect, Progress
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.judge_items import judge_items
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.verdict import NOT_NOW, Verdict
from chalicelib.service.by_ids import holds, storing
from chalicelib.service.engine import parallel
from chalicelib.service.engine.refusals import Paused
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.ports import Call, Zoho


def send(work: LeasedSlice, progress: Progress, chunk: Chunk, batches: Sequence[Batch]) -> None:
    """Send the batches at once, unless sending is paused or ids of them are held.

    Holds and the pause are read before the intents are written, and once more between that and the first
    byte: an operator whose hold or pause was answered by then is heeded. Raises Paused.
    """
    zoho = work.zoho
    sifted = holds.sift(work, progress, chunk, batches)
    if sifted.findings:
        storing.save_chunk(work, progress, chunk, sifted.findings)
        if not sifted.free:
            return
        chunk = chunk.with_findings(sifted.findings)
    batches = sifted.free
    calls = _intents(work, progress, chunk, batches)
    paused = work.ledger.paused(work.deletion.request.org)
    held = {} if paused is not None else holds.sift(work, progress, chunk, batches).findings
    leaving = [
        i for i, batch in enumerate(batches) if paused is None and held.keys().isdisjoint(batch.positions)
    ]
    staying = [_not_sent(work, call, held) for i, call in enumerate(calls) if i not in leaving]
    _save_answers(
        work, chunk, held, staying, _answers(work, zoho, chunk, [(calls[i], batches[i]) for i in leaving])
    )
    if paused is not None:
        raise Paused(work.deletion.request.org, paused)


def _answers(
    work: LeasedSlice, zoho: Zoho, chunk: Chunk, leaving: Sequence[tuple[Call, Batch]]
) -> list[tuple[Call, Batch, Effect]]:
    """Send them, and what the answers mean."""
    if not leaving:
        return []
    progress = by_ids.progress_of(work.deletion)
    batches = [batch for _, batch in leaving]
    replies = parallel.all_at_once([_sender(work, zoho, progress, chunk, batch) for batch in batches])
    if not _more_to_send(progress, chunk, batches):
        work.let_go()  # what is left is bookkeeping, and others may wait for the org's concurrency
    judged = [_judged(progress, chunk, batch, reply) for batch, reply in zip(batches, replies, strict=True)]
    return [(call, batch, effect) for (call, batch), effect in zip(leaving, judged, strict=True)]


def _not_sent(work: LeasedSlice, call: Call, held: dict[int, Finding]) -> Call:
    why = "a hold was set" if held else "sending was paused"
    return replace(
        call, answered_at=work.now, answer={"verdict": "not_sent", "code": "NOT_SENT", "message": why}
    )


def _more_to_send(progress: Progress, chunk: Chunk, batches: Sequence[Batch]) -> bool:
    """Whether ids are left that were in none of the batches."""
    sent = {position for batch in batches for position in batch.positions}
    return len(progress.left) > 1 or any(position not in sent for position in chunk.at(Mark.PENDING))


def _intents(work: LeasedSlice, progress: Progress, chunk: Chunk, batches: Sequence[Batch]) -> list[Call]:
    """Write what is about to be sent, in one transaction with the deletion: no call without its intent."""
    first = work.deletion.calls + 1
    calls = [
        Call(first + i, batch.kind, {"chunk": chunk.number, "positions": list(batch.positions)}, work.now)
        for i, batch in enumerate(batches)
    ]
    opened = replace(progress, open=tuple(call.n for call in calls))
    deletion, entries = work.running(work.deletion)
    deletion = replace(deletion, calls=calls[-1].n, progress=opened.to_json(), updated_at=work.now)
    work.save(deletion, calls=calls, entries=entries)
    work.publish()
    return calls


def _judged(progress: Progress, chunk: Chunk, batch: Batch, reply: Reply) -> Effect:
    records = _records(progress, chunk, batch)
    whole = judge_call(batch.kind, reply, records)
    told = judge_items(batch.kind, reply, records) if whole.verdict is Verdict.ANSWERED else {}
    each = {p: told[one] for p, one in zip(batch.positions, records, strict=True) if one in told}
    return by_ids.effect_of_send(chunk, batch, whole, each, reply.retry_after)


def _save_answers(
    work: LeasedSlice,
    chunk: Chunk,
    held: dict[int, Finding],
    staying: Sequence[Call],
    answers: Sequence[tuple[Call, Batch, Effect]],
) -> None:
    effects = [effect for _, _, effect in answers]
    calls = [replace(call, answered_at=work.now, answer=_answer(effect)) for call, _, effect in answers]
    progress = by_ids.after_wave(
        by_ids.progress_of(work.deletion), effects, [batch for _, batch, _ in answers]
    )
    findings = {p: f for effect in effects for p, f in effect.findings.items()}
    if any(finding.mark is Mark.SLOW for finding in findings.values()):
        progress = replace(progress, slow_at=work.now)
    trouble = next((e for e in effects if e.verdict in NOT_NOW), None)
    storing.save_chunk(
        work,
        progress,
        chunk,
        held | findings,
        calls=sorted([*staying, *calls], key=lambda call: call.n),
        trouble=trouble,
        call=storing.SEND if answers else None,
    )


def _answer(effect: Effect) -> dict[str, object]:
    """What the ledger keeps of an answer: the verdict, and each id's mark with its code."""
    marks = [[p, f.mark.value, f.code] for p, f in sorted(effect.findings.items())]
    return {"verdict": effect.verdict.value, "code": effect.code, "message": effect.message, "marks": marks}


def _records(progress: Progress, chunk: Chunk, batch: Batch) -> list[str]:
    """The record ids of a batch. Raises ValueError for an external id that was not resolved."""
    records = [by_ids.record_of(chunk, progress, p) for p in batch.positions]
    if None in records:
        raise ValueError("an external id that was not resolved")
    return [record for record in records if record is not None]


def _sender(
    work: LeasedSlice, zoho: Zoho, progress: Progress, chunk: Chunk, batch: Batch
) -> Callable[[], Reply]:
    request = work.deletion.request
    ids = _records(progress, chunk, batch)
    wf_trigger = bool(request.wf_trigger)
    if batch.kind is CallKind.DELINK:
        return lambda: zoho.delink(request.module, str(request.record_id), str(request.related_list), ids)
    if batch.kind is CallKind.MASS_DELETE_IDS:
        return lambda: zoho.mass_delete_ids(request.module, ids)
    return lambda: zoho.delete_records(request.module, ids, wf_trigger)
