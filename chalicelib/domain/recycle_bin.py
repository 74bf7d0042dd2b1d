"""Zoho's recycle bin: what a call about it can name, and what its entries say. Pure.

What Zoho deletes lies there for 60 days. An entry has the id of its record (Zoho CRM API v7 and v8, recycle
bin).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.ids import RECORD_ID_WORDS, is_record_id
from chalicelib.domain.modules import canonical
from chalicelib.domain.zoho.deleted_list import moment

#: The most ids that Zoho takes in one call that deletes from the bin (API v6 to v8); ours for the others too.
MOST_IDS = 100


@dataclass(frozen=True, slots=True)
class BinIds:
    """1 to 100 different record ids: all that a call of ours about the bin can name.

    There is no other way to say what a call means: neither "all" nor a filter can be expressed. Raises
    ValueError for no id, too many, one twice, or one that cannot be an id.
    """

    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.values) <= MOST_IDS:
            raise ValueError(f"1 to {MOST_IDS} ids go into one call, not {len(self.values)}")
        if not all(map(is_record_id, self.values)):
            raise ValueError(f"a record id {RECORD_ID_WORDS}")
        if len(set(self.values)) != len(self.values):
            raise ValueError("an id comes twice")


def batches(ids: Sequence[str]) -> Iterator[BinIds]:
    """The ids in their order, 100 a call; an id that comes again is left out. Raises ValueError as BinIds."""
    different = tuple(dict.fromkeys(ids))
    for start in range(0, len(different), MOST_IDS):
        yield BinIds(different[start : start + MOST_IDS])


@dataclass(frozen=True, slots=True)
class BinEntry:
    """A record in the bin. `module`: its API name, canonical; "" where Zoho told none. `deleted_at`: seconds
    since the epoch, Zoho's clock, whole; None where it cannot be read.
    """

    id: str
    module: str
    deleted_at: float | None


def entries_of(body: Mapping[str, Any] | None) -> dict[str, BinEntry]:
    """The entries of a BIN_ENTRIES answer by their ids. Two entries of one id have no readable time."""
    listed = (body or {}).get("recycle_bin")
    found: dict[str, BinEntry] = {}
    for each in listed if isinstance(listed, list) else ():
        if not isinstance(each, Mapping):
            continue
        one = str(each.get("id"))
        entry = BinEntry(one, _module(each.get("module")), moment(each.get("deleted_time")))
        found[one] = BinEntry(one, "", None) if one in found else entry
    return found


def _module(told: object) -> str:
    """The module's API name: Zoho's pages show an object, its newest API files also a text."""
    name = told.get("api_name") if isinstance(told, Mapping) else told
    return canonical(name) if isinstance(name, str) else ""
