"""One write of a deletion, as the engine puts it together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.evidence.operators import Entry as Noted
from chalicelib.domain.lane import Lane
from chalicelib.domain.log import Entry
from chalicelib.domain.outcomes import Chunk
from chalicelib.service.ports import Call, Delivery, NewDeletion, Part


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a deletion. `next_at` gives the lease back until then; without it the lease is renewed.

    `regardless`: write although a command has come in between; for answers of calls that were sent already.
    `unmarked`: ids that change in the counts alone, because their outcomes cannot be read.
    `evidenced`: the receipt of its end is there, so it need not be due any more. The rest: as ports.Change
    has it.
    """

    deletion: Deletion
    entries: tuple[Entry, ...] = ()
    calls: tuple[Call, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    new_chunks: tuple[Chunk, ...] = ()
    lane: Lane | None = None
    next_at: float | None = None
    commands_done: int = 0
    regardless: bool = False
    unmarked: int = 0
    new_children: tuple[NewDeletion, ...] = ()
    evidenced: bool = False
    parts: tuple[Part, ...] = ()
    org_modules: tuple[Mapping[str, object], ...] | None = None
    delivery: Delivery | None = None
    noted: Noted | None = None
    forgotten: bool = False
    forget_at: float | None = None


def sent_at(before: float | None, calls: Sequence[Call]) -> float | None:
    """When its first call that deletes was sent, by the intents and answers of a write: an intent counts
    until it is known that it never left.
    """
    if not calls:
        return before
    first = min(call.at for call in calls)
    stayed = all(call.answer is not None and call.answer.get("verdict") == "not_sent" for call in calls)
    if stayed:
        return None if before == first else before
    return first if before is None else before
