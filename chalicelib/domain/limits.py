"""The safety limits: may this deletion run, and may it run now? Asked before its first call that deletes.

Size, share of the module, what the source may name in an hour and a day, approval, cool-off, in this order. A
dry run meets the first two only: what deletes nothing needs no approval and no wait.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain import quota
from chalicelib.domain.deletion import Approval, Deletion, Problem, moved
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status

#: What a deletion waits for while nobody has approved it.
APPROVAL = "approval"


class Kind(StrEnum):
    """What a limit does."""

    REFUSE = "refuse"  # it ends here
    ASK = "ask"  # a person has to approve this count
    AWAIT = "await"  # the person was asked and has not answered
    COOL_OFF = "cool off"  # not before its time


@dataclass(frozen=True, slots=True)
class Stop:
    """A limit holds it back. `problem`: why it is refused; `until`: when to look again at the latest (seconds
    since the epoch); `count`: what has to be approved.
    """

    kind: Kind
    problem: Problem | None = None
    until: float = 0.0
    count: int = 0


def needs_module_count(deletion: Deletion) -> bool:
    """Is there a limit that compares with the module? Delinking takes no record out of it."""
    delinks = deletion.request.operation is Operation.DELINK_RECORDS
    return deletion.limits.max_share is not None and not delinks


def stop(deletion: Deletion, size: int | None, module: int | None, now: float) -> Stop | None:
    """What holds the deletion at `now`; None where it may go on.

    `size`: records that it would take, None where they cannot be counted. `module`: records in the module,
    None where they cannot be counted or need not be.
    """
    refused = refusal(deletion, size, module)
    if refused is not None:
        return Stop(Kind.REFUSE, refused)
    if deletion.request.dry_run:
        return None
    return _unapproved(deletion, size, now) or _cooling(deletion, now)


def refusal(deletion: Deletion, size: int | None, module: int | None) -> Problem | None:
    """Why the deletion ends here, whatever was asked for before it; None where it need not."""
    limits = deletion.limits
    sharing = needs_module_count(deletion)
    if size is None:
        counted_for = sharing or limits.approve_above is not None
        return Problem("CANNOT_COUNT", 0) if counted_for or not limits.allow_uncounted else None
    if size > deletion.record_limit:
        return Problem("MAX_RECORDS", size)
    never = quota.never_fits(limits, size)
    if never:
        return Problem(never[0][0].value, size)
    if not sharing:
        return None
    if module is None:
        return Problem("CANNOT_COUNT", size)
    too_much = size > (limits.max_share or 0.0) * module
    return Problem("MAX_SHARE", size) if too_much else None


def _unapproved(deletion: Deletion, size: int | None, now: float) -> Stop | None:
    above, approval = deletion.limits.approve_above, deletion.approval
    # What its source has asked for before it that day counts too: many small ones are a large one.
    if above is None or size is None or size + (deletion.asked_before or 0) <= above:
        return None
    if approval is None:
        return Stop(Kind.ASK, count=size)
    if approval.approved_at is not None:
        # What was approved may have become less, not more.
        return Stop(Kind.ASK, count=size) if size > approval.count else None
    if now >= approval.expires_at:
        return Stop(Kind.REFUSE, Problem("APPROVAL_EXPIRED", size))
    return Stop(Kind.AWAIT, until=approval.expires_at)


def asked(deletion: Deletion, count: int, now: float, ends: float) -> Deletion:
    """The deletion waiting for the approval of `count` records, until `ends` (seconds since the epoch).

    An approval that was not given keeps its deadline when it is asked for again with another count.
    """
    before = deletion.approval
    unanswered = before is not None and before.approved_at is None
    ends = before.expires_at if before is not None and unanswered else ends
    deletion = moved(deletion, Status.AWAITING_APPROVAL, now, APPROVAL)
    return replace(deletion, approval=Approval(count, now, ends), waiting_told=True)


def still_waiting(deletion: Deletion, now: float) -> Stop | None:
    """What the deletion waits for by the clock alone: nothing need be asked of Zoho meanwhile."""
    approval = deletion.approval
    if deletion.status is Status.AWAITING_APPROVAL and approval is not None and approval.approved_at is None:
        return Stop(Kind.AWAIT, until=approval.expires_at) if now < approval.expires_at else None
    return None


def _cooling(deletion: Deletion, now: float) -> Stop | None:
    """A deletion waits for its first seconds, so that somebody who sees it can still cancel it."""
    until = deletion.created_at + deletion.limits.cool_off_seconds
    return Stop(Kind.COOL_OFF, until=until) if now < until else None
