"""The loop guard: an id that we deleted a moment ago is looked at before it is deleted again.

Where a deletion's own effects ask for the same deletion again, the second request costs a read instead of a
destructive call, and is reported with its source. It is a saving and an alarm, not a lock: an id that is
there again is deleted, and what the guard has forgotten is deleted as any other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from chalicelib.domain import recent
from chalicelib.domain.by_ids import Progress, record_of
from chalicelib.domain.deletion import Operation
from chalicelib.domain.errors import Rejected, Unavailable
from chalicelib.domain.outcomes import Chunk, Finding, Mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.service.run import Run


class Recent(Protocol):
    """Where ids that were deleted are kept for a while."""

    def remember_deleted(self, org: str, scope: str, ids: Sequence[str], now: float, until: float) -> None:
        """Keep that these were deleted at `now`, until `until`, as far as there is room."""

    def deleted_lately(self, org: str, scope: str, ids: Sequence[str], since: float, now: float) -> set[str]:
        """Those of the ids that are kept as deleted from `since` to `now`, and perhaps somewhat earlier."""


def suspects(run: Run, progress: Progress, chunk: Chunk) -> dict[int, Finding]:
    """Findings for the ids of a fresh chunk that are to be read first, each chunk once."""
    kept = _kept(run)
    if kept is None or chunk.number <= progress.guarded:
        return {}
    pending = chunk.at(Mark.PENDING)
    now, request = run.now, run.deletion.request
    ids = {p: str(record_of(chunk, progress, p)) for p in pending}
    scope = recent.scope(request.module, None)
    lately = kept.deleted_lately(request.org, scope, list(ids.values()), now - run.kit.loop_window, now)
    found = {p: Finding(Mark.RECENT) for p, one in ids.items() if one in lately}
    if found:
        deletion = run.deletion
        run.kit.report(
            "deleted_again",
            deletion_id=deletion.id,
            source=deletion.source,
            module=request.module,
            n=len(found),
        )
    return found


def guarded(progress: Progress, chunk: Chunk) -> Progress:
    """The progress with the chunk looked at."""
    return replace(progress, guarded=max(progress.guarded, chunk.number))


def note(run: Run, progress: Progress, chunk: Chunk, findings: dict[int, Finding]) -> None:
    """Note what was just deleted, for `remember`: records, by whatever ids they were asked for."""
    gone = (record_of(chunk, progress, p) for p, finding in findings.items() if finding.mark is Mark.DELETED)
    run.gone += [record for record in gone if record is not None]


def remember(run: Run) -> None:
    """Keep what the slice has deleted, all at once: a write for each wave would keep the next one waiting.

    Where that cannot be written, or the worker dies before, the guard knows less: no harm is done.
    """
    kept, ids = _kept(run), run.gone
    if kept is None or not ids:
        return
    run.gone = []
    request, now = run.deletion.request, run.now
    scope = recent.scope(request.module, None)
    try:
        kept.remember_deleted(request.org, scope, ids, now, now + run.kit.loop_window)
    except (Unavailable, Rejected) as problem:
        run.kit.report("guard_unavailable", deletion_id=run.deletion.id, reason=problem.reason)


def _kept(run: Run) -> Recent | None:
    """None where there is no guard; delinking deletes nothing."""
    delinks = run.deletion.request.operation is Operation.DELINK_RECORDS
    return None if delinks or run.kit.loop_window <= 0 else run.kit.recent
