"""Taking away what is personal in a deletion that has ended, so that its log and its evidence still verify.

Two kinds: all of it, when an operator asks; or, a while after its end and by itself, what is not a record id:
external ids, references, reasons.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from chalicelib.domain import log
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.log import Entry
from chalicelib.domain.log_commitments import IDS, RECORDS
from chalicelib.domain.outcomes import Chunk
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status

DAY = 86_400
#: How far the clocks of two functions may be off (seconds).
CLOCKS = 300.0


class Scope(StrEnum):
    """How much is forgotten."""

    TEXTS = "texts"
    ALL = "all"


def not_forgettable(deletion: Deletion) -> str:
    """Why the deletion cannot be forgotten as it stands, in words for an operator; "" where it can."""
    if deletion.status is Status.NEEDS_ATTENTION:
        return f"{deletion.id} needs attention: resolve it first"
    return "" if deletion.is_final else f"{deletion.id} has not ended: {deletion.status}"


def texts_at(deletion: Deletion, days: int) -> float | None:
    """When its texts are to be forgotten (seconds since the epoch); None where it has none left."""
    if deletion.finished_at is None or deletion.forgotten_at or deletion.texts_forgotten_at:
        return None
    request = deletion.request
    texts = (request.reference, request.reason, request.external_id_field, deletion.resolved_by)
    return deletion.finished_at + days * DAY if any(texts) else None


def forgets(deletion: Deletion, days: int, now: float) -> bool:
    """Is anything of it to be forgotten now, or to be taken out of the bucket?"""
    if deletion.forgotten_at is not None:
        return False
    at = texts_at(deletion, days)
    return bool(deletion.forget_by) or (at is not None and at <= now) or clears(deletion)


def is_noted(deletion: Deletion) -> bool:
    """Does an operators' entry say that it is forgotten, as it has ended? One from before another end says
    nothing of the records file of that.
    """
    from chalicelib.domain.evidence.operators import first_id

    return deletion.forget_noted >= first_id((deletion.finished_at or 0.0) - CLOCKS)


def noted_first(deletion: Deletion) -> str:
    """The operators' entry that a head has to name before anything goes; "" where all of it has gone, or none
    says so yet.
    """
    gone = deletion.forgotten_at if deletion.forget_by else deletion.texts_forgotten_at
    return deletion.forget_noted if gone is None else ""


def clears(deletion: Deletion) -> bool:
    """Do records files still hold texts that are forgotten?"""
    return deletion.texts_forgotten_at is not None and not deletion.records_cleared


def is_external(deletion: Deletion) -> bool:
    """Are its ids texts of the sender's own?"""
    return deletion.request.external_id_field is not None


def deletion_without(deletion: Deletion, scope: Scope, now: float, seed: str) -> Deletion:
    """The deletion after it was forgotten at `now`. `seed`: for the salts of what its log gets from now on;
    the one before goes with what it was for.
    """
    request = replace(deletion.request, reference=None, reason=None, identity=None)
    plan = deletion.plan
    if plan is not None and (scope is Scope.ALL or is_external(deletion)):
        plan = replace(plan, first_ids=())
    made = replace(deletion, request=request, plan=plan, progress={}, texts_forgotten_at=now)
    personal = {"key"} if scope is Scope.TEXTS else {"identity", "key"}
    made = replace(made, erasure={k: told for k, told in deletion.erasure.items() if k not in personal})
    if scope is Scope.TEXTS:
        return replace(made, seed=seed)
    return replace(
        made,
        request=replace(request, record_id=None),
        seed="",
        forgotten_at=now,
        records_cleared=True,
    )


def chunk_without(deletion: Deletion, chunk: Chunk, scope: Scope) -> Chunk:
    """The chunk after it was forgotten: outcomes stay, and of external ids the record ids where only texts
    go.
    """
    if scope is Scope.ALL:
        return replace(chunk, ids=("",) * len(chunk.ids), records={})
    if not is_external(deletion):
        return chunk
    return replace(chunk, ids=tuple(chunk.records.get(at, "") for at in range(len(chunk.ids))))


def personal_parts(deletion: Deletion) -> list[int]:
    """Numbers of the parts that name records beside its document: what an erasure has found, and its map."""
    if deletion.request.operation is not Operation.ERASE_PERSON:
        return []
    from chalicelib.domain.person.progress import HITS, MAP, MOST_PARTS

    # All that there can be: an earlier search may have found more than the last one.
    return [first + n for first in (HITS, MAP) for n in range(MOST_PARTS)]


def entry_without(deletion: Deletion, entry: Entry, scope: Scope) -> Entry:
    """The entry after it was forgotten. What the service itself said of a step is no text of a person's."""
    if scope is Scope.ALL:
        return log.without(entry, entry.salts)
    names = [log.REFERENCE]
    if entry.n == 1 or entry.by != log.SERVICE:
        names.append(log.WHY)
    if is_external(deletion):
        names += [log.FAILED, log.FIRST, IDS, RECORDS]
    return log.without(entry, names)
