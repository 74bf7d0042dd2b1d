"""What a request of 5,000 ids writes until its last event has left, beside an item for each record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks import counts
from benchmarks.cost_units import item_bytes, write_units
from benchmarks.results import Row, at_least

IDS, FEWER = 5_000, 10.0
SCENARIOS = {"delete_5000": "DELETE", "mass_5000": "mass delete"}


def rows() -> Iterator[Row]:
    """The counts of the real service on a real table API (counts.py); the naive table is priced alike."""
    found = counts.count(SCENARIOS)
    units, stored = _naive()
    against = f"an item a record, put and then updated: {units:,} units, {stored / 1000:,.0f} KB"
    for name, how in SCENARIOS.items():
        mine = sum(found[name][f"dynamodb.write_{part}"] for part in ("table", "due", "day"))
        size = found[name]["stored.bytes"]
        what = f"5,000 ids by {how}: {mine:,} write units, {size / 1000:,.0f} KB"
        yield at_least(what, units / mine, FEWER, unit=" x fewer", against=against, units=mine, bytes=size)


def _naive() -> tuple[int, int]:
    """Write units and bytes of an item for each record, written when asked for and when done."""
    item: dict[str, Any] = {
        "pk": {"S": "D#del_01M8298QNC9R2FS46471MHPX7V"},
        "sk": {"S": "ID#410405000002264040"},
        "module": {"S": "Leads"},
        "status": {"S": "deleted"},
        "updated_at": {"S": "2026-11-22T18:46:04.020Z"},
    }
    size = item_bytes(item)
    return IDS * (write_units(0, size) + write_units(size, size)), IDS * size
