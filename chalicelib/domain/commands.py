"""Which commands of an operator fit a deletion as it stands. The endpoint asks before it leaves a command;
whoever holds the deletion asks again before it does what the command says.

Each check returns why not, in words for the operator; "" where it fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from chalicelib.domain import by_view
from chalicelib.domain.by_view import Phase
from chalicelib.domain.deletion import Approval, Deletion
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status


class Do(StrEnum):
    """The commands."""

    CANCEL = "cancel"
    APPROVE = "approve"
    RESOLVE = "resolve"
    BRING_FORWARD = "bring_forward"
    FORGET = "forget"


class Outcome(StrEnum):
    """How a person resolves what is not known."""

    DONE = "done"
    NOT_DONE = "not_done"


def not_cancellable(deletion: Deletion) -> str:
    """Cancelling stops what has not been sent; a job at Zoho cannot be stopped.

    What needs attention may be cancelled too: it ends, and what is unknown stays unknown.
    """
    if deletion.status is Status.NEEDS_ATTENTION:
        return ""
    if deletion.is_final:
        return f"it has ended already: {deletion.status}"
    if deletion.cancelled_by:
        return "it is being cancelled already"
    if deletion.request.operation is not Operation.MASS_DELETE or deletion.by_ids:
        return ""
    progress = by_view.progress_of(deletion)
    if progress.open is not None or progress.lost:
        return "whether Zoho has started a job for it is not known yet"
    if progress.phase is Phase.RUN:
        return "its job runs at Zoho and cannot be stopped"
    if progress.intent_at and progress.round == 1:
        return "its job has ended, and what it did is being looked up"
    return ""


def cancels_attention(deletion: Deletion, command: Mapping[str, object]) -> bool:
    """True where `command` ("at": when it was given) is a cancel of a deletion that needs attention.

    A cancel from before that was about what had not been sent: whoever gave it has not seen what is unknown.
    """
    at, ended = command.get("at"), deletion.finished_at
    if deletion.status is not Status.NEEDS_ATTENTION or ended is None:
        return False
    return isinstance(at, int | float) and at >= ended


@dataclass(frozen=True, slots=True)
class Given:
    """What an operator approves: so many records; of an erasure the map with this hash, and the shared values
    (pointers) that mean its person.
    """

    count: int
    map_hash: str = ""
    shared: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """As it stands in a command."""
        of_a_map = {"map_hash": self.map_hash, "shared": list(self.shared)} if self.map_hash else {}
        return {"count": self.count, **of_a_map}


def given_by(command: Mapping[str, object]) -> Given:
    """What a command approves."""
    shared, known = command.get("shared"), command.get("map_hash")
    values = tuple(map(str, shared)) if isinstance(shared, list) else ()
    return Given(_whole(command.get("count")), known if isinstance(known, str) else "", values)


def _another_map(deletion: Deletion, approval: Approval, given: Given) -> str:
    """Why what is given is not for the map that waits; "" where it is."""
    if given.map_hash != approval.map_hash:
        if not approval.map_hash:
            return "it has no map: approve it by its count alone"
        if not given.map_hash:
            return "it is an erasure: read its map, and name its map_hash beside the count"
        return "its map is another one by now: read it, and approve its map_hash"
    listed: Any = deletion.erasure.get("shared", ())
    shared = {str(each.get("value")) for each in listed}
    return "" if set(given.shared) <= shared else "shared names a value that no other record shares"


def not_approvable(deletion: Deletion, given: Given, now: float) -> str:
    """An approval is for one deletion and one count, within its time, once; of an erasure for one map."""
    approval = deletion.approval
    if deletion.status is not Status.AWAITING_APPROVAL or approval is None:
        return f"it does not wait for an approval: {deletion.status}"
    if approval.approved_at is not None:
        return "it was approved already"
    if now >= approval.expires_at:
        return "the time for its approval is over"
    if approval.count != given.count:
        return f"its count is {approval.count}"
    return _another_map(deletion, approval, given)


def approved(deletion: Deletion, command: Mapping[str, object]) -> Deletion | None:
    """The deletion with its approval given by `command`; None where that is about another one.

    `command`: "at" (when it was given), "count" and "asked_at" of the approval meant, "by".
    """
    approval, at = deletion.approval, command.get("at")
    if approval is None or not isinstance(at, int | float) or approval.asked_at != command.get("asked_at"):
        return None
    given = given_by(command)
    if not_approvable(deletion, given, at):
        return None
    by = str(command.get("by", ""))
    answered: Approval = replace(approval, approved_at=float(at), by=by, shared=given.shared)
    return replace(deletion, approval=answered)


def not_resolvable(deletion: Deletion) -> str:
    """Only what nobody but a person can know."""
    if deletion.status is Status.NEEDS_ATTENTION:
        return ""
    return f"it does not need attention: {deletion.status}"


def not_to_bring_forward(deletion: Deletion, now: float) -> str:
    """Only what still waits for its undo window can be done sooner."""
    if deletion.is_final:
        return f"its permanent deletion has ended: {deletion.status}"
    if deletion.cancelled_by:
        return "its permanent deletion is being cancelled"
    waits = deletion.not_before is not None and now < deletion.not_before
    return "" if waits else "its permanent deletion is under way already"


def not_retryable(deletion: Deletion) -> str:
    """A retry takes ids that failed or are unknown."""
    if not deletion.is_final:
        return f"it has not ended: {deletion.status}"
    if forgotten(deletion):
        return "its ids were forgotten: ask for them again"
    if deletion.request.operation is Operation.ERASE_PERSON and deletion.texts_forgotten_at is not None:
        return "what its records were known by was forgotten: ask for the erasure again"
    if not deletion.id_count:
        return "Zoho does not tell the ids of a view's job: ask for the view again"
    counts = deletion.counts
    return "" if counts.failed or counts.unknown else "none of its ids failed or is unknown"


def forgotten(deletion: Deletion) -> bool:
    """Are the ids that it was asked for gone, or will they be in a moment?"""
    external = deletion.request.external_id_field is not None and deletion.texts_forgotten_at is not None
    return bool(deletion.forgotten_at or deletion.forget_by) or external


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
