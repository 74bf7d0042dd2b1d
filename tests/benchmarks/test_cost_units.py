"""DynamoDB's units by its documented rules."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.cost_units import Index, item_bytes, number_bytes, read_units, stored_bytes, write_units

DUE = Index("due", ("due", "next_at"))


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 1), ("7", 2), ("12", 2), ("123", 3), ("1700000000", 2), ("-1.5", 3), ("1760000000.123", 8)],
)
def test_a_number_takes_a_byte_for_two_digits(text: str, size: int) -> None:
    assert number_bytes(text) == size


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"pk": {"S": "D#1"}}, 5),
        ({"pk": {"S": "ü"}}, 4),
        ({"data": {"B": b"12345"}}, 9),
        ({"on": {"BOOL": True}, "no": {"NULL": True}}, 6),
        ({"l": {"L": []}}, 4),
        ({"l": {"L": [{"S": "ab"}, {"S": "c"}]}}, 1 + 3 + 2 + 3),
        ({"m": {"M": {"a": {"S": "b"}}}}, 1 + 3 + 1 + 2),
        ({"s": {"SS": ["ab", "c"]}}, 4),
    ],
)
def test_the_size_of_an_item(item: dict[str, Any], size: int) -> None:
    assert item_bytes(item) == size


def test_a_kind_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="not a kind"):
        item_bytes({"x": {"X": 1}})


@pytest.mark.parametrize(
    ("before", "after", "units"), [(0, 0, 1), (0, 1024, 1), (0, 1025, 2), (5000, 10, 5), (10, 5000, 5)]
)
def test_a_write_counts_the_larger_of_before_and_after(before: int, after: int, units: int) -> None:
    assert write_units(before, after) == units
    assert write_units(before, after, transaction=True) == 2 * units


@pytest.mark.parametrize(("size", "units"), [(0, 1), (4096, 1), (4097, 2), (400_000, 98)])
def test_a_read_counts_four_kilobytes(size: int, units: int) -> None:
    assert read_units(size, consistent=True) == units
    assert read_units(size, consistent=False) == units / 2


def meta(**more: Any) -> dict[str, Any]:
    return {"pk": {"S": "D#1"}, "sk": {"S": "META"}, **more}


DUE_NOW = {"due": {"S": "due#0"}, "next_at": {"N": "1"}}
DUE_LATER = {"due": {"S": "due#0"}, "next_at": {"N": "2"}}


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, meta(**DUE_NOW), 1),
        (meta(**DUE_NOW), meta(**DUE_LATER), 2),
        (meta(**DUE_NOW), meta(**DUE_NOW, doc={"S": "other"}), 0),
        (meta(**DUE_NOW), meta(next_at={"N": "1"}), 1),
        (meta(), meta(doc={"S": "other"}), 0),
    ],
)
def test_an_index_is_written_where_its_entry_changes(before: Any, after: Any, units: int) -> None:
    assert DUE.write_units(before, after) == units


def test_storage_counts_a_hundred_bytes_for_each_item_and_entry() -> None:
    item = meta(**DUE_NOW)
    entry = item_bytes(item)
    assert stored_bytes([item], [DUE]) == 2 * (entry + 100)
    assert stored_bytes([meta()], [DUE]) == item_bytes(meta()) + 100
