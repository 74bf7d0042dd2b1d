"""A deletion that is about the recycle bin: where it stands, and which ids are read next. Pure.

Each id is read (is the record there, its entry in the bin), then judged (domain/bin_judge.py), then called
for; afterwards reading has to show what came of it (domain/bin_settling.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.outcomes import Mark
from chalicelib.domain.recycle_bin import MOST_IDS
from chalicelib.domain.request import Operation
from chalicelib.domain.zoho.reply import CallKind

#: Pages of the deleted list that one deletion reads: so many times as many as its ids fill, and some more.
LIST_PAGES, LIST_READINGS, PAGE = 60, 6, 200
#: From this round of looks on the deleted list is read from the parent's first call, not from our own: which
#: of the two times Zoho compares is not documented.
WIDE_FROM = 3


@dataclass(frozen=True, slots=True)
class BinProgress:
    """Where it stands, besides the marks of its ids.

    `open`: ledger numbers of calls with an intent and no answer. `alone`: ids of the current chunk that are
    sent one by one. `foreign`: ids that the parent did not delete were left out. `checking`: all ids had
    their first look; `cursor`: the position (over all chunks) from which the current round goes on, `rounds`:
    rounds so far. `listing`: the deleted list is being read, `page` next, since `since`; `wide`: of every
    type; `listed`: it was read in this round; `list_pages`: pages in all; `list_over`: it is not read any
    further. `sent_since`: our first call, in Zoho's clock; `skew`: how far that is ahead of ours.
    `last`: what is not shown now is not asked for again. `stopped`: a refusal of every call, as (code,
    message): nothing more is sent. `looked`, `would`, `first_ids`: a dry run's. `code`, `message`: what stood
    in its way last.
    """

    open: tuple[int, ...] = ()
    alone: tuple[int, ...] = ()
    foreign: bool = False
    checking: bool = False
    cursor: int = 0
    rounds: int = 0
    listing: bool = False
    listed: bool = False
    wide: bool = False
    page: int = 1
    since: float = 0.0
    list_pages: int = 0
    list_over: bool = False
    sent_since: float | None = None
    skew: float = 0.0
    last: bool = False
    stopped: tuple[str, str] | None = None
    looked: int = 0
    would: int = 0
    first_ids: tuple[str, ...] = ()
    code: str = ""
    message: str = ""

    def to_json(self) -> dict[str, object]:
        """As it is stored in the deletion."""
        return asdict(self)


def progress_of(deletion: Deletion) -> BinProgress:
    """The stored progress, or a fresh one. Raises TypeError for one of another version."""
    stored: dict[str, Any] = dict(deletion.progress)
    tuples = {each.name for each in fields(BinProgress) if "tuple" in str(each.type)}
    lists: dict[str, Any] = {k: tuple(stored[k]) for k in tuples & stored.keys() if stored[k] is not None}
    return BinProgress(**{**stored, **lists})


def next_round(progress: BinProgress) -> BinProgress:
    """The progress at the beginning of another round of looks."""
    return replace(
        progress,
        checking=True,
        cursor=0,
        alone=(),
        rounds=progress.rounds + 1,
        listing=False,
        listed=False,
    )


def restores(deletion: Deletion) -> bool:
    """Does it bring back, or delete for good?"""
    return deletion.request.operation is Operation.RESTORE


def call_kind(deletion: Deletion) -> CallKind:
    """The call that it makes."""
    return CallKind.RESTORE_FROM_BIN if restores(deletion) else CallKind.DELETE_FROM_BIN


def pages_left(deletion: Deletion, progress: BinProgress) -> int:
    """How many pages of the deleted list it may still read."""
    return LIST_PAGES + LIST_READINGS * -(-deletion.id_count // PAGE) - progress.list_pages


#: Marks that a round of looks is about. After a call of ours that deletes for good, what is in neither place
#: has only the deleted list to wait for; where that says nothing, and in the end, it is looked at once more:
#: it may have moved from the bin to its module between the two reads.
_LOOKED_AT = (Mark.SENT, Mark.SAID, Mark.NOT_FOUND, Mark.MISSING)


def decides(progress: BinProgress) -> bool:
    """Does a look decide what no list will tell any more?"""
    return progress.list_over or progress.last


def looked_at(deletion: Deletion, progress: BinProgress) -> tuple[Mark, ...]:
    """The marks of the ids that are looked at now."""
    if not progress.checking:
        return (Mark.PENDING,)
    ours = (Mark.SENT, Mark.SAID) if deletion.cancelled_by else _LOOKED_AT
    again = restores(deletion) or decides(progress)
    return (*ours, Mark.AWAY) if again else ours


def batches(positions: Sequence[int], alone: Sequence[int], most: int) -> list[tuple[int, ...]]:
    """Positions of a chunk as the next calls name them: 100 at most, one where Zoho asked for that."""
    many = [p for p in positions if p not in alone]
    found = [tuple(many[i : i + MOST_IDS]) for i in range(0, len(many), MOST_IDS)]
    return (found + [(p,) for p in positions if p in alone])[:most]
