"""What DynamoDB bills for a request, computed from the sizes of items: pure, without a call to anything.

The rules are the documented ones of on-demand tables (DynamoDB Developer Guide: item sizes and formats, read
and write consumption, global secondary indexes, transactions):

* an item's size is the bytes of its attributes' names and values, without the 100 bytes that storage adds;
* a write takes one unit for each started KB of the larger of the item before and after it, twice that in a
  transaction, and at least one; a refused condition takes as much as the item that is there;
* a strongly consistent read takes one unit for each started 4 KB, an eventually consistent one half of that;
  a query sums its items up first, a batch rounds each item for itself; what is not there takes the least;
* an index takes a write for each entry that comes, goes or changes: two where its key changes, none where
  nothing that it holds has changed. Index copies of a transaction are counted once: they are made after it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Item = Mapping[str, Any]

WRITE_BYTES = 1024
READ_BYTES = 4096
#: What storage counts for each item, and for each index entry, besides its own bytes.
STORED_EXTRA = 100
#: Of a list or map itself, and of each of its elements.
DOCUMENT_BYTES, ELEMENT_BYTES = 3, 1


def number_bytes(text: str) -> int:
    """About one byte for two significant digits, one more, and one for a sign."""
    digits = text.lstrip("+-").partition("e")[0].partition("E")[0].replace(".", "").strip("0")
    return math.ceil(len(digits) / 2) + 1 + text.startswith("-")


def value_bytes(value: Mapping[str, Any]) -> int:
    """The bytes of an attribute's value, `{"S": "text"}` and its like. Raises ValueError for a kind that is
    not known.
    """
    ((kind, held),) = value.items()
    if kind == "L":
        return DOCUMENT_BYTES + sum(ELEMENT_BYTES + value_bytes(one) for one in held)
    if kind == "M":
        return DOCUMENT_BYTES + ELEMENT_BYTES * len(held) + item_bytes(held)
    if kind in ("SS", "NS", "BS"):
        return sum(value_bytes({kind[0]: one}) for one in held)
    if kind not in ("S", "N", "B", "BOOL", "NULL"):
        raise ValueError(f"not a kind of attribute: {kind}")
    return _scalar_bytes(kind, held)


def _scalar_bytes(kind: str, held: Any) -> int:
    if kind == "S":
        return len(held.encode())
    if kind == "B":
        return len(getattr(held, "value", held))
    return number_bytes(held) if kind == "N" else 1


def item_bytes(item: Item) -> int:
    """The size of an item as reads and writes count it."""
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def write_units(before: int, after: int, *, transaction: bool = False) -> int:
    """Units of a write that takes an item from `before` to `after` bytes; 0 is: not there."""
    return max(1, math.ceil(max(before, after) / WRITE_BYTES)) * (2 if transaction else 1)


def read_units(size: int, *, consistent: bool) -> float:
    """Units of a read of `size` bytes; 0 is: not there."""
    return max(1, math.ceil(size / READ_BYTES)) * (1.0 if consistent else 0.5)


@dataclass(frozen=True, slots=True)
class Index:
    """A keys-only index of a table: `keys` are its own key's attributes, `table_keys` the table's."""

    name: str
    keys: tuple[str, ...]
    table_keys: tuple[str, ...] = ("pk", "sk")

    def entry(self, item: Item | None) -> dict[str, Any] | None:
        """What the index holds of the item; None where the item lacks a part of the key."""
        if item is None or any(name not in item for name in self.keys):
            return None
        return {name: item[name] for name in (*self.keys, *self.table_keys)}

    def write_units(self, before: Item | None, after: Item | None) -> int:
        """Units of bringing the index from the one item to the other."""
        old, new = self.entry(before), self.entry(after)
        if old == new:
            return 0
        return sum(write_units(0, item_bytes(entry)) for entry in (old, new) if entry is not None)


def stored_bytes(items: Iterable[Item], indexes: Iterable[Index]) -> int:
    """What storage bills for the items and their index entries."""
    kept = list(indexes)
    total = 0
    for item in items:
        entries = [entry for index in kept if (entry := index.entry(item)) is not None]
        total += sum(item_bytes(one) + STORED_EXTRA for one in (item, *entries))
    return total
