"""Holds, for what is done by ids: asked before each wave of calls, so that a hold works from the next on.

An external id is not what a hold names: in a module with holds Zoho is asked first which record it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.domain.by_ids import Batch, Effect
from chalicelib.domain.deletion import Deletion, Operation
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.domain.reply import CallKind, Reply
from chalicelib.domain.verdicts import Verdict, judge_call
from chalicelib.service import ids_store, parallel
from chalicelib.service.ports import Zoho
from chalicelib.service.run import Run

HELD = Finding(Mark.HELD, "HELD")


@dataclass(frozen=True, slots=True)
class Sifted:
    """What may be sent of a wave: `free`. `findings`: for ids that may not be, or need not be; `trouble`: why
    some of them could not be asked about.
    """

    free: tuple[Batch, ...]
    findings: dict[int, Finding] = field(default_factory=dict)
    trouble: Effect | None = None


def sift(run: Run, chunk: Chunk, batches: Sequence[Batch]) -> Sifted:
    """Take out what is held. Delinking deletes no record, so no hold is in its way."""
    request = run.deletion.request
    if request.operation is Operation.DELINK_RECORDS:
        return Sifted(tuple(batches))
    if not request.external_id_field:
        where = {chunk.ids[p]: p for batch in batches for p in batch.positions}
        held = held_among(run, list(where))
        return _without(batches, {where[one]: HELD for one in held})
    if not run.kit.ledger.has_holds(request.org, request.module, run.now):
        return Sifted(tuple(batches))
    return _sift_external(run, chunk, batches)


def held_among(run: Run, ids: list[str]) -> set[str]:
    """Those of the record ids that a hold protects now."""
    request = run.deletion.request
    return run.kit.ledger.held(request.org, request.module, ids, run.now)


def _without(batches: Sequence[Batch], findings: dict[int, Finding]) -> Sifted:
    kept = [replace(b, positions=tuple(p for p in b.positions if p not in findings)) for b in batches]
    return Sifted(tuple(batch for batch in kept if batch.positions), findings)


def _sift_external(run: Run, chunk: Chunk, batches: Sequence[Batch]) -> Sifted:
    """One external id a batch: Zoho takes no more in a call."""
    zoho = run.zoho
    positions = [batch.positions[0] for batch in batches]
    replies = parallel.all_at_once([asking(zoho, run.deletion, chunk.ids[p]) for p in positions])
    run.spent(replies)
    records: dict[int, list[str]] = {}
    findings: dict[int, Finding] = {}
    trouble: Effect | None = None
    for position, reply in zip(positions, replies, strict=True):
        judged = judge_call(CallKind.READ, reply)
        if judged.verdict is Verdict.ANSWERED:
            records[position] = [item.id for item in reply.items if item.id is not None]
        elif judged.verdict in ids_store.NOT_NOW:
            trouble = Effect({}, judged.verdict, judged.code, judged.message, reply.retry_after)
        else:
            findings[position] = Finding(Mark.FAILED, judged.code, judged.message)
    held = held_among(run, sorted({one for ids in records.values() for one in ids}))
    for position, ids in records.items():
        if not ids:
            findings[position] = Finding(_gone(chunk, position))
        elif held & set(ids):
            findings[position] = HELD
    free = [b for b in batches if b.positions[0] in records and b.positions[0] not in findings]
    return Sifted(tuple(free), findings, trouble)


def asking(zoho: Zoho, deletion: Deletion, value: str) -> Callable[[], Reply]:
    """The call that asks which record has this external id."""
    request, field_name = deletion.request, str(deletion.request.external_id_field)
    return lambda: zoho.read_external(request.module, field_name, value)


def _gone(chunk: Chunk, position: int) -> Mark:
    """Not there: by an earlier try of ours that had no answer, or by somebody else."""
    return Mark.DELETED if chunk.marks[position] == Mark.SENT else Mark.ABSENT
