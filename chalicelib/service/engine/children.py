"""Children that a deletion's final write makes: what it deleted is deleted for good after the undo window.

They are stored by the very write that ends their parent, so a crash neither loses nor doubles one. Where they
are more than one write takes, all but the last are made before it, some a write; what a child has already
goes into no other one.

What was promised and no child is made for is told: by a problem of the deletion, in the log and as a metric.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chalicelib.domain import children, log, took
from chalicelib.domain.deletion import Child, Deletion, Problem
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.outcomes import CHUNK_SIZE, Chunk, Mark
from chalicelib.domain.request import Operation
from chalicelib.service.engine.calls import all_calls
from chalicelib.service.engine.chunks import readable
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.engine.write import Write
from chalicelib.service.ports import Call, NewDeletion

#: Chunks of ids that the children of one write have at most: as many items as one write may well hold.
MOST_CHUNKS = 20
#: The code of what was to be deleted for good and no child was made for.
NOT_MADE_PERMANENT = "NOT_MADE_PERMANENT"


@dataclass
class _Known:
    """What is known of its records. `calls`: its own, with their answers; `taken`: the names of those that a
    child has; `why_not`: what keeps children from being made.
    """

    calls: Sequence[Call] = ()
    taken: set[str] = field(default_factory=set)
    why_not: str = ""


def with_children(work: LeasedSlice, write: Write) -> Write:
    """The final write, with the children of the deletion in it, and a problem for what has none."""
    chunks = {chunk.number: chunk for chunk in write.chunks}
    known = _known(work, write)
    new: list[NewDeletion] = []
    covered = 0
    for first in range(0, write.deletion.chunks, MOST_CHUNKS):
        numbers = range(first, min(first + MOST_CHUNKS, write.deletion.chunks))
        found = [chunk for n in numbers if (chunk := chunks.get(n) or readable(work, n)) is not None]
        for module, ids in _to_make(work, write.deletion, found, known).items():
            if new and sum(each.deletion.chunks for each in new) + _chunks(ids) > MOST_CHUNKS:
                write, new = _made(work, write, new), []
            new.append(_born(work, write.deletion, ids, module, len(new)))
        covered += _covered(write.deletion, found, known.taken)
    deletion = replace(write.deletion, children=(*write.deletion.children, *_as_children(new)))
    deletion = _told(work, deletion, deletion.counts.deleted - covered, known.why_not)
    return replace(write, deletion=deletion, new_children=tuple(new))


def _known(work: LeasedSlice, write: Write) -> _Known:
    """Without its calls nobody can tell its own doing from that of others, and without its children not what
    an operator wants kept: then nothing goes for good by itself.
    """
    known = _Known()
    try:
        _take(work, write.deletion, known.taken)
        known.calls = all_calls(work.ledger, write.deletion, write.calls)
    except Unreadable as problem:
        known.why_not = problem.reason
    return known


def _take(work: LeasedSlice, deletion: Deletion, taken: set[str]) -> None:
    """Add the names of what its children have already to `taken`. Raises Unreadable."""
    for child in deletion.children:
        if child.operation is not Operation.DELETE_PERMANENTLY:
            continue
        stored = work.ledger.get(child.id)
        if stored is None:
            raise Unreadable(child.id, "the child is not there")
        for number in range(stored.chunks):
            taken.update(children.names_in_parent(deletion, stored, work.ledger.chunk(child.id, number).ids))


def _to_make(
    work: LeasedSlice, deletion: Deletion, chunks: Sequence[Chunk], known: _Known
) -> dict[str, dict[str, float]]:
    """What these chunks deleted and no child has yet, by module, taken from now on."""
    if known.why_not:
        return {}
    ended_at = took.ended_at(deletion, work.now)
    found = took.deleted_by_it(deletion, chunks, known.calls, ended_at)
    until = {one: at for one, at in found.items() if one not in known.taken}
    known.taken |= until.keys()
    return children.by_module(deletion, until)


def _chunks(ids: dict[str, float]) -> int:
    return -(-len(ids) // CHUNK_SIZE)


def _born(
    work: LeasedSlice, deletion: Deletion, ids: dict[str, float], module: str, number: int
) -> NewDeletion:
    made = children.at_its_end(deletion, ids, work.now, module, number)
    return NewDeletion(*log.first(made, work.deps.stage))


def _made(work: LeasedSlice, write: Write, new: Sequence[NewDeletion]) -> Write:
    """Store these children before the final write; what is left of that: all that the write held is stored
    with them, but for what goes with the final status alone.
    """
    before, deletion = work.deletion, write.deletion
    started = replace(
        deletion,
        request=before.request,
        status=before.status,
        finished_at=before.finished_at,
        first_ended_at=before.first_ended_at,
        failing=before.failing,
    )
    work.save(replace(write, deletion=started, new_children=tuple(new), commands_done=0, next_at=None))
    for each in new:
        work.deps.nudges.nudge(each.deletion.id)
    deletion = replace(deletion, children=(*deletion.children, *_as_children(new)))
    done, at, regardless = write.commands_done, write.next_at, write.regardless
    return Write(deletion, commands_done=done, next_at=at, regardless=regardless)


def _as_children(new: Sequence[NewDeletion]) -> list[Child]:
    return [children.as_child(each.deletion) for each in new]


def _covered(deletion: Deletion, chunks: Sequence[Chunk], taken: set[str]) -> int:
    """How many of the ids that are `deleted` a child has."""
    return sum(
        took.record_of(deletion, chunk, position) in taken
        for chunk in chunks
        for position in chunk.at(Mark.DELETED)
    )


def _told(work: LeasedSlice, deletion: Deletion, missing: int, why: str) -> Deletion:
    """The deletion with a problem for so many ids that were to be deleted for good and have no child."""
    problems = tuple(each for each in deletion.problems if each.code != NOT_MADE_PERMANENT)
    if missing:
        why = why or "which records it deleted cannot be read"
        work.report("permanent_not_made", count=missing, reason=why)
        problems = (*problems, Problem(NOT_MADE_PERMANENT, missing, why))
    return replace(deletion, problems=problems)
