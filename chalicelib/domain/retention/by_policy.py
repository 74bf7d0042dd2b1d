"""A policy's run until its selection is frozen: where the reading stands, and why it may not be begun."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.status import Status

#: The run before was still going; the policy itself cannot be read any more.
STILL_GOING = "PREVIOUS_RUN_ACTIVE"
BROKEN = "POLICY_BROKEN"
#: A policy's run can no longer be approved so long before the next one (seconds): by then an answer that is
#: on its way has arrived.
LAST_ANSWER = 60.0


@dataclass(frozen=True, slots=True)
class RunProgress:
    """Where a run's selection stands.

    `token`: Zoho's name of a view's next page; `last`: the id behind which a query goes on. `restarts`: how
    often the reading began anew. `converted`: leads that were left out, as Zoho keeps converted ones.
    `refuse`: a code that the run ends with before anything is read. `code` and `message`: what stood in its
    way last.
    """

    token: str | None = None
    last: str | None = None
    restarts: int = 0
    converted: int = 0
    refuse: str = ""
    code: str = ""
    message: str = ""

    def to_json(self) -> dict[str, object]:
        """As it is stored in the deletion."""
        return asdict(self)


def progress_of(deletion: Deletion) -> RunProgress:
    """The stored progress, or a fresh one."""
    stored: dict[str, Any] = dict(deletion.progress)
    return RunProgress(**stored)


def approval_ends(deletion: Deletion, now: float, longest: float) -> float:
    """Until when an approval that is asked for at `now` can be given, `longest` seconds at the longest.

    That of a policy's run ends before the policy's next run, which asks anew, by a count of its own. Where
    that time has passed already, it lasts as long as there was between the two runs.
    """
    following = deletion.request.next_run
    if following is None or following <= deletion.created_at:  # the latter: a retry of a run of long ago
        return now + longest
    ends = following - LAST_ANSWER
    if ends <= now:
        ends = now + max(following - deletion.created_at - LAST_ANSWER, LAST_ANSWER)
    return min(ends, now + longest)


def unanswered(deletion: Deletion, now: float) -> bool:
    """Has the time for its approval ended without an answer, so that nothing of it will be deleted?"""
    approval = deletion.approval
    if deletion.status is not Status.AWAITING_APPROVAL or approval is None:
        return False
    return approval.approved_at is None and now >= approval.expires_at
