"""Ids from Excel workbooks: exact where they are text, refused where Excel has rounded them."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as some
from openpyxl.worksheet.worksheet import Worksheet

from chalicelib.domain.ids import LARGEST_RECORD_ID
from cli.sending.ids_file import Broken, read

ID = "410405000002264040"


def first(made: openpyxl.Workbook) -> Worksheet:
    sheet = made.worksheets[0]
    assert isinstance(sheet, Worksheet)
    return sheet


def book(*rows: tuple[Any, ...], **more: list[tuple[Any, ...]]) -> openpyxl.Workbook:
    """A workbook with these rows in its first sheet, and sheets by name."""
    made = openpyxl.Workbook()
    for name, others in more.items():
        made.create_sheet(name)
        for row in others:
            made[name].append(row)
    for row in rows:
        first(made).append(row)
    return made


def saved(made: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def test_text_is_read_exactly_and_short_numbers_are_whole() -> None:
    data = saved(
        book(("Name", "Record Id"), ("Ann", ID), ("Bob", "zcrm_7"), (None, None), ("Cid", 8), (1, 9.0))
    )
    found = read(data)
    assert (found.ids, found.lines) == ((ID, "7", "8", "9"), (2, 3, 5, 6))


@given(some.lists(some.integers(10**14, LARGEST_RECORD_ID), min_size=1, max_size=20, unique=True))
def test_a_column_of_text_comes_back_as_it_was(numbers: list[int]) -> None:
    ids = tuple(map(str, numbers))
    assert read(saved(book(("Id",), *((one,) for one in ids))), trusted=True).ids == ids


@given(some.integers(10**15, LARGEST_RECORD_ID))
def test_a_number_of_more_than_15_digits_is_refused(number: int) -> None:
    for kept in (number, float(f"{number:.14E}")):
        with pytest.raises(
            Broken, match=r"line 2: .* was rounded by a spreadsheet: export or format the column as text"
        ):
            read(saved(book(("Id",), (kept,))), trusted=True)
        with pytest.raises(Broken, match="was rounded by a spreadsheet"):
            read(saved(book(("Key",), (kept,))), external="Key")


def test_text_that_was_rounded_before_is_refused_too() -> None:
    rounded = [(f"41040500000226{n}000",) for n in range(4)]
    with pytest.raises(Broken, match="has only zeros after its first 15 digits"):
        read(saved(book(("Id",), *rounded)))


def test_an_external_id_with_zeros_that_only_its_format_shows_is_refused() -> None:
    made = book(("Key",), (42,))
    assert read(saved(made), external="Key").ids == ("42",)
    first(made)["A2"].number_format = "00000"
    with pytest.raises(Broken, match="format the column as text"):
        read(saved(made), external="Key")
    assert read(saved(made), column="Key").ids == ("42",)


def test_rows_that_nobody_sees_are_not_guessed_about() -> None:
    made = book(("Id",), ("7",), ("8",), ("9",))
    first(made).row_dimensions[3].hidden = True
    with pytest.raises(
        Broken, match="has 1 hidden rows in sheet 'Sheet', the first is 3: show all rows, or copy"
    ):
        read(saved(made))


def test_of_several_sheets_one_is_named() -> None:
    made = book(("Id",), ("7",), Other=[("Id",), ("8",)], Empty=[])
    with pytest.raises(
        Broken, match="several sheets: name the one with the ids with --sheet: 'Sheet', 'Other'"
    ):
        read(saved(made))
    assert read(saved(made), sheet="Other").ids == ("8",)
    with pytest.raises(Broken, match="has no filled sheet 'Empty'; there are: 'Sheet', 'Other'"):
        read(saved(made), sheet="Empty")
    assert read(saved(book(("Id",), ("7",), Empty=[]))).ids == ("7",)


def test_a_formula_gives_what_it_showed_when_it_was_saved_and_nothing_else() -> None:
    with pytest.raises(Broken, match="line 3: has no id"):
        read(saved(book(("Name", "Id"), ("Ann", "7"), ("Bob", "=1+6"))))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04 and no more", "is no Excel workbook that can be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), r"is an old workbook \(.xls\) or has a password"),
        (saved(book()), "there are no ids in it"),
        (saved(book(("Id",))), "only a header"),
    ],
)
def test_what_is_no_list_of_ids_is_told(data: bytes, says: str) -> None:
    with pytest.raises(Broken, match=says):
        read(data)


def test_a_sheet_of_a_file_that_has_none_is_refused() -> None:
    with pytest.raises(Broken, match="--sheet is for a workbook"):
        read(b"7\n", sheet="Leads")
