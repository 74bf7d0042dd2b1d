"""Children that a deletion's final write makes: what it deleted is deleted for good after the undo window.

They are stored by the very write that ends their parent, so a crash neither loses nor doubles one. Of a
deletion with more ids than one write takes, all children but the last are made before it, one a write; what a
child has already goes into no other one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from chalicelib.domain import children, log, took
from chalicelib.domain.deletion import Child, Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.outcomes import Chunk
from chalicelib.domain.request import Operation
from chalicelib.service.engine.chunks import readable
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.engine.write import Write
from chalicelib.service.ports import Call, NewDeletion

#: Chunks of the parent that one child is made of: as many items as one write may well hold.
MOST_CHUNKS = 20
#: Calls of the ledger that are read at once.
CALLS_AT_ONCE = 1000


def with_children(work: LeasedSlice, write: Write) -> Write:
    """The final write, with the children of the deletion in it."""
    deletion = write.deletion
    known = {chunk.number: chunk for chunk in write.chunks}
    groups = [range(n, min(n + MOST_CHUNKS, deletion.chunks)) for n in range(0, deletion.chunks, MOST_CHUNKS)]
    taken = _taken(work, deletion) if deletion.children else set()
    try:
        calls = _calls(work, deletion, write.calls)
    except Unreadable:
        # Without them nobody can tell its own doing from that of others: nothing goes for good by itself.
        return replace(write, deletion=deletion)
    for group in groups[:-1]:
        new = _born(work, deletion, [_chunk(work, known, n) for n in group], calls, taken)
        if not new:
            continue
        # All that the write holds, but for what goes with the final status alone.
        before = work.deletion
        started = replace(
            deletion,
            status=before.status,
            finished_at=before.finished_at,
            first_ended_at=before.first_ended_at,
            failing=before.failing,
        )
        work.save(replace(write, deletion=started, new_children=new, commands_done=0, next_at=None))
        for each in new:
            work.deps.nudges.nudge(each.deletion.id)
        deletion = replace(deletion, children=(*deletion.children, *_as_children(new)))
        done, at, regardless = write.commands_done, write.next_at, write.regardless
        write = Write(deletion, commands_done=done, next_at=at, regardless=regardless)
    last = _born(work, deletion, [_chunk(work, known, n) for n in groups[-1]], calls, taken)
    deletion = replace(deletion, children=(*deletion.children, *_as_children(last)))
    return replace(write, deletion=deletion, new_children=last)


def _as_children(new_children: Sequence[NewDeletion]) -> list[Child]:
    return [children.as_child(each.deletion) for each in new_children]


def _chunk(work: LeasedSlice, known: dict[int, Chunk], number: int) -> Chunk | None:
    return known.get(number) or readable(work, number)


def _born(
    work: LeasedSlice,
    deletion: Deletion,
    chunks: list[Chunk | None],
    calls: Sequence[Call],
    taken: set[str],
) -> tuple[NewDeletion, ...]:
    """The children about what these chunks deleted and no child has yet: one, and of an erasure one for each
    module.
    """
    ended_at = took.ended_at(deletion, work.now)
    found = took.deleted_by_it(deletion, [c for c in chunks if c is not None], calls, ended_at)
    until = {one: at for one, at in found.items() if one not in taken}
    taken |= until.keys()
    of_several = deletion.request.operation is Operation.ERASE_PERSON
    new_children = [
        children.at_its_end(deletion, ids, work.now, module if of_several else None, number)
        for number, (module, ids) in enumerate(children.by_module(deletion, until).items())
    ]
    return tuple(NewDeletion(*log.first(each, work.deps.stage)) for each in new_children)


def _calls(work: LeasedSlice, deletion: Deletion, written: Sequence[Call]) -> list[Call]:
    """All its calls with their answers, also those that the final write holds (`written`)."""
    stored = {
        call.n: call
        for first in range(1, deletion.calls + 1, CALLS_AT_ONCE)
        for call in work.ledger.calls(
            deletion.id, range(first, min(first + CALLS_AT_ONCE, deletion.calls + 1))
        )
    }
    return list((stored | {call.n: call for call in written}).values())


def _taken(work: LeasedSlice, deletion: Deletion) -> set[str]:
    """Ids that children of it have already."""
    found: set[str] = set()
    for child in deletion.children:
        with suppress(Unreadable):
            stored = work.ledger.get(child.id) if child.operation is Operation.DELETE_PERMANENTLY else None
            for number in range(stored.chunks if stored is not None else 0):
                ids = work.ledger.chunk(child.id, number).ids
                found.update(children.names_in_parent(deletion, stored, ids) if stored is not None else ())
    return found
