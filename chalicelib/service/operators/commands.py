"""What operators do: cancel, approve, resolve and retry a deletion. Holds, pauses and the list are in
org_settings.py and listing.py.

A command is left beside the deletion and done by whoever works on it. It is left only where the deletion is
still as it was when the command was judged, so a yes is a yes: what the operator was told cannot be overtaken
by a worker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from chalicelib.domain import commands
from chalicelib.domain.callers import Caller, asked_for_it
from chalicelib.domain.commands import Do, Given, Outcome
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Field, Missing, NotAllowed, Unavailable, Unreadable, WrongState
from chalicelib.domain.evidence import operators
from chalicelib.domain.evidence.operators import What
from chalicelib.domain.operators import Snapshot
from chalicelib.domain.outcomes import CHUNK_SIZE, Chunk, Mark
from chalicelib.domain.request import Operation
from chalicelib.service.intake.accept import Acceptance, IntakeRequest, Receipt, accept, replay, replayed
from chalicelib.service.messaging import Nudges
from chalicelib.service.ports import Call

#: How often a command is judged anew where the deletion is written at the same moment.
TRIES = 8
#: Ids that one retry takes: 20 chunks, as much as one transaction may well hold.
MOST_RETRIED = 20 * CHUNK_SIZE


class Deletions(Protocol):
    """The part of the ledger that operators need."""

    def snapshot(self, deletion_id: str) -> Snapshot | None:
        """The deletion as it lies there, strongly consistent. Raises Unreadable."""

    def command(
        self, snapshot: Snapshot, command: Mapping[str, object], now: float, noted: operators.Entry
    ) -> bool:
        """Leave a command with its entry of the operators' log, and make the deletion due at once, final or
        not. False, and nothing is written, where the deletion is another one by now, or has more commands,
        than in `snapshot`.
        """

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        """A chunk of its ids with their outcomes so far."""

    def calls(self, deletion_id: str, numbers: Sequence[int]) -> list[Call]:
        """Ledger entries of the calls with these numbers."""

    def listed(self, day: str, before: tuple[str, str] | None, limit: int) -> Sequence[tuple[str, str]]:
        """(created_at, id) of up to `limit` deletions accepted on `day` (yyyy-mm-dd), newest first, those
        after `before`. Eventually consistent.
        """

    def wake(self, deletion_id: str, now: float) -> bool:
        """See ports.Ledger."""

    def get_many(self, deletion_ids: Sequence[str]) -> Mapping[str, Deletion]:
        """Those of the deletions that are there and can be read, by id."""


@dataclass(frozen=True, slots=True)
class Operators:
    """What operators work with. `four_eyes`: who asked for a deletion can neither approve it nor make it
    final.
    """

    deletions: Deletions
    nudges: Nudges
    acceptance: Acceptance
    four_eyes: bool = True


def read(outside: Operators, deletion_id: str) -> Deletion:
    """The deletion as it stands. Raises Missing."""
    return _snapshot(outside, deletion_id).deletion


def cancel(outside: Operators, deletion_id: str, caller: Caller) -> Deletion:
    """Ask for what has not been sent to be cancelled, or for what needs attention to be left as it is.

    Raises Missing or WrongState.
    """

    def judged(deletion: Deletion) -> Mapping[str, object]:
        _unless(commands.not_cancellable(deletion))
        return {"do": Do.CANCEL.value}

    return leave(outside, deletion_id, caller, What.DELETION_CANCELLED, judged)


def approve(outside: Operators, deletion_id: str, given: Given, caller: Caller) -> Deletion:
    """Approve what `given` says. Raises Missing, NotAllowed for who asked for it, or WrongState."""

    def judged(deletion: Deletion) -> Mapping[str, object]:
        _unless(commands.not_approvable(deletion, given, caller.now))
        own = asked_for_it(deletion, caller.arn) if outside.four_eyes else ""
        if own:
            problem = f"{own} cannot approve it: another operator has to"
            raise NotAllowed("this caller may not approve this deletion", (Field("", problem),))
        asked_at = deletion.approval.asked_at if deletion.approval else 0.0
        return {"do": Do.APPROVE.value, "asked_at": asked_at, **given.to_json()}

    return leave(outside, deletion_id, caller, What.DELETION_APPROVED, judged)


def resolve(outside: Operators, deletion_id: str, outcome: Outcome, note: str, caller: Caller) -> Deletion:
    """Say what became of a deletion that needs attention. Raises Missing or WrongState."""

    def judged(deletion: Deletion) -> Mapping[str, object]:
        _unless(commands.not_resolvable(deletion))
        return {"do": Do.RESOLVE.value, "outcome": outcome.value, "note": note}

    return leave(outside, deletion_id, caller, What.DELETION_RESOLVED, judged)


#: What of a command the operators' log tells: nothing that could be about the person.
_TOLD = frozenset({"count", "outcome"})


def _unless(why_not: str) -> None:
    if why_not:
        raise WrongState(why_not)


def leave(
    outside: Operators,
    deletion_id: str,
    caller: Caller,
    what: What,
    judged: Callable[[Deletion], Mapping[str, object]],
    target: str = "",
    told: Mapping[str, str] | None = None,
) -> Deletion:
    """Leave the command that `judged` makes of the deletion, on exactly the deletion that it judged.

    `what`, `target`: for the operators' log; the target is the deletion itself where none is named. `told`:
    what its entry says of what is after it, beside the command.
    """
    for _ in range(TRIES):
        seen = _snapshot(outside, deletion_id)
        wanted = judged(seen.deletion)
        if not _asked_already(seen, wanted):
            # Clocks differ: a command about how a deletion ended is never older than its end.
            at = max(caller.now, seen.deletion.finished_at or 0.0)
            after = {name: value for name, value in wanted.items() if name in _TOLD} | dict(told or {})
            if target:
                after["deletion"] = deletion_id
            before = {"status": seen.deletion.status.value}
            noted = caller.entry(what, target or deletion_id, before, after or None)
            command = {**wanted, "by": caller.arn, "at": at}
            if what is What.DELETION_FORGOTTEN:  # nothing goes before a head names it
                command["noted"] = noted.id
            if not outside.deletions.command(seen, command, caller.now, noted):
                continue
        outside.nudges.nudge(deletion_id)
        return seen.deletion
    raise Unavailable("table", "the deletion is being written all the time")


def _snapshot(outside: Operators, deletion_id: str) -> Snapshot:
    seen = outside.deletions.snapshot(deletion_id)
    if seen is None:
        raise Missing(deletion_id)
    return seen


#: What a command that is left already would undo.
_UNDONE_BY = {"cancel": {"approve", "resolve", "bring_forward"}, "resolve": {"cancel"}}


def _asked_already(seen: Snapshot, wanted: Mapping[str, object]) -> bool:
    """Is the same command waiting to be done? Raises WrongState where one is that this does not go with."""
    for waiting in seen.commands:
        if wanted["do"] in _UNDONE_BY.get(str(waiting.get("do")), ()):
            raise WrongState(f"another one is being done: {waiting['do']}")
        if waiting.get("do") == wanted["do"]:
            _unless("" if dict(waiting) | dict(wanted) == dict(waiting) else "another one is being done")
            return True
    return False


def retry_delivery(deletion_id: str) -> str:
    """The delivery id of the deletion's retry. No sender can have such a one: theirs are of visible
    characters.
    """
    return f"retry of {deletion_id}"


def retry(outside: Operators, deletion_id: str, caller: Caller) -> Receipt:
    """A new deletion of the ids that failed or are unknown; the same one, however often it is asked for.

    It keeps the limits that the first one had, and comes from the same source. Raises Missing or WrongState.
    """
    deletion = _snapshot(outside, deletion_id).deletion
    delivery_id = retry_delivery(deletion_id)
    before = replay(outside.acceptance.deliveries, deletion.source, delivery_id, delivery_id, caller.now)
    if before is not None:
        return replayed(before)
    _unless(commands.not_retryable(deletion))
    found = _to_retry(outside, deletion)
    ids = tuple(found)
    _unless("" if ids else "none of its ids is marked as failed or unknown: ask for them again")
    _unless("" if len(ids) <= MOST_RETRIED else f"{len(ids)} ids are more than one retry takes")
    erases = deletion.request.operation is Operation.ERASE_PERSON
    by_view = deletion.frozen and not erases and deletion.request.operation is not Operation.DELINK_RECORDS
    request = replace(
        deletion.request,
        operation=Operation.DELETE_RECORDS if by_view else deletion.request.operation,
        ids=() if erases else ids,  # a map's entries are read by the retry itself
        until=tuple(at for at in found.values() if at is not None),
        cvid=None,
    )
    asked = IntakeRequest(
        source=deletion.source,
        delivery_id=delivery_id,
        body_hash=delivery_id,
        request=request,
        limits=deletion.limits,
        asked_by=caller.arn,
        retry_of=deletion_id,
        noted=lambda made: caller.entry(
            What.DELETION_RETRIED,
            deletion_id,
            {"status": deletion.status.value},
            {"deletion": made.id, "records": len(ids)},
        ),
    )
    return accept(outside.acceptance, asked, caller.now)


def _to_retry(outside: Operators, deletion: Deletion) -> dict[str, float | None]:
    """All of them or none: what one retry leaves out no other one can take. With their times of `until`,
    where they have any.
    """
    chunks = (outside.deletions.chunk(deletion.id, number) for number in range(deletion.chunks))
    try:
        return {
            chunk.ids[at]: chunk.until[at] if chunk.until else None
            for chunk in chunks
            for at in chunk.at(Mark.FAILED, Mark.UNKNOWN)
        }
    except Unreadable:
        raise WrongState(
            "a part of its outcomes cannot be read: ask for the ids again that are meant"
        ) from None
