"""The loop guard: an id that we deleted a moment ago is looked at before it is deleted again.

Where a deletion's own effects ask for the same deletion again, the second request costs a read instead of a
destructive call, and is reported with its source. It saves calls and warns; it is no lock: an id whose record
is there again is deleted, and so is an id that the guard has forgotten.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.by_ids import IdsProgress, record_of
from chalicelib.domain.outcomes import Chunk, Finding, Mark
from chalicelib.service.engine.step import Slice


def suspects(work: Slice, progress: IdsProgress, chunk: Chunk) -> dict[int, Finding]:
    """Findings for the ids of a fresh chunk that are to be read first, each chunk once."""
    if chunk.number <= progress.guarded:
        return {}
    ids = {p: str(record_of(chunk, progress, p)) for p in chunk.at(Mark.PENDING)}
    lately = work.deleted_lately(list(ids.values()))
    found = {p: Finding(Mark.RECENT) for p, one in ids.items() if one in lately}
    if found:
        deletion = work.deletion
        module = deletion.request.module
        work.report("deleted_again", source=deletion.source, module=module, n=len(found))
    return found


def guarded(progress: IdsProgress, chunk: Chunk) -> IdsProgress:
    """The progress with the chunk looked at."""
    return replace(progress, guarded=max(progress.guarded, chunk.number))
