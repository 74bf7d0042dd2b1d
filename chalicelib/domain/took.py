"""What a deletion took, by record ids, each with until when it may have taken it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.outcomes import Chunk, Mark


class Sent(Protocol):
    """A call of the ledger, as far as it is needed here (ports.Call)."""

    @property
    def target(self) -> Mapping[str, object]:
        """What it was meant for."""

    @property
    def answered_at(self) -> float | None:
        """When its answer came (seconds since the epoch)."""

    @property
    def answer(self) -> Mapping[str, object] | None:
        """What the ledger keeps of the answer."""


def ended_at(deletion: Deletion, otherwise: float) -> float:
    """Until when it made calls: its first end, whenever a person settled what was left. Older versions did
    not keep that. `otherwise`: where it has not ended.
    """
    ended = deletion.finished_at if deletion.first_ended_at is None else deletion.first_ended_at
    return otherwise if ended is None else ended


def record_of(parent: Deletion, chunk: Chunk, position: int) -> str | None:
    """The record id behind an id that it was asked for; None where that is not known."""
    external = parent.request.external_id_field
    return chunk.records.get(position) if external else chunk.ids[position]


def deleted_by_it(
    parent: Deletion, chunks: Iterable[Chunk], calls: Sequence[Sent] | None, ended_at: float
) -> dict[str, float]:
    """Record ids that it deleted, each with until when it may have deleted it (seconds since the epoch).

    That is the answer to the id's own call. A job's are until its end; what a read settled, as the answer was
    lost, until `ended_at`, and so is everything where its calls cannot be read (None).
    """
    answered, named = _answers(calls or ())
    of_job = ended_at if parent.job_ended_at is None or calls is None else parent.job_ended_at
    found: dict[str, float] = {}
    for chunk in chunks:
        for position in chunk.at(Mark.DELETED):
            record = record_of(parent, chunk, position)
            if record is not None:
                place = chunk.number, position
                last = answered.get(place, ended_at if place in named else of_job)
                found[record] = max(last, found.get(record, last))
    return found


def _answers(calls: Iterable[Sent]) -> tuple[dict[tuple[int, int], float], set[tuple[int, int]]]:
    """When the answer came that said of an id that it is deleted, by (chunk, position); and all ids that were
    in a call.
    """
    answered: dict[tuple[int, int], float] = {}
    named: set[tuple[int, int]] = set()
    for call in calls:
        chunk, positions = call.target.get("chunk"), call.target.get("positions")
        if not isinstance(chunk, int) or not isinstance(positions, list):
            continue
        named |= {(chunk, p) for p in positions}
        marks = (call.answer or {}).get("marks")
        for mark in marks if isinstance(marks, list) and call.answered_at is not None else ():
            if mark[1] == Mark.DELETED.value and call.answered_at is not None:
                answered[chunk, mark[0]] = call.answered_at
    return answered, named
