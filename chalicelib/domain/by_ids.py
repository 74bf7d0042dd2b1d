"""Deleting and delinking by ids: which calls come next, and what their answers mean for each id.

By id a call may be repeated: gone is gone. So an unknown outcome is simply sent again, and a read settles
what Zoho then calls "record not deleted".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from chalicelib.domain.deletion import Api, Deletion, Operation
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.domain.reply import BATCH_LIMIT, CallKind
from chalicelib.domain.verdicts import Judgement, Verdict

#: From this many ids on, `auto` prefers mass delete by ids where the source allows it (contract section 1).
AUTO_MASS_DELETE_ABOVE = 100

_SENDABLE = (Mark.PENDING, Mark.SENT)
_TO_CHECK = (Mark.CHECK, Mark.CHECK_SENT, Mark.RECENT)

#: Gone, and not by a call of this deletion.
_NOT_OURS = (Mark.CHECK, Mark.RECENT)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a deletion by ids stands, besides the marks of its ids.

    `kind`: the call in use. `left`: chunks with unsettled ids. `open`: ledger numbers of calls with an intent
    and no answer. `single`: positions of the current chunk that are sent one by one. `failed_with`: a refusal
    of the whole request, as (code, message): nothing more is sent. `slow_since`: since when locked records
    are asked for again, `slow_at`: when that was done last; `ask_again`: the chunks whose turn that is.
    `checked`: the belts have let it pass. `looked`: ids of the first chunk that a dry run has looked at.
    `guarded`: up to this chunk, ids that we deleted a moment ago were looked for.
    `code`: Zoho's last code, for the case that we give up.
    """

    kind: CallKind
    left: tuple[int, ...]
    open: tuple[int, ...] = ()
    single: tuple[int, ...] = ()
    failed_with: tuple[str, str] | None = None
    slow_since: float | None = None
    slow_at: float | None = None
    slow_tries: int = 0
    ask_again: tuple[int, ...] = ()
    checked: bool = False
    looked: int = 0
    guarded: int = -1
    code: str = ""
    message: str = ""

    def to_json(self) -> dict[str, object]:
        """As it is stored in the deletion."""
        return asdict(self)


def progress_of(deletion: Deletion) -> Progress:
    """The stored progress, or a fresh one."""
    stored: dict[str, Any] = dict(deletion.progress)
    if not stored:
        return Progress(kind=call_kind(deletion), left=tuple(range(deletion.chunks)))
    failed_with = stored.get("failed_with")
    return Progress(
        **{
            **stored,
            "kind": CallKind(stored["kind"]),
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
        return CallKind.DELETE_EXTERNAL
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


def sends(chunk: Chunk, progress: Progress, width: int) -> list[Batch]:
    """The next calls that delete: at most `width` of them, empty when there is nothing left to send."""
    waiting = chunk.at(*_SENDABLE)
    alone = set(progress.single)
    many = [p for p in waiting if p not in alone]
    cut = _cut(progress.kind, many, BATCH_LIMIT[progress.kind])
    cut += _cut(progress.kind, [p for p in waiting if p in alone], 1)
    return cut[:width]


def reads(chunk: Chunk, progress: Progress, width: int, *, settle: bool = False) -> list[Batch]:
    """The next reads that tell whether records are gone. `settle`: also for what was sent with an unknown
    outcome.
    """
    marks = (*_TO_CHECK, Mark.SENT) if settle else _TO_CHECK
    size = 1 if progress.kind is CallKind.DELETE_EXTERNAL else BATCH_LIMIT[CallKind.READ]
    return _cut(CallKind.READ, chunk.at(*marks), size)[:width]


def _cut(kind: CallKind, positions: Sequence[int], size: int) -> list[Batch]:
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
    chunk: Chunk, batch: Batch, whole: Judgement, each: Mapping[str, Judgement], retry_after: float | None
) -> Effect:
    """The effect of a call that deletes. `whole`: verdict on the call; `each`: verdicts by id, where it was
    answered.
    """
    words = (whole.code, whole.message)
    if whole.verdict is Verdict.ANSWERED:
        findings = {p: _finding(chunk, p, each[chunk.ids[p]]) for p in batch.positions}
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


def findings_of_read(
    chunk: Chunk, batch: Batch, there: set[str], reason: tuple[str, str]
) -> dict[int, Finding]:
    """What a read tells: `there` are the ids that it found. `reason`: the code kept for those that are still
    there.
    """
    found = {}
    for position in batch.positions:
        mark = Mark(chunk.marks[position])
        if chunk.ids[position] not in there:
            found[position] = Finding(Mark.ABSENT if mark in _NOT_OURS else Mark.DELETED)
        elif mark is Mark.RECENT:
            found[position] = Finding(Mark.PENDING)  # it is there again, so it is deleted again
        else:
            found[position] = Finding(Mark.FAILED, *chunk.codes.get(position, reason))
    return found


def unreadable(chunk: Chunk, batch: Batch) -> dict[int, Finding]:
    """What is left to say of ids that cannot be read: Zoho's own word where nothing of ours was in doubt."""
    found = {}
    for position in batch.positions:
        if chunk.marks[position] == Mark.RECENT:
            found[position] = Finding(Mark.PENDING)
            continue
        sure = chunk.marks[position] == Mark.CHECK
        words = chunk.codes.get(position, ("OUTCOME_UNKNOWN", ""))
        found[position] = Finding(Mark.FAILED if sure else Mark.UNKNOWN, *words)
    return found


def given_up(chunk: Chunk, progress: Progress) -> dict[int, Finding]:
    """Findings for what will not be tried again: nothing of ours reached Zoho for it, or it stayed locked."""
    words = progress.failed_with or (progress.code or "GAVE_UP", progress.message)
    found = {p: Finding(Mark.FAILED, *words) for p in chunk.at(Mark.PENDING, Mark.RECENT)}
    found |= {p: Finding(Mark.FAILED, *chunk.codes.get(p, words)) for p in chunk.at(Mark.SLOW)}
    return found


def slow_again(chunk: Chunk) -> dict[int, Finding]:
    """Locked and unapproved records, ready to be asked for once more."""
    return {p: Finding(Mark.PENDING, *chunk.codes.get(p, ("", ""))) for p in chunk.at(Mark.SLOW)}


def after_wave(progress: Progress, effects: Sequence[Effect], batches: Sequence[Batch]) -> Progress:
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
