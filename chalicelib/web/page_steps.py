"""What can be done about a deletion as it stands, as words and a command to copy.

What is offered is what the service would allow: the same checks decide (domain/commands.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.domain import children, commands
from chalicelib.domain.deletion import Approval, Deletion
from chalicelib.domain.document import iso
from chalicelib.domain.limits import APPROVAL
from chalicelib.domain.request import OF_THE_BIN, Operation
from chalicelib.domain.status import Status
from chalicelib.web import page_words as words


@dataclass(frozen=True, slots=True)
class Step:
    """`says`: who can do what, until when. `commands`: to be copied, one by one; there may be none."""

    says: str
    commands: tuple[str, ...] = ()


def steps(deletion: Deletion, stage: str, now: float) -> list[Step]:
    """What can be done next, what is wanted most first. `stage` is "" for the local one."""
    on = f" --stage {stage}" if stage else ""
    return [
        *_decide(deletion, on, now),
        *_settle(deletion, on),
        *_bin(deletion, on, now),
        *_stop(deletion, on),
    ]


def evidence(deletion: Deletion, stage: str) -> Step | None:
    """How to get the signed receipt of what has ended, and check it; None before."""
    if not deletion.is_final:
        return None
    on, folder = f" --stage {stage}" if stage else "", f"receipt-{deletion.id}"
    return Step(
        "Its signed receipt is written within two minutes of the end. An operator or auditor gets it with its"
        " files by the first command; the second checks them, without Expunge's servers and without AWS.",
        (f"expunge receipt {deletion.id} --output {folder}{on}", f"expunge receipt verify {folder}"),
    )


def _decide(deletion: Deletion, on: str, now: float) -> Iterator[Step]:
    approval = deletion.approval
    asked = None if approval is None else commands.Given(approval.count, approval.map_hash)
    if approval is not None and asked is not None and not commands.not_approvable(deletion, asked, now):
        yield Step(
            f"Until {iso(approval.expires_at)} an operator can approve {_approved(deletion, approval)}."
            " Who asked for it cannot, unless the stage allows that. Nothing is deleted before the approval;"
            " without one it ends refused.",
            (f"expunge approve {deletion.id} --count {approval.count}{_map(approval)}{on}",),
        )
    elif deletion.waiting_for == "zoho credentials":
        yield Step("An operator renews the org's credentials.", (f"expunge setup{on}",))
    elif deletion.waiting_for == "pause":
        yield Step("An operator sees what is paused, why and by whom.", (f"expunge pause --status{on}",))


def _approved(deletion: Deletion, approval: Approval) -> str:
    """What is approved; of an erasure, what has to be known before it."""
    records = words.counted(approval.count, "record")
    if not approval.map_hash:
        return f"exactly {records}"
    shared = (
        " Name with --shared each shared value that means this person."
        if deletion.erasure.get("shared")
        else ""
    )
    return (
        f"exactly this map of {records}.{shared} A restore brings records back, but not what was unlinked or"
        " cleared"
    )


def _map(approval: Approval) -> str:
    return f" --map-hash {approval.map_hash}" if approval.map_hash else ""


def _settle(deletion: Deletion, on: str) -> Iterator[Step]:
    counts, request = deletion.counts, deletion.request
    if not commands.not_resolvable(deletion):
        unknown = words.counted(counts.unknown, "record")
        of = f" of {unknown}" if counts.unknown else ""
        resolve = f"expunge resolve {deletion.id} --outcome"
        yield Step(
            f"An operator looks in Zoho for what became{of}, and then says which it was.",
            (f"{resolve} done{on}", f"{resolve} not_done{on}"),
        )
    elif not commands.not_retryable(deletion) and not request.dry_run:
        again = words.counted(counts.failed + counts.unknown, "record")
        yield Step(
            f"When the cause is gone, an operator can ask again for {again} that failed or are unknown.",
            (f"expunge retry {deletion.id}{on}",),
        )
    if request.dry_run and deletion.status is Status.COMPLETED and request.operation not in OF_THE_BIN:
        yield Step(_for_real(deletion))
    if deletion.status is Status.REFUSED:
        what = "apply the policy again" if request.operation is Operation.PURGE else "send a new request"
        yield Step(f"Do what the problems below say, then {what}. This one stays refused.")


def _for_real(deletion: Deletion) -> str:
    if deletion.request.operation is Operation.PURGE:
        return "Apply the policy without `dry_run` to have its runs delete."
    return "To delete, send the same request again without `dry_run`, as a new delivery."


def _bin(deletion: Deletion, on: str, now: float) -> Iterator[Step]:
    counts, request = deletion.counts, deletion.request
    listed, until = children.may_come_back(deletion), children.restorable_until(deletion)
    of_view = request.operation is Operation.MASS_DELETE and deletion.is_final and not request.dry_run
    if not (listed or of_view) or not counts.deleted or now >= until:
        return
    if not listed:
        yield Step(
            f"Until {iso(until)} an operator can restore what it deleted. The view was not listed, so the ids"
            " have to be named: Zoho's recycle bin shows them.",
            (f"expunge restore {deletion.id} RECORD_ID{on}",),
        )
        return
    gone = sum(child.done for child in deletion.children)
    if gone >= counts.deleted:
        return
    at = children.permanent_at(deletion)
    if at is None:
        ends = "; then Zoho deletes it for good"
    elif now < at:
        until, ends = at, "; then it is deleted for good"
    else:
        return
    yield Step(
        f"Until {iso(until)} an operator can restore what it deleted{ends}.",
        (f"expunge restore {deletion.id}{on}",),
    )


def _stop(deletion: Deletion, on: str) -> Iterator[Step]:
    if deletion.is_final or commands.not_cancellable(deletion):
        return
    if deletion.waiting_for == APPROVAL:
        says = "Or an operator can end it without deleting anything."
    elif deletion.request.operation is Operation.DELETE_PERMANENTLY:
        says = "An operator can stop it: what was not sent to Zoho stays in the recycle bin."
    else:
        says = "An operator can stop what was not sent to Zoho yet."
    yield Step(says, (f"expunge cancel {deletion.id}{on}",))
