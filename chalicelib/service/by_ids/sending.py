"""A wave of calls that delete or delink by ids.

Holds and the pause are read before the intents are written, and once more between that and the first byte: an
operator whose hold or pause was answered by then is heeded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.domain import by_ids
from chalicelib.domain.by_ids import Batch, Effect, IdsProgress
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.judge_items import judge_items
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.verdict import NOT_NOW, Verdict
from chalicelib.service.by_ids import holds, moves
from chalicelib.service.engine.step import Commit, Outgoing, Send, Slice, Step
from chalicelib.service.ports import Call
from chalicelib.service.zoho_port import Zoho


def send(
    work: Slice, progress: IdsProgress, chunk: Chunk, batches: Sequence[Batch], *, holds_some: bool
) -> Step:
    """Send the batches at once, unless ids of them are held: these are kept as such first.

    `holds_some`: there was a hold a moment ago (`holds.some`). Where there was none, the last look is enough.
    """
    found = holds.split(work, progress, chunk, batches) if holds_some else holds.Split(tuple(batches))
    if found.findings:
        return moves.found(work, progress, chunk, found.findings)
    wave = _Wave(work, progress, chunk, found.free)
    return Send(
        wave.outgoing(),
        wave.opened,
        wave.last_look,
        wave.judged,
        last=not _more_to_send(progress, chunk, found.free),
    )


@dataclass
class _Wave:
    """One wave of calls of a chunk. `held`: what the last look has found."""

    work: Slice
    progress: IdsProgress
    chunk: Chunk
    batches: tuple[Batch, ...]
    held: dict[int, Finding] = field(default_factory=dict)

    def outgoing(self) -> tuple[Outgoing, ...]:
        """The calls, a batch each."""
        number = self.chunk.number
        return tuple(
            Outgoing(
                batch.kind,
                {"chunk": number, "positions": list(batch.positions)},
                _sender(self.work, self.progress, self.chunk, batch),
            )
            for batch in self.batches
        )

    def opened(self, numbers: tuple[int, ...]) -> Deletion:
        """The deletion with the intents of the wave."""
        progress = replace(self.progress, open=numbers)
        return replace(self.work.deletion, progress=progress.to_json(), updated_at=self.work.now)

    def last_look(self) -> list[str]:
        """Why a call may not leave after all: a hold keeps those with its record."""
        self.held = holds.split(self.work, self.progress, self.chunk, self.batches).findings
        return [
            "" if self.held.keys().isdisjoint(batch.positions) else "a hold was set" for batch in self.batches
        ]

    def judged(self, calls: Sequence[Call], replies: Sequence[Reply | None]) -> Commit:
        """What the answers mean, and what was found held."""
        now, answered = self.work.now, []
        effects: list[Effect] = []
        batches: list[Batch] = []
        for call, batch, reply in zip(calls, self.batches, replies, strict=True):
            if reply is None:
                answered.append(call)
                continue
            effect = _effect(self.progress, self.chunk, batch, reply)
            answered.append(replace(call, answered_at=now, answer=_answer(effect)))
            effects.append(effect)
            batches.append(batch)
        progress = by_ids.after_wave(by_ids.progress_of(self.work.deletion), effects, batches)
        findings = {p: finding for effect in effects for p, finding in effect.findings.items()}
        if any(finding.mark is Mark.SLOW for finding in findings.values()):
            progress = replace(progress, slow_at=now)
        return moves.found(
            self.work,
            progress,
            self.chunk,
            self.held | findings,
            calls=answered,
            trouble=next((effect for effect in effects if effect.verdict in NOT_NOW), None),
            call=moves.SEND if effects else None,
        )


def _more_to_send(progress: IdsProgress, chunk: Chunk, batches: Sequence[Batch]) -> bool:
    """Whether ids are left that were in none of the batches."""
    sent = {position for batch in batches for position in batch.positions}
    return len(progress.left) > 1 or any(position not in sent for position in chunk.at(Mark.PENDING))


def _effect(progress: IdsProgress, chunk: Chunk, batch: Batch, reply: Reply) -> Effect:
    records = _records(progress, chunk, batch)
    whole = judge_call(batch.kind, reply, records)
    told = judge_items(batch.kind, reply, records) if whole.verdict is Verdict.ANSWERED else {}
    each = {p: told[one] for p, one in zip(batch.positions, records, strict=True) if one in told}
    return by_ids.effect_of_send(chunk, batch, whole, each, reply.retry_after)


def _answer(effect: Effect) -> dict[str, object]:
    """What the ledger keeps of an answer: the verdict, and each id's mark with its code."""
    marks = [[p, f.mark.value, f.code] for p, f in sorted(effect.findings.items())]
    return {"verdict": effect.verdict.value, "code": effect.code, "message": effect.message, "marks": marks}


def _records(progress: IdsProgress, chunk: Chunk, batch: Batch) -> list[str]:
    """The record ids of a batch. Raises ValueError for an external id that was not resolved."""
    records = [by_ids.record_of(chunk, progress, p) for p in batch.positions]
    if None in records:
        raise ValueError("an external id that was not resolved")
    return [record for record in records if record is not None]


def _sender(work: Slice, progress: IdsProgress, chunk: Chunk, batch: Batch) -> Callable[[Zoho], Reply]:
    request = work.deletion.request
    ids = _records(progress, chunk, batch)
    wf_trigger = bool(request.wf_trigger)
    if batch.kind is CallKind.DELINK:
        record, related = str(request.record_id), str(request.related_list)
        return lambda zoho: zoho.delink(request.module, record, related, ids)
    if batch.kind is CallKind.MASS_DELETE_IDS:
        return lambda zoho: zoho.mass_delete_ids(request.module, ids)
    return lambda zoho: zoho.delete_records(request.module, ids, wf_trigger)
