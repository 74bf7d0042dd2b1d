"""Freezing a selection: the ids that a view or a policy selects are stored before the first of them is
deleted.

A selection grows by `more`, as often as pages of it have been read. Once it is whole, the executor says so in
the deletion (`frozen`); until then nothing of it may be sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.deletion import Counts, Deletion
from chalicelib.domain.outcomes import CHUNK_SIZE, Chunk, fresh
from chalicelib.service.engine.step import Slice

#: A selection of up to so many chunks is looked through for what it holds already.
MOST_KNOWN = 20
#: Ids that one write can store: 20 chunks are 20 items and about 1 MB, far below what a transaction takes.
MOST_AT_ONCE = 20 * CHUNK_SIZE


def more(work: Slice, deletion: Deletion, ids: Sequence[str]) -> tuple[Deletion, list[Chunk]]:
    """The deletion with `ids` added to its selection, and the chunks to be stored for them.

    What the selection holds already is left out, also where pages that moved meanwhile name a record twice;
    of a selection of more than MOST_KNOWN chunks only the last one is looked at.
    """
    first = deletion.id_count // CHUNK_SIZE
    known = work.chunk(first).ids if deletion.id_count % CHUNK_SIZE else ()
    had = set(known)
    if deletion.chunks <= MOST_KNOWN:
        had.update(one for number in range(deletion.chunks) for one in work.chunk(number).ids)
    added = [one for one in dict.fromkeys(ids, True) if one not in had]
    if not added:
        return deletion, []
    chunks = [replace(chunk, number=first + chunk.number) for chunk in fresh((*known, *added))]
    grown = replace(
        deletion,
        id_count=deletion.id_count + len(added),
        chunks=first + len(chunks),
        counts=_more(deletion, len(added)),
        updated_at=work.now,
    )
    return grown, chunks


def unfrozen(deletion: Deletion) -> Deletion:
    """The deletion without what its selection holds so far, to select anew; its chunks are overwritten."""
    return replace(deletion, id_count=0, chunks=0, frozen=False, counts=_more(deletion, -deletion.id_count))


def _more(deletion: Deletion, number: int) -> Counts:
    """Its counts with `number` more to be deleted. A dry run's counts are all 0."""
    counts = deletion.counts
    if deletion.request.dry_run:
        return counts
    return replace(counts, requested=counts.requested + number, pending=counts.pending + number)
