"""What a deletion counts for its source: which deletions do, and how many of its records are counted."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.quota import FRESH, Count
from chalicelib.domain.request import REQUESTABLE, Operation, Request

#: What names its records only once they have been looked for.
_LISTED_FIRST = frozenset({Operation.MASS_DELETE, Operation.ERASE_PERSON})


def is_counted(deletion: Deletion) -> bool:
    """Do its records count against its source? Not those of dry runs, and of what no sender asked for."""
    return counts(deletion.source, deletion.request)


def is_counted_later(deletion: Deletion) -> bool:
    """Is it counted once it has been listed or counted? Where ids are named it was when it was accepted."""
    return deletion.request.operation in _LISTED_FIRST and is_counted(deletion)


@dataclass(frozen=True, slots=True)
class Named:
    """What a deletion has counted for its source so far. `before`: what the source had named besides it."""

    before: int = 0
    records: int = 0

    def and_more(self, named: int, records: int) -> Named:
        """With `records` more, before which the source had named `named` that UTC day: its own among them,
        but for what it counted on another day.
        """
        return Named(max(self.before, named - self.records), self.records + records)


def named_by(deletion: Deletion) -> Named:
    """What the deletion has counted, as it is stored."""
    return Named(deletion.asked_before or 0, deletion.counted_records)


def more_of(deletion: Deletion, known: Named, records: int, at: float) -> Count | None:
    """What is to be counted before the deletion may take `records`, where it has counted `known`: each record
    once, however often it is listed or looked for anew. None where nothing more is.
    """
    if records <= known.records or not is_counted_later(deletion):
        return None
    # What was counted is a part of the key: more of the same number is no copy.
    key = f"{deletion.id}\n{known.records}"
    return count_of(deletion, records - known.records, at, key)


def counts(source: str, request: Request) -> bool:
    """As `is_counted`, before there is a deletion. A colon is in no sender's name: policies have one."""
    return (
        request.operation in REQUESTABLE | {Operation.ERASE_PERSON}
        and not request.dry_run
        and ":" not in source
    )


def count_of(deletion: Deletion, records: int, at: float, key: str, fresh: float = FRESH) -> Count:
    """`records` of the deletion to be counted, under the limits that it was accepted with."""
    limits = deletion.limits
    return Count(
        deletion.source,
        records,
        at,
        key,
        deletion.id,
        limits.max_records_per_hour,
        limits.max_records_per_day,
        fresh,
    )
