"""What operators do about the recycle bin: restore what a deletion took, or delete it for good now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from chalicelib.domain import children, commands, took
from chalicelib.domain.callers import Caller, asked_for_it
from chalicelib.domain.commands import Do
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import NotAllowed, WrongState
from chalicelib.domain.evidence.operators import What
from chalicelib.domain.outcomes import CHUNK_SIZE
from chalicelib.domain.request import NOT_ITS, Limits, Operation, Request
from chalicelib.domain.source import OPERATOR
from chalicelib.domain.status import Status
from chalicelib.service.intake.accept import IntakeRequest, accept
from chalicelib.service.operators import recyclable
from chalicelib.service.operators.commands import Operators, leave, read
from chalicelib.service.operators.family import with_children

#: Ids that one of these deletions takes: 20 chunks, as much as one transaction may well hold.
MOST_IDS = 20 * CHUNK_SIZE
NOTHING = "nothing of what it deleted can come back"


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
    known = recyclable.known(outside.deletions, parent)
    if asked.ids is None and not known.whole:
        raise WrongState("a part of its outcomes cannot be read: name the ids that are meant")
    until = recyclable.not_back(outside.deletions, parent, known)
    if asked.ids is not None:
        until = recyclable.named(parent, until, asked.ids, known, caller.now)
    if not until or all(at == NOT_ITS for at in until.values()):
        raise WrongState(NOTHING if asked.ids is None else "none of these ids is one that it deleted")
    return _made(outside, parent, Operation.RESTORE, until, asked, caller)


def delete_permanently(outside: Operators, deletion_id: str, asked: Asked, caller: Caller) -> Deletion:
    """Delete for good what the deletion took: the one that waits for it is brought forward, and one is made
    for what none was made for.

    Raises Missing, WrongState, or NotAllowed for who asked for the deletion.
    """
    parent = _ended(outside, deletion_id)
    if outside.four_eyes and not asked.dry_run and asked_for_it(parent, caller.arn):
        raise NotAllowed("who asked for a deletion cannot make it permanent: another operator has to")
    [told] = with_children(outside.deletions, [parent])
    going = [c for c in told.children if c.operation is Operation.DELETE_PERMANENTLY and c.status in _GOING]
    over = caller.now >= took.ended_at(parent, caller.now) + children.DAYS_IN_BIN * children.DAY
    if going and not asked.dry_run:
        left = {} if over else _first(recyclable.without_child(outside.deletions, parent))
        return _brought_forward(outside, parent, [child.id for child in going], left, asked, caller)
    if over:
        raise WrongState(f"Zoho itself has deleted it for good, after {children.DAYS_IN_BIN} days")
    known = recyclable.known(outside.deletions, parent)
    if not known.whole:
        raise WrongState(
            "a part of its outcomes cannot be read, so not all that it deleted is known: "
            "what is meant can be deleted for good in Zoho's recycle bin"
        )
    until = recyclable.not_back(outside.deletions, parent, known)
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


def _brought_forward(
    outside: Operators,
    parent: Deletion,
    child_ids: Sequence[str],
    left: Mapping[str, float],
    asked: Asked,
    caller: Caller,
) -> Deletion:
    """Those that wait, and a new one for what is `left`; the first of them is told. Raises WrongState where
    none waits and nothing is left.
    """
    try:
        brought = _bring_forward(outside, parent.id, child_ids, caller)
    except WrongState:
        if not left:
            raise
        return _made(outside, parent, Operation.DELETE_PERMANENTLY, left, asked, caller)
    if left:
        _made(outside, parent, Operation.DELETE_PERMANENTLY, left, asked, caller)
    return brought


def _first(until: Mapping[str, float]) -> dict[str, float]:
    """As many as one takes."""
    return dict(islice(until.items(), MOST_IDS))


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
        raise WrongState(f"it is about {len(until)} records, and one call takes {MOST_IDS}: name their ids")
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
        raise WrongState("it was asked for a moment ago: look at its status before you ask again")
    return receipt.stored
