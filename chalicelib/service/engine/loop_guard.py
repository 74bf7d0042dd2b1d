"""What the loop guard keeps of a slice: the records that it deleted."""

from __future__ import annotations

from chalicelib.domain import recent
from chalicelib.domain.deletion import Operation
from chalicelib.domain.errors import Rejected, Unavailable
from chalicelib.service.engine.deps import Recent
from chalicelib.service.engine.slice import LeasedSlice


def remember(work: LeasedSlice) -> None:
    """Keep what the slice has deleted, all at once: a write for each wave would keep the next one waiting.

    Where that cannot be written, or the worker dies before, the guard knows less: no harm is done.
    """
    kept, ids = guard_of(work), work.gone
    if kept is None or not ids:
        return
    work.gone = []
    request, now = work.deletion.request, work.now
    scope = recent.scope(request.module, None)
    try:
        kept.remember_deleted(request.org, scope, ids, now, now + work.deps.loop_window)
    except (Unavailable, Rejected) as problem:
        work.deps.report("guard_unavailable", deletion_id=work.deletion.id, reason=problem.reason)


def guard_of(work: LeasedSlice) -> Recent | None:
    """None where there is no guard; delinking deletes nothing."""
    delinks = work.deletion.request.operation is Operation.DELINK_RECORDS
    return None if delinks or work.deps.loop_window <= 0 else work.deps.recent
