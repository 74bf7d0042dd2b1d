"""The rows of an Excel workbook (.xlsx), each cell exactly as the text that it holds.

Excel keeps 15 digits of a number. A cell that holds a longer one as a number has lost the others, so it is
given in the spelling that only numbers have, which no id is. Rows that are hidden are not guessed about: who
filtered a sheet means the rows that they see, and a file does not say whether they know of the others.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from cli.sending.rounded import KEPT

#: How files begin: a zip archive, which an .xlsx is; and what older Excel and protected workbooks are.
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


#: Number formats that show the digits of a whole number as they are.
_PLAIN = frozenset({"General", "0", "@", "#"})


class NotRead(Exception):
    """The workbook cannot be used. The message says why, and what to do."""


def rows(data: bytes, sheet: str | None, *, as_shown: bool = False) -> Iterator[tuple[int, list[str]]]:
    """(number of the row, texts of its cells) of each row that holds anything, of the `sheet` of that name or
    of the only one that holds anything. `as_shown`: a number that its format shows with other digits, such
    as 00042, is given as one that was rounded. Raises NotRead.
    """
    if data.startswith(OLE):
        raise NotRead("is an old workbook (.xls) or has a password: save it as .xlsx or CSV without one")
    found = [each for each in _sheets(data) if each.max_row and any(_filled(row) for row in each.values)]
    names = [str(each.title) for each in found]
    if sheet is not None:
        found = [each for each in found if each.title == sheet]
        if not found:
            raise NotRead(
                f"has no filled sheet {sheet!r}; there are: {', '.join(map(repr, names)) or 'none'}"
            )
    if len(found) > 1:
        raise NotRead(
            f"has several sheets: name the one with the ids with --sheet: {', '.join(map(repr, names))}"
        )
    return _rows_of(found[0], as_shown) if found else iter(())


def _sheets(data: bytes) -> list[Any]:
    import openpyxl  # noqa: PLC0415 - a tenth of a second that only a workbook is worth

    try:
        # Values and not formulas; all of it is read, as only then hidden rows are known.
        return list(openpyxl.load_workbook(io.BytesIO(data), data_only=True).worksheets)
    except Exception as problem:  # the library lets errors of zip, XML and its own out
        raise NotRead(
            f"is no Excel workbook that can be read ({problem}): save it as .xlsx or CSV"
        ) from problem


def _rows_of(sheet: Any, as_shown: bool) -> Iterator[tuple[int, list[str]]]:
    hidden = [n for n, row in sheet.row_dimensions.items() if row.hidden and n <= sheet.max_row]
    if hidden:
        raise NotRead(
            f"has {len(hidden)} hidden rows in sheet {sheet.title!r}, the first is {min(hidden)}: show all"
            " rows, or copy those that you see into a new sheet"
        )
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if _filled(tuple(cell.value for cell in row)):
            yield number, [_text(cell.value, as_shown and cell.number_format not in _PLAIN) for cell in row]


def _filled(row: tuple[Any, ...]) -> bool:
    return any(value is not None and str(value).strip() for value in row)


def _text(value: Any, otherwise: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if otherwise or abs(value) >= 10**KEPT:
            return f"{value:.{KEPT - 1}E}"
        return str(int(value)) if value == int(value) else repr(value)
    return str(value)
