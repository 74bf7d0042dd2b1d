"""Cancelling all that a source has asked for: one mark, which each deletion obeys with its next step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain import commands
from chalicelib.domain.callers import Caller
from chalicelib.domain.children import asked_no_later_than
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import iso
from chalicelib.domain.evidence.operators import What
from chalicelib.domain.operators import SourceCancel
from chalicelib.service.operators import listing
from chalicelib.service.operators.commands import Operators
from chalicelib.service.operators.org_settings import Orgs

#: For how long what is cancelled is looked for, to be told and woken (seconds).
LOOKED_FOR = 5.0


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was found meanwhile: deletions that the mark ends, and those whose job runs at Zoho. `more`: there
    was no time to look at all of them; the mark counts for these too.
    """

    cancelled: int = 0
    running: int = 0
    more: bool = False


def cancel(
    outside: Operators, orgs: Orgs, source: str, caller: Caller, clock: Callable[[], float]
) -> Cancelled:
    """Set the mark, then wake what is still to be done of the source, the newest first."""
    mark = SourceCancel(source, caller.arn, caller.now)
    after = {"accepted_until": iso(caller.now)}
    orgs.set_source_cancel(mark, caller.entry(What.SOURCE_CANCELLED, source, after=after))
    wanted = listing.Wanted(since=caller.now - listing.DEFAULT_SECONDS, source=source)
    until, place = clock() + LOOKED_FOR, None
    cancelled = running = 0
    while clock() < until:
        page = listing.page(outside.deletions, wanted, place, caller.now)
        for deletion in page.deletions:
            if not asked_no_later_than(deletion, mark.at):
                continue  # asked for since: the mark is not about it
            if _ends(deletion):
                cancelled += 1
                _wake(outside, deletion.id, caller.now)
            elif not deletion.is_final and not deletion.cancelled_by:
                running += 1
        place = page.following
        if place is None:
            return Cancelled(cancelled, running)
    return Cancelled(cancelled, running, more=True)


def _ends(deletion: Deletion) -> bool:
    return not deletion.is_final and not commands.not_cancellable(deletion)


def _wake(outside: Operators, deletion_id: str, now: float) -> None:
    outside.deletions.wake(deletion_id, now)  # one that is due needs no waking, and a worker all the same
    outside.nudges.nudge(deletion_id)
