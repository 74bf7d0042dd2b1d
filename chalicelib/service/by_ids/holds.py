"""Holds, for what is done by ids: asked before each wave of calls, and once more before it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chalicelib.domain.by_ids import Batch, IdsProgress, record_of
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.domain.request import Operation
from chalicelib.service.engine.step import Slice

HELD = Finding(Mark.HELD, "HELD")


@dataclass(frozen=True, slots=True)
class Split:
    """What may be sent of a wave: `free`. `findings`: for ids that may not be."""

    free: tuple[Batch, ...]
    findings: dict[int, Finding] = field(default_factory=dict)


def some(work: Slice) -> bool:
    """Whether there are holds in the module. Delinking deletes no record, so none is in its way."""
    request = work.deletion.request
    if request.operation is Operation.DELINK_RECORDS:
        return False
    return work.ledger.has_holds(request.org, request.module, work.now)


def split(work: Slice, progress: IdsProgress, chunk: Chunk, batches: Sequence[Batch]) -> Split:
    """Take out what is held."""
    if work.deletion.request.operation is Operation.DELINK_RECORDS:
        return Split(tuple(batches))
    positions = [p for batch in batches for p in batch.positions]
    where = {str(record_of(chunk, progress, p)): p for p in positions}
    findings = {where[one]: HELD for one in held_among(work, list(where))}
    kept = [replace(b, positions=tuple(p for p in b.positions if p not in findings)) for b in batches]
    return Split(tuple(batch for batch in kept if batch.positions), findings)


def held_among(work: Slice, ids: list[str]) -> set[str]:
    """Those of the record ids that a hold protects now."""
    request = work.deletion.request
    return work.ledger.held(request.org, request.module, ids, work.now)
