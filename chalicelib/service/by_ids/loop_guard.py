"""The loop guard: an id that we deleted a moment ago is looked at before it is deleted again.

Where a deletion's own effects ask for the same deletion again, the second request costs a read instead of a
destructive call, and is reported with its source. It is a saving and an alarm, not a lock: an id that is
there again is deleted, and what the guard has forgotten is deleted as any other.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import recent
from chalicelib.domain.by_ids import Progress, record_of
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.service.engine.loop_guard import guard_of
from chalicelib.service.engine.slice import LeasedSlice


def suspects(work: LeasedSlice, progress: Progress, chunk: Chunk) -> dict[int, Finding]:
    """Findings for the ids of a fresh chunk that are to be read first, each chunk once."""
    kept = guard_of(work)
    if kept is None or chunk.number <= progress.guarded:
        return {}
    pending = chunk.at(Mark.PENDING)
    now, request = work.now, work.deletion.request
    ids = {p: str(record_of(chunk, progress, p)) for p in pending}
    scope = recent.scope(request.module, None)
    lately = kept.deleted_lately(request.org, scope, list(ids.values()), now - work.deps.loop_window, now)
    found = {p: Finding(Mark.RECENT) for p, one in ids.items() if one in lately}
    if found:
        deletion = work.deletion
        work.deps.report(
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


def note(work: LeasedSlice, progress: Progress, chunk: Chunk, findings: dict[int, Finding]) -> None:
    """Note what was just deleted, for `remember`: records, by whatever ids they were asked for."""
    gone = (record_of(chunk, progress, p) for p, finding in findings.items() if finding.mark is Mark.DELETED)
    work.gone += [record for record in gone if record is not None]
