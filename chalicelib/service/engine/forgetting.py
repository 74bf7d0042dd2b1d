"""Forgetting a deletion that has ended: its items in the table, and its records files in the bucket.

Nothing goes before a head names the operators' entry that says so: else what is missing from the bucket could
not be told from what somebody took away. Then each part is written anew without what is personal, the
deletion itself last. Whatever fails in between, the next turn does all of it again.
"""

from __future__ import annotations

from dataclasses import replace
from secrets import token_bytes

from chalicelib.domain import forgetting, log
from chalicelib.domain.callers import Caller
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.evidence.operators import What
from chalicelib.domain.evidence.receipt import records_prefix
from chalicelib.domain.forgetting import Scope
from chalicelib.domain.ids import SEED_BYTES
from chalicelib.service.engine.chunks import readable
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.engine.write import Write
from chalicelib.service.ports import Delivery, Part

#: Chunks, and log entries, that one write takes.
CHUNKS_AT_ONCE = 10
ENTRIES_AT_ONCE = 40


def carry_out(work: LeasedSlice) -> None:
    """Forget what is to be forgotten, as far as this turn may; its evidence is there, and where an entry says
    that it goes, a head that names it. Raises Unavailable.
    """
    deps, deletion = work.deps, work.deletion
    if not deps.forgets or (deps.evidence and deps.records is None):
        # A worker does it: this function has no way to the bucket.
        deps.nudges.nudge(deletion.id)
        work.save(Write(deletion, next_at=work.now, forget_at=work.now))
        return
    scope = Scope.ALL if deletion.forget_by else Scope.TEXTS
    if scope is Scope.TEXTS and forgetting.clears(deletion):
        if deps.records is not None:
            old = not forgetting.is_external(deletion)
            deps.records.remove(records_prefix(deletion.id), only_old=old)
        work.save(Write(replace(deletion, records_cleared=True)))
    elif not forgetting.is_noted(deletion):
        _note(work, scope)
    else:
        if scope is Scope.ALL and deps.records is not None:
            deps.records.remove(records_prefix(deletion.id))
        _forget(work, scope)


def _note(work: LeasedSlice, scope: Scope) -> None:
    """The operators' log says that it is forgotten, and the deletion that this has been said."""
    deletion = work.deletion
    by, told = deletion.forget_by or log.SERVICE, None
    if scope is Scope.TEXTS:
        files = "removed" if forgetting.is_external(deletion) else "kept"
        told = {"of": "external ids, reference, reason", "records_file": files}
    noted = Caller(by, work.now).entry(What.DELETION_FORGOTTEN, deletion.id, after=told)
    after, entry = log.append(
        replace(deletion, forget_noted=noted.id),
        log.FORGET_ASKED,
        work.now,
        stage=work.deps.stage,
        by=by,
        public=False,
    )
    work.save(Write(after, (entry,), noted=noted))


def _forget(work: LeasedSlice, scope: Scope) -> None:
    """Log entries go first: what has lost its salt is not held against what it was a hash of."""
    deletion = work.deletion
    _hashes(work, scope)
    _entries(work, scope)
    _chunks(work, scope)
    gone = forgetting.personal_parts(deletion) if scope is Scope.ALL else []
    by = deletion.forget_by or log.SERVICE
    after = forgetting.deletion_without(deletion, scope, work.now, token_bytes(SEED_BYTES).hex())
    after, entry = log.append(after, log.FORGOTTEN, work.now, stage=work.deps.stage, by=by, public=False)
    work.save(
        Write(
            after,
            (entry,),
            parts=tuple(Part(number, []) for number in gone),
            delivery=_delivery(work, deletion),
            forgotten=True,
        )
    )
    _hashes(work, scope)  # again: a digest may have been made of it meanwhile


def _hashes(work: LeasedSlice, scope: Scope) -> None:
    """What it is found by, as far as that is made of what goes."""
    deletion = work.deletion
    if scope is Scope.ALL or forgetting.is_external(deletion):
        external_only = scope is Scope.TEXTS
        work.ledger.forget_hashes(deletion.id, deletion.created_at, external_only=external_only)


def _chunks(work: LeasedSlice, scope: Scope) -> None:
    deletion = work.deletion
    for first in range(0, deletion.chunks, CHUNKS_AT_ONCE):
        numbers = range(first, min(first + CHUNKS_AT_ONCE, deletion.chunks))
        before = [chunk for chunk in (readable(work, number) for number in numbers) if chunk is not None]
        after = [forgetting.chunk_without(deletion, chunk, scope) for chunk in before]
        changed = tuple(chunk for chunk, was in zip(after, before, strict=True) if chunk != was)
        if changed:
            work.save(Write(work.deletion, chunks=changed, new_chunks=changed))


def _entries(work: LeasedSlice, scope: Scope) -> None:
    before = work.ledger.entries(work.deletion.id, 0)
    after = [forgetting.entry_without(work.deletion, entry, scope) for entry in before]
    changed = [entry for entry, was in zip(after, before, strict=True) if entry != was]
    for first in range(0, len(changed), ENTRIES_AT_ONCE):
        work.save(Write(work.deletion, tuple(changed[first : first + ENTRIES_AT_ONCE])))


def _delivery(work: LeasedSlice, deletion: Deletion) -> Delivery | None:
    """The delivery that it came with, without the hash of its body and without the reference."""
    found = bare_delivery(work, deletion)
    return None if found is None else replace(found, receipt={**found.receipt, "reference": None})


def bare_delivery(work: LeasedSlice, deletion: Deletion) -> Delivery | None:
    """The delivery that it came with, without the hash of its body: who knows the form of a body could try
    addresses until one has that hash. None where it came with none.
    """
    scope, _, delivery_id = deletion.delivered.partition("\n")
    found = work.ledger.find_delivery(scope, delivery_id) if delivery_id else None
    if found is None or found.deletion_id != deletion.id:
        return None
    return replace(found, body_hash="")
