"""Reports what does not move: a deletion that one worker after the other fails on, and one that no worker
takes.

Nobody has to change the table by hand: such a deletion is claimed again when its lease has ended, an overdue
one is nudged by every poll, and both are logged and counted as metrics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.service.engine.deps import Deps
from chalicelib.service.engine.slice import LeasedSlice

#: Claims in a row, without the deletion being given back in order, that are worth a report.
MANY_ATTEMPTS = 5
#: After so many of them a mistake of ours ends the deletion; AWS out of reach never does.
MOST_ATTEMPTS = 20
#: What has been due for longer than this (seconds) is overdue: nobody takes it.
OVERDUE_SECONDS = 600.0
#: How far what has happened may lie ahead (seconds): a machine's clock may have been wrong.
A_DAY = 86_400.0
#: Overdue deletions that one report names.
NAMED = 10


def hold_to_the_clock(deletion: Deletion, now: float) -> None:
    """Raises Unreadable where something is said to have happened that lies ahead: a list would be fresh, or a
    job young, for ever.
    """
    for name, at in _happened(deletion).items():
        if isinstance(at, int | float) and at > now + A_DAY:
            raise Unreadable(deletion.id, f"{name} lies ahead")


def _happened(deletion: Deletion) -> Mapping[str, object]:
    own: dict[str, object] = {
        "created_at": deletion.created_at,
        "updated_at": deletion.updated_at,
        "waiting_since": deletion.waiting_since,
        "started_at": deletion.started_at,
        "finished_at": deletion.finished_at,
        "sent_at": deletion.sent_at,
        "job_ended_at": deletion.job_ended_at,
        "first_ended_at": deletion.first_ended_at,
    }
    for call, clock in deletion.failing.items():
        own |= {f"failing/{call}": clock.at, f"waited/{call}": clock.waited_at}
    return own | _noted_in(deletion.progress)


def _noted_in(progress: Mapping[str, object]) -> dict[str, object]:
    """Times that an executor has noted; all of them tell of what has happened."""
    return {name: at for name, at in progress.items() if name.endswith(("_at", "since", "_from"))}


def look(work: LeasedSlice) -> None:
    """Report a deletion whose last workers all ended without giving it back."""
    if work.claim.attempts >= MANY_ATTEMPTS:
        work.deps.report("stuck", deletion_id=work.deletion.id, attempts=work.claim.attempts)


def overdue(deps: Deps, found: Sequence[tuple[str, float]], now: float) -> int:
    """How many of those `found` (ids, and since when they are due) have been due for too long; reported where
    there are any.
    """
    late = [deletion_id for deletion_id, since in found if since <= now - OVERDUE_SECONDS]
    if late:
        deps.report("overdue", count=len(late), oldest=late[:NAMED])
    return len(late)
