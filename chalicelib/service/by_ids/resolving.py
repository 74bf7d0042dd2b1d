"""External ids become record ids before the first call that deletes, and only these are deleted.

An external id is a value of a field: once its record is gone, another record may get it. So Zoho is asked
once which record is meant, by its own read of external ids and never by its search, which lags; the answer is
stored with the ids, and a repeat goes by that. A retry of a deletion takes over what that one had found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.domain.by_ids import Effect, IdsProgress, unresolved
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.verdict import NOT_NOW, Judgement, Verdict
from chalicelib.service.by_ids import moves
from chalicelib.service.engine import parallel
from chalicelib.service.engine.step import Commit, Slice
from chalicelib.service.zoho_port import Zoho

#: Several records have the external id.
AMBIGUOUS = "AMBIGUOUS"
#: Ids that are asked for between two writes: a write for each wave would store the chunk hundreds of times.
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Resolved:
    """What is known of external ids, by position: `records` of those that name one record, `findings` for the
    others. `trouble`: why Zoho does not tell more for now.
    """

    records: dict[int, str] = field(default_factory=dict)
    findings: dict[int, Finding] = field(default_factory=dict)
    trouble: Judgement | None = None
    retry_after: float | None = None


def resolve(work: Slice, progress: IdsProgress) -> Commit:
    """Resolve the next ids of the first chunk that has some left, and keep what is known now."""
    chunk = work.chunk(progress.resolved)
    positions = unresolved(chunk)
    found = _inherited(work, chunk, positions) or ask(work, chunk, positions[:MOST_AT_ONCE])
    if not unresolved(chunk.with_records(found.records).with_findings(found.findings)):
        progress = replace(progress, resolved=progress.resolved + 1)
    told = found.trouble
    trouble = None
    if told is not None:
        trouble = Effect({}, told.verdict, told.code, told.message, found.retry_after)
        progress = replace(progress, code=told.code, message=told.message)
    return moves.found(
        work,
        progress,
        chunk,
        found.findings,
        records=found.records,
        trouble=trouble,
        call=moves.READ if positions else None,
    )


def ask(work: Slice, chunk: Chunk, positions: Sequence[int]) -> Resolved:
    """Ask Zoho which records are meant, in waves, until all are known, time is over, or it does not tell."""
    known = Resolved()
    at = 0
    while at < len(positions) and known.trouble is None and (at == 0 or work.now < work.until):
        wave = positions[at : at + work.width]
        zoho = work.zoho
        replies = parallel.all_at_once([_asking(work, zoho, chunk.ids[p]) for p in wave])
        for position, reply in zip(wave, replies, strict=True):
            known = _told(known, position, reply)
        at += len(wave)
    return known


def _asking(work: Slice, zoho: Zoho, value: str) -> Callable[[], Reply]:
    request = work.deletion.request
    return lambda: zoho.read_external(request.module, str(request.external_id_field), value)


def _told(known: Resolved, position: int, reply: Reply) -> Resolved:
    judged = judge_call(CallKind.READ, reply)
    if judged.verdict is Verdict.ANSWERED:
        records = {item.id for item in reply.items if item.id is not None}
        if len(records) == 1:
            return replace(known, records={**known.records, position: records.pop()})
        finding = Finding(Mark.FAILED, AMBIGUOUS) if records else Finding(Mark.ABSENT)
    elif judged.verdict in NOT_NOW:
        return replace(known, trouble=judged, retry_after=reply.retry_after)
    else:
        finding = Finding(Mark.FAILED, judged.code, judged.message)
    return replace(known, findings={**known.findings, position: finding})


def _inherited(work: Slice, chunk: Chunk, positions: Sequence[int]) -> Resolved | None:
    """What the deletion that this one retries had resolved; None where that is nothing new.

    Raises Unreadable where that deletion is not there any more: to resolve anew could name another record.
    """
    first = work.deletion.retry_of
    if first is None:
        return None
    before = work.ledger.get(first)
    if before is None:
        raise Unreadable(work.deletion.id, "the deletion that it retries is not there")
    known: dict[str, str] = {}
    for number in range(before.chunks):
        known |= _by_value(work.ledger.chunk(first, number))
    records = {p: known[chunk.ids[p]] for p in positions if chunk.ids[p] in known}
    return Resolved(records) if records else None


def _by_value(chunk: Chunk) -> Mapping[str, str]:
    return {chunk.ids[position]: record for position, record in chunk.records.items()}
