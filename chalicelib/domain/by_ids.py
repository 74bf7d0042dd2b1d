"""Deleting and delinking by ids: which calls come next, and what their answers mean for each id.

A call by record id may be repeated: a record that was deleted stays deleted. So a call with an unknown
outcome is sent again, and a read settles what Zoho then calls "record not deleted". An external id may name
another record the next time, so it is resolved to a record id before anything is sent, and only that one is
deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.domain.request import Api, Operation
from chalicelib.domain.zoho.reply import BATCH_LIMIT, CallKind
from chalicelib.domain.zoho.verdict import Judgement, Verdict

#: From this many ids on, `auto` prefers mass delete by ids where the source allows it (contract section 1).
AUTO_MASS_DELETE_ABOVE = 100

#: Parts of the progress that older versions kept: locked records have a clock like every call now.
_OF_OLD = frozenset({"slow_since", "slow_tries"})

_SENDABLE = (Mark.PENDING, Mark.SENT)


@dataclass(frozen=True, slots=True)
class IdsProgress:
    """Where a deletion by ids stands, besides the marks of its ids.

    `kind`: the call in use. `left`: chunks with unsettled ids. `open`: ledger numbers of calls with an intent
    and no answer. `single`: positions of the current chunk that are sent one by one. `failed_with`: a refusal
    of the whole request, as (code, message): nothing more is sent. `slow_at`: when Zoho last said that
    records are locked; `ask_again`: the chunks whose locked records are asked for once more. `checked`: the
    limits have let it pass. `looked`: ids of the first chunk that a dry run has looked at. `guarded`: up to
    this chunk, ids that we deleted a moment ago were looked for. `resolved`: so many chunks have a record id
    for each external id. `list_pages`: pages of the module's deleted list that were read.
    `code`: Zoho's last code, for the case that we give up. `external`: the ids are external ones.
    """

    kind: CallKind
    left: tuple[int, ...]
    open: tuple[int, ...] = ()
    single: tuple[int, ...] = ()
    failed_with: tuple[str, str] | None = None
    slow_at: float | None = None
    ask_again: tuple[int, ...] = ()
    checked: bool = False
    looked: int = 0
    guarded: int = -1
    resolved: int = 0
    list_pages: int = 0
    code: str = ""
    message: str = ""
    external: bool = False

    def to_json(self) -> dict[str, object]:
        """As it is stored in the deletion."""
        return {name: getattr(self, name) for name in _KNOWN}


_KNOWN = tuple(each.name for each in fields(IdsProgress))


def progress_of(deletion: Deletion) -> IdsProgress:
    """The stored progress, or a fresh one."""
    stored: dict[str, Any] = {k: v for k, v in deletion.progress.items() if k not in _OF_OLD}
    external = bool(deletion.request.external_id_field)
    if not stored:
        return IdsProgress(call_kind(deletion), tuple(range(deletion.chunks)), external=external)
    failed_with = stored.get("failed_with")
    return IdsProgress(
        **{
            **stored,
            "kind": call_kind(deletion) if external else CallKind(stored["kind"]),
            "external": external,
            "left": tuple(stored["left"]),
            "open": tuple(stored["open"]),
            "single": tuple(stored["single"]),
            "ask_again": tuple(stored["ask_again"]),
            "failed_with": tuple(failed_with) if failed_with else None,
        }
    )


def call_kind(deletion: Deletion) -> CallKind:
    """The Zoho call that takes the fewest calls and keeps what was asked for."""
    request = deletion.request
    if request.operation is Operation.DELINK_RECORDS:
        return CallKind.DELINK
    if request.external_id_field:
        return CallKind.DELETE_RECORDS
    if request.api is Api.MASS_DELETE:
        return CallKind.MASS_DELETE_IDS
    many = deletion.id_count > AUTO_MASS_DELETE_ABOVE
    may = deletion.limits.mass_delete_by_ids and request.wf_trigger is None
    return CallKind.MASS_DELETE_IDS if request.api is Api.AUTO and many and may else CallKind.DELETE_RECORDS


@dataclass(frozen=True, slots=True)
class Batch:
    """Ids of one call, by their positions in the chunk."""

    kind: CallKind
    positions: tuple[int, ...]


def record_of(chunk: Chunk, progress: IdsProgress, position: int) -> str | None:
    """The record id to send for a position; None for an external id that was not resolved."""
    return chunk.records.get(position) if progress.external else chunk.ids[position]


def unresolved(chunk: Chunk) -> list[int]:
    """Positions of external ids of which it is not known yet which record they name."""
    return [p for p in chunk.at(Mark.PENDING) if p not in chunk.records]


def any_to_send(chunk: Chunk, progress: IdsProgress) -> bool:
    """Would `sends` find a call?"""
    return any(record_of(chunk, progress, p) is not None for p in chunk.at(*_SENDABLE))


def sends(chunk: Chunk, progress: IdsProgress, width: int) -> list[Batch]:
    """The next calls that delete: at most `width` of them, empty when there is nothing left to send.

    A record that two ids name is in one of them; the other one is sent after it.
    """
    found: dict[str, int] = {}
    for position in chunk.at(*_SENDABLE):
        record = record_of(chunk, progress, position)
        if record is not None:
            found.setdefault(record, position)
    alone = set(progress.single)
    many = [p for p in found.values() if p not in alone]
    batches = cut(progress.kind, many, BATCH_LIMIT[progress.kind])
    batches += cut(progress.kind, [p for p in found.values() if p in alone], 1)
    return batches[:width]


def cut(kind: CallKind, positions: Sequence[int], size: int) -> list[Batch]:
    """Batches of `size` positions at most."""
    return [Batch(kind, tuple(positions[i : i + size])) for i in range(0, len(positions), size)]


@dataclass(frozen=True, slots=True)
class Effect:
    """What the answer to one call does: findings per position, and what follows for the calls after it."""

    findings: Mapping[int, Finding]
    verdict: Verdict
    code: str = ""
    message: str = ""
    retry_after: float | None = None


def effect_of_send(
    chunk: Chunk, batch: Batch, whole: Judgement, each: Mapping[int, Judgement], retry_after: float | None
) -> Effect:
    """The effect of a call that deletes. `whole`: verdict on the call; `each`: verdicts by position, where it
    was answered.
    """
    words = (whole.code, whole.message)
    if whole.verdict is Verdict.ANSWERED:
        findings = {p: _finding(chunk, p, each[p]) for p in batch.positions}
        unclear = [f for f in findings.values() if f.mark is Mark.SENT]
        if unclear:
            return Effect(findings, Verdict.UNKNOWN, unclear[0].code, unclear[0].message, retry_after)
        return Effect(findings, Verdict.ANSWERED, retry_after=retry_after)
    if whole.verdict is Verdict.UNKNOWN:
        return Effect(_all(batch, Finding(Mark.SENT, *words)), Verdict.UNKNOWN, *words, retry_after)
    if whole.verdict is Verdict.SPLIT and len(batch.positions) == 1:
        return Effect(_all(batch, Finding(Mark.FAILED, *words)), Verdict.ANSWERED)
    return Effect({}, whole.verdict, *words, retry_after)


def _all(batch: Batch, finding: Finding) -> dict[int, Finding]:
    return dict.fromkeys(batch.positions, finding)


def _finding(chunk: Chunk, position: int, judged: Judgement) -> Finding:
    tried_before = chunk.marks[position] == Mark.SENT
    words = (judged.code, judged.message)
    if judged.verdict is Verdict.DELETED:
        return Finding(Mark.DELETED)
    if judged.verdict is Verdict.ABSENT:
        return Finding(Mark.DELETED if tried_before else Mark.ABSENT)
    if judged.verdict is Verdict.CHECK_GONE:
        return Finding(Mark.CHECK_SENT if tried_before else Mark.CHECK, *words)
    if judged.verdict is Verdict.RETRY_SLOWLY:
        return Finding(Mark.SLOW, *words)
    if judged.verdict is Verdict.FAILED:
        return Finding(Mark.FAILED, *words)
    return Finding(Mark.SENT, *words)


def after_wave(progress: IdsProgress, effects: Sequence[Effect], batches: Sequence[Batch]) -> IdsProgress:
    """The progress after a wave of calls was answered."""
    for effect, batch in zip(effects, batches, strict=True):
        if effect.code:
            progress = replace(progress, code=effect.code, message=effect.message)
        if effect.verdict is Verdict.FAIL:
            progress = replace(progress, failed_with=(effect.code, effect.message))
        elif effect.verdict is Verdict.FALLBACK:
            progress = replace(progress, kind=CallKind.DELETE_RECORDS)
        elif effect.verdict is Verdict.SPLIT:
            progress = replace(progress, single=tuple(sorted({*progress.single, *batch.positions})))
    return replace(progress, open=())
