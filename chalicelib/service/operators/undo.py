"""What operators do about the recycle bin: restore what a deletion took, or delete it for good now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from chalicelib.domain import children, commands, took
from chalicelib.domain.callers import Caller, asked_for_it
from chalicelib.domain.commands import Do
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Field, NotAllowed, NotValid, Unreadable, WrongState
from chalicelib.domain.evidence.operators import What
from chalicelib.domain.ids import RECORD_ID_WORDS, is_record_id
from chalicelib.domain.outcomes import CHUNK_SIZE, Chunk, Mark
from chalicelib.domain.request import NOT_ITS, Limits, Operation, Request
from chalicelib.domain.source import OPERATOR
from chalicelib.domain.status import Status
from chalicelib.service.intake.accept import IntakeRequest, accept
from chalicelib.service.operators.commands import Operators, leave, read
from chalicelib.service.operators.family import with_children
from chalicelib.service.ports import Call

#: Ids that one of these deletions takes: 20 chunks, as much as one transaction may well hold.
MOST_IDS = 20 * CHUNK_SIZE
#: Calls of the ledger that are read at once.
CALLS_AT_ONCE = 1000
NOTHING = "nothing of what it deleted can come back"


class Records(Protocol):
    """The part of the ledger that tells which ids a deletion took."""

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        """A chunk of its ids with their outcomes so far."""

    def calls(self, deletion_id: str, numbers: Sequence[int]) -> list[Call]:
        """Ledger entries of the calls with these numbers."""

    def get_many(self, deletion_ids: Sequence[str]) -> Mapping[str, Deletion]:
        """Those of the deletions that are there and can be read, by id."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator asks for. `ids`: record ids, or external ones as the deletion was asked for; None for
    all that can come back.
    """

    ids: tuple[str, ...] | None = None
    dry_run: bool = False
    reason: str | None = None


def restore(outside: Operators, deletion_id: str, asked: Asked, caller: Caller) -> Deletion:
    """A new deletion that restores what the deletion took. Raises Missing or WrongState."""
    parent = _ended(outside, deletion_id)
    if asked.ids is None and parent.request.operation is Operation.MASS_DELETE and not parent.frozen:
        raise WrongState("its view was not frozen, so its records are not known: name their ids")
    if caller.now >= children.restorable_until(parent):
        raise WrongState(f"{NOTHING}: Zoho keeps it for {children.DAYS_IN_BIN} days")
    until = _can_come_back(outside.deletions, parent)
    if asked.ids is not None:
        until = _named(parent, until, asked.ids, _records(outside.deletions, parent), caller.now)
    if not until or all(at == NOT_ITS for at in until.values()):
        raise WrongState(NOTHING if asked.ids is None else "none of these ids is one that it deleted")
    return _made(outside, parent, Operation.RESTORE, until, asked, caller)


def delete_permanently(outside: Operators, deletion_id: str, asked: Asked, caller: Caller) -> Deletion:
    """Delete for good what the deletion took: the one that waits for it is brought forward, or a new one is
    made.

    Raises Missing, WrongState, or NotAllowed for who asked for the deletion.
    """
    parent = _ended(outside, deletion_id)
    if outside.four_eyes and not asked.dry_run and asked_for_it(parent, caller.arn):
        raise NotAllowed("who asked for a deletion cannot make it permanent: another operator has to")
    [whole] = with_children(outside.deletions, [parent])
    going = [c for c in whole.children if c.operation is Operation.DELETE_PERMANENTLY and c.status in _GOING]
    if going and not asked.dry_run:
        return _bring_forward(outside, parent.id, [child.id for child in going], caller)
    if caller.now >= took.ended_at(parent, caller.now) + children.DAYS_IN_BIN * children.DAY:
        raise WrongState(f"Zoho itself has deleted it for good, after {children.DAYS_IN_BIN} days")
    until = _can_come_back(outside.deletions, parent)
    if not until:
        raise WrongState("nothing of what it deleted is left in the recycle bin by its doing")
    return _made(outside, parent, Operation.DELETE_PERMANENTLY, until, asked, caller)


_WHAT = {
    Operation.RESTORE: What.DELETION_RESTORED,
    Operation.DELETE_PERMANENTLY: What.DELETION_PERMANENT,
}
_GOING = frozenset({Status.ACCEPTED, Status.WAITING, Status.RUNNING})


def _ended(outside: Operators, deletion_id: str) -> Deletion:
    """A deletion that put records into the bin, or may have. Raises Missing or WrongState."""
    parent = read(outside, deletion_id)
    if not parent.is_final:
        raise WrongState(f"it has not ended: {parent.status}")
    if parent.forgotten_at or parent.forget_by:
        raise WrongState("its ids were forgotten: what it deleted is not known any more")
    if not children.may_come_back(parent) and not children.may_have_taken_more(parent):
        raise WrongState(f"it deleted nothing that lies in the recycle bin: {NOTHING}")
    return parent


def _bring_forward(outside: Operators, parent_id: str, child_ids: Sequence[str], caller: Caller) -> Deletion:
    """Each one that waits, whatever became of the others; the first of them is told."""

    def judged(deletion: Deletion) -> Mapping[str, object]:
        why_not = commands.not_to_bring_forward(deletion, caller.now)
        if why_not:
            raise WrongState(why_not)
        return {"do": Do.BRING_FORWARD.value}

    brought, why_not = [], WrongState("its permanent deletion is under way already")
    for child_id in child_ids:
        try:
            brought.append(leave(outside, child_id, caller, What.DELETION_PERMANENT, judged, parent_id))
        except WrongState as problem:
            why_not = problem
    if not brought:
        raise why_not
    return brought[0]


def _can_come_back(records: Records, parent: Deletion) -> dict[str, float]:
    """What it deleted and no child has brought back, or deleted for good, since."""
    if not children.may_come_back(parent):
        return {}
    calls = [
        call
        for first in range(1, parent.calls + 1, CALLS_AT_ONCE)
        for call in records.calls(parent.id, range(first, min(first + CALLS_AT_ONCE, parent.calls + 1)))
    ]
    ended_at = took.ended_at(parent, parent.updated_at)
    found = took.deleted_by_it(parent, _chunks(records, parent), calls, ended_at)
    for child in records.get_many([each.id for each in parent.children]).values() if parent.children else ():
        for chunk in _chunks(records, child):
            for position in chunk.at(Mark.DELETED, Mark.ABSENT, Mark.RESTORED, Mark.PRESENT):
                [name] = children.names_in_parent(parent, child, [chunk.ids[position]])
                found.pop(name, None)
    return found


def _chunks(records: Records, deletion: Deletion) -> Iterator[Chunk]:
    for number in range(deletion.chunks):
        try:
            yield records.chunk(deletion.id, number)
        except Unreadable:
            raise WrongState("a part of its outcomes cannot be read: name the ids that are meant") from None


def _records(records: Records, parent: Deletion) -> dict[str, str]:
    """Record ids by the ids that it names."""
    external = bool(parent.request.external_id_field)
    found: dict[str, str] = {}
    for chunk in _chunks(records, parent) if external else ():
        found |= {chunk.ids[position]: record for position, record in chunk.records.items()}
    return found


def _named(
    parent: Deletion, until: Mapping[str, float], ids: Sequence[str], records: Mapping[str, str], now: float
) -> dict[str, float]:
    """Each of the ids with its time; NOT_ITS for what the parent did not delete. A job may have taken more
    than was listed: what the bin shows of such an id has to lie within the job's time.
    """
    of_job = NOT_ITS
    if children.may_have_taken_more(parent):
        ended = parent.job_ended_at if parent.job_ended_at is not None else parent.finished_at
        of_job = now if ended is None else ended
    names = _names(parent, until)
    found = {}
    for number, one in enumerate(ids):
        record = records.get(one, one)
        # An external id that names no record of its own is skipped, as any other id that it did not delete.
        if not is_record_id(record) and not parent.request.external_id_field:
            raise NotValid("the request is not valid", (Field(f"/ids/{number}", RECORD_ID_WORDS),))
        name = names(record)
        found[name] = until.get(name, of_job)
    return found


def _names(parent: Deletion, until: Mapping[str, float]) -> Callable[[str], str]:
    """From a record id to its name among the parent's: an erasure names the module too, any for an id that
    is not its own.
    """
    if parent.request.operation is not Operation.ERASE_PERSON:
        return lambda record: record
    known = {name.rpartition("/")[2]: name for name in until}
    module = next(iter(until)).rpartition("/")[0] if until else "Contacts"
    return lambda record: known.get(record, f"{module}/{record}")


def _made(
    outside: Operators,
    parent: Deletion,
    operation: Operation,
    until: Mapping[str, float],
    asked: Asked,
    caller: Caller,
) -> Deletion:
    """The new deletion; of an erasure one for each module, of which the first is told."""
    if len(until) > MOST_IDS:
        raise WrongState(f"{len(until)} ids are more than one takes: name up to {MOST_IDS} of them")
    several = parent.request.operation is Operation.ERASE_PERSON
    made = [
        _accepted(
            outside,
            parent,
            replace(
                children.request_of(parent, operation, ids, module if several else None),
                dry_run=asked.dry_run,
                reason=asked.reason,
            ),
            caller,
        )
        for module, ids in children.by_module(parent, until).items()
    ]
    return made[0]


def _accepted(outside: Operators, parent: Deletion, request: Request, caller: Caller) -> Deletion:
    operation = request.operation
    # No sender can have such a delivery id: theirs are of visible characters. Each call makes a deletion.
    delivery_id = f"{operation} of {parent.id} {outside.acceptance.random(16).hex()}"
    order = IntakeRequest(
        source=OPERATOR,
        delivery_id=delivery_id,
        body_hash=delivery_id,
        request=request,
        limits=Limits(max_records=len(request.ids)),
        asked_by=caller.arn,
        noted=lambda made: caller.entry(
            _WHAT[operation],
            parent.id,
            {"status": parent.status.value},
            {"deletion": made.id, "records": len(request.ids), "dry_run": request.dry_run},
        ),
    )
    receipt = accept(outside.acceptance, order, caller.now)
    if receipt.stored is None:
        raise WrongState("it was asked for a moment ago")
    return receipt.stored
