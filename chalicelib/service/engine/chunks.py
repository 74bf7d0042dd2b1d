"""The stored ids of a deletion, as far as they can be read."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.domain import log_commitments
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.outcomes import Chunk, Mark
from chalicelib.service.engine.step import Slice

#: Failed ids that an event names (contract section 5).
NAMED_IN_EVENT = 100


def failed_ids(work: Slice, deletion: Deletion, known: Mapping[int, Chunk]) -> list[str]:
    """The first ids that failed or are unknown, for the event."""
    if not deletion.counts.failed and not deletion.counts.unknown:
        return []
    found: list[str] = []
    for number in range(deletion.chunks):
        chunk = known.get(number) or readable(work, number)
        if chunk is None:
            continue
        found += [chunk.ids[p] for p in chunk.at(Mark.FAILED, Mark.UNKNOWN)]
        if len(found) >= NAMED_IN_EVENT:
            break
    return found[:NAMED_IN_EVENT]


def digest(work: Slice, deletion: Deletion, known: Mapping[int, Chunk]) -> str:
    """What its log commits to of its ids and outcomes; "" where it has no ids."""
    if not deletion.chunks:
        return ""
    return log_commitments.digest(
        known.get(number) or readable(work, number) for number in range(deletion.chunks)
    )


def readable(work: Slice, number: int) -> Chunk | None:
    """A chunk of the deletion; None where what the table keeps of it cannot be read."""
    try:
        return work.chunk(number)
    except Unreadable:
        return None
