"""Which records of a deletion can come back, or be deleted for good: by ids, each with its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain import children, took
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Field, NotValid, Unreadable
from chalicelib.domain.ids import RECORD_ID_WORDS, is_record_id
from chalicelib.domain.outcomes import Chunk, Mark
from chalicelib.domain.request import NOT_ITS, Operation
from chalicelib.service.engine.calls import all_calls
from chalicelib.service.ports import Call


class Records(Protocol):
    """The part of the ledger that tells which ids a deletion took."""

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        """A chunk of its ids with their outcomes so far. Raises Unreadable."""

    def calls(self, deletion_id: str, numbers: Sequence[int]) -> list[Call]:
        """Ledger entries of the calls with these numbers. Raises Unreadable."""

    def get_many(self, deletion_ids: Sequence[str]) -> Mapping[str, Deletion]:
        """Those of the deletions that are there and can be read, by id."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the table tells of a deletion's records. `until`: what it deleted, by record ids, each with until
    when it may have (took.deleted_by_it). `records`: record ids by external ones. `others`: ids that it named
    and did not delete, where that matters. `whole`: all of its outcomes could be read.
    """

    until: dict[str, float]
    records: Mapping[str, str]
    others: frozenset[str]
    whole: bool


def known(records: Records, parent: Deletion) -> Known:
    """Of a deletion that has ended. Where its calls cannot be read, its own end bounds them all: the bin's
    entry has to lie within its time.
    """
    torn: list[int] = []
    if not children.may_come_back(parent):
        return Known({}, {}, frozenset(), whole=True)
    calls: list[Call] | None
    try:
        calls = all_calls(records, parent)
    except Unreadable:
        calls = None
    named: dict[str, str] = {}
    ids: set[str] = set()

    def chunks() -> Iterator[Chunk]:
        for chunk in _chunks(records, parent, torn):
            named.update({chunk.ids[position]: record for position, record in chunk.records.items()})
            ids.update(chunk.ids)
            yield chunk

    until = took.deleted_by_it(parent, chunks(), calls, took.ended_at(parent, parent.updated_at))
    ids.update(named.values())
    return Known(until, named, frozenset(ids) if torn else frozenset(), whole=not torn)


def _chunks(records: Records, deletion: Deletion, torn: list[int]) -> Iterator[Chunk]:
    """Those that can be read; the numbers of the others are added to `torn`."""
    for number in range(deletion.chunks):
        try:
            yield records.chunk(deletion.id, number)
        except Unreadable:
            torn.append(number)


def not_back(records: Records, parent: Deletion, of_it: Known) -> dict[str, float]:
    """What it deleted and no child has brought back, or deleted for good, since. What a child did that cannot
    be read is found out by whoever looks at the records.
    """
    found = dict(of_it.until)
    for child in records.get_many([each.id for each in parent.children]).values() if parent.children else ():
        for chunk in _chunks(records, child, []):
            for position in chunk.at(Mark.DELETED, Mark.ABSENT, Mark.RESTORED, Mark.PRESENT):
                [name] = children.names_in_parent(parent, child, [chunk.ids[position]])
                found.pop(name, None)
    return found


def without_child(records: Records, parent: Deletion) -> dict[str, float]:
    """What it deleted and no permanent deletion was ever made for; nothing where that cannot be told."""
    made = [child.id for child in parent.children if child.operation is Operation.DELETE_PERMANENTLY]
    stored = records.get_many(made)
    torn: list[int] = []
    left = known(records, parent).until
    for child in stored.values():
        for chunk in _chunks(records, child, torn):
            for name in children.names_in_parent(parent, child, chunk.ids):
                left.pop(name, None)
    return {} if torn or len(stored) < len(made) else left


def named(
    parent: Deletion, until: Mapping[str, float], ids: Sequence[str], of_it: Known, now: float
) -> dict[str, float]:
    """Each of the ids with its time; NOT_ITS for what the parent did not delete. A job may have taken more
    than was listed, and what cannot be read may be its own: what the bin shows of such an id has to lie
    within its time. Raises NotValid for what cannot be an id.
    """
    otherwise = NOT_ITS
    if children.may_have_taken_more(parent):
        ended = parent.job_ended_at if parent.job_ended_at is not None else parent.finished_at
        otherwise = now if ended is None else ended
    elif not of_it.whole:
        otherwise = took.ended_at(parent, now)
    names = _names(parent, until)
    found = {}
    for number, one in enumerate(ids):
        record = of_it.records.get(one, one)
        # An external id that names no record of its own is skipped, as any other id that it did not delete.
        if not is_record_id(record) and not parent.request.external_id_field:
            raise NotValid("the request is not valid", (Field(f"/ids/{number}", RECORD_ID_WORDS),))
        name = names(record)
        its = is_record_id(record) and name not in of_it.others and record not in of_it.others
        found[name] = until.get(name, otherwise if its else NOT_ITS)
    return found


def _names(parent: Deletion, until: Mapping[str, float]) -> Callable[[str], str]:
    """From a record id to its name among the parent's: an erasure names the module too, any for an id that
    is not its own.
    """
    if parent.request.operation is not Operation.ERASE_PERSON:
        return lambda record: record
    known_names = {name.rpartition("/")[2]: name for name in until}
    module = next(iter(until)).rpartition("/")[0] if until else "Contacts"
    return lambda record: known_names.get(record, f"{module}/{record}")
