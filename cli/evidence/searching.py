"""Looks for a record among all deletions of a time: digests say which to read, the deletions what they did.

A digest tells of days that are over. What was accepted since, and before the first digest, is read itself; so
is whatever a digest cannot tell of. Where a stage writes no evidence there are no digests, and all is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from chalicelib.adapters.dynamodb import digest_items
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain import modules
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.evidence import digest
from chalicelib.domain.evidence.digest import Extent, Named
from chalicelib.domain.outcomes import Chunk, Mark, outcome_name
from chalicelib.domain.request import Operation

ABREAST = 8
#: What stands for every module.
_ANY = "*"


@dataclass(frozen=True, slots=True)
class Hit:
    """The deletion named or took the record. `outcome`, `code`: the record's own; no outcome where it only
    names the record whose links to others were removed.
    """

    deletion: Deletion
    outcome: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """The deletion may have named or taken the record, and nothing here tells. `deletion`: None where it
    cannot be read; `why`: `not listed`, `forgotten` or `unreadable`.
    """

    id: str
    why: str
    deletion: Deletion | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, the newest first. `read`: how many deletions were read for it."""

    hits: list[Hit]
    doubts: list[Doubt]
    read: int


def search(table: Table, module: str, record: str, since: datetime, now: datetime) -> Found:
    """The deletions accepted from the day of `since` on (UTC) that named or took the record of the module."""
    first, last = f"{since:%Y-%m-%d}", f"{now:%Y-%m-%d}"
    reached = digest_items.extent(table, last)
    with ThreadPoolExecutor(ABREAST) as pool:
        months = _months(first, reached.day) if reached else []
        kept = list(pool.map(partial(digest_items.month_of, table), months))
        digests = [each for some, _ in kept for each in some]
        unread = sorted({day for _, days in kept for day in days})  # these days are read themselves
        beside = pool.map(partial(_accepted, table, reached), _days(first, last, reached))
        besides = pool.map(partial(_accepted, table, None), unread)
        ids = [*digest.candidates(digests, record), *(one for day in (*beside, *besides) for one in day)]
        ids = list(dict.fromkeys(ids))
        size = digest_items.AT_ONCE
        batches = [ids[start : start + size] for start in range(0, len(ids), size)]
        read = [each for some in pool.map(partial(digest_items.named, table), batches) for each in some]
    known = [each for each in read if each.deletion is None or _day(each.deletion) >= first]
    hits = [hit for each in known for hit in _hits(each, module, record)]
    named = {hit.deletion.id for hit in hits}
    doubts = [doubt for each in known if each.id not in named for doubt in _doubts(each, module)]
    return Found(
        sorted(hits, key=lambda hit: hit.deletion.created_at, reverse=True),
        sorted(doubts, key=lambda doubt: doubt.id, reverse=True),
        len(read),
    )


def _day(deletion: Deletion) -> str:
    return digest.day_of(deletion.created_at)


def _months(first: str, last: str) -> list[str]:
    """The months (yyyy-mm) of these days and all between."""
    found, (year, month) = [], map(int, first[:7].split("-"))
    while (this := f"{year:04d}-{month:02d}") <= last[:7]:
        found.append(this)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


def _days(first: str, last: str, reached: Extent | None) -> list[str]:
    """The days from `first` to `last`, without those that digests tell of altogether."""
    found, day = [], first
    while day <= last:
        if reached is None or not reached.first <= day < reached.day:
            found.append(day)
        day = digest_items.following(day)
    return found


def _accepted(table: Table, reached: Extent | None, day: str) -> list[str]:
    """The deletions of the day that no digest tells of."""
    partly = reached is not None and reached.day == day and reached.created_at
    after = (reached.created_at, reached.deletion) if reached and partly else None
    return [one for _, one in digest_items.accepted(table, day, after)]


def _hits(named: Named, module: str, record: str) -> Iterable[Hit]:
    deletion = named.deletion
    if deletion is None or not (_in_module(deletion, module) or _of_related(deletion)):
        return
    for chunk in named.chunks or ():
        for at in _positions(deletion, chunk, module, record):
            code = chunk.codes.get(at, ("", ""))[0]
            yield Hit(deletion, outcome_name(Mark(chunk.marks[at])), code or None)
    if deletion.request.record_id == record and _in_module(deletion, module):
        yield Hit(deletion, None, None)


def _in_module(deletion: Deletion, module: str) -> bool:
    """Is it about that module, or about one that holds records in common with it?"""
    own = deletion.request.module
    return own == _ANY or _same(own, module)


def _same(own: str, module: str) -> bool:
    return modules.together(own) == modules.together(module)


def _of_related(deletion: Deletion) -> bool:
    """Are its ids those of another module, which it does not name?"""
    return deletion.request.operation is Operation.DELINK_RECORDS


def _positions(deletion: Deletion, chunk: Chunk, module: str, record: str) -> Sequence[int]:
    """Where the record stands in the chunk: named by its id, or by an external id that was resolved."""
    if deletion.request.operation is Operation.ERASE_PERSON:
        told = [digest.record_of(deletion, each) for each in chunk.ids]
        return [at for at, (own, one) in enumerate(told) if one == record and _same(own, module)]
    named = {at for at, each in enumerate(chunk.ids) if each == record} if record in chunk.ids else set()
    return sorted(named | {at for at, each in chunk.records.items() if each == record})


def _doubts(named: Named, module: str) -> Iterable[Doubt]:
    deletion = named.deletion
    if deletion is None:
        yield Doubt(named.id, "unreadable", None)
    elif _in_module(deletion, module) or _of_related(deletion):
        why = digest.doubt(deletion) or ("unreadable" if named.chunks is None else "")
        if why:
            yield Doubt(named.id, why, deletion)
