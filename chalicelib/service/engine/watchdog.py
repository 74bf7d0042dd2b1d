"""Reports what does not move: a deletion that one worker after the other fails on, and one that no worker
takes.

Nobody has to change the table by hand: such a deletion is claimed again when its lease has ended, an overdue
one is nudged by every poll, and both are logged and counted as metrics.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.service.engine.deps import Deps
from chalicelib.service.engine.slice import LeasedSlice

#: Claims in a row, without the deletion being given back in order, that are worth a report.
MANY_ATTEMPTS = 5
#: After so many of them a mistake of ours ends the deletion; AWS out of reach never does.
MOST_ATTEMPTS = 20
#: What has been due for longer than this (seconds) is overdue: nobody takes it.
OVERDUE_SECONDS = 600.0
#: Overdue deletions that one report names.
NAMED = 10


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
