"""Ids from a file: one a line, or a column of a workbook (.xlsx) or of a CSV file as spreadsheets and Zoho's
exports write it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from chalicelib.domain.ids import is_record_id
from cli.sending import rounded, workbook

#: Problems that are told before the rest is only counted.
MOST_TOLD = 5
_EXTERNAL_ID = re.compile(r"[!-~]{1,255}")
#: A number in a spreadsheet's own words, which nobody gives to a record for a name.
_SCIENTIFIC = re.compile(r"[0-9][.,][0-9]+E\+[0-9]{2,}")
TRUSTED = "--not-rounded"
#: So many groups of three digits are no cells of a table any more.
_GROUPS = 3
#: What Zoho's exports put before a record's id.
_EXPORTED = "zcrm_"
#: A spreadsheet's own ways to say that a cell is text.
_AS_TEXT = re.compile('[\'\u2018\u2019](?P<a>.*)|="(?P<b>[^"]*)"')
#: Invisible, and no part of an id.
_INVISIBLE = "\ufeff\u200b\u2060"
_NAMES = frozenset({"id", "ids", "recordid", "zohoid"})
_DELIMITERS = ",;\t"
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class Broken(Exception):
    """The file cannot be used. `lines`: what is wrong, each with its line number where there is one."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True)
class Ids:
    """The ids of a file, each once, in its order; `lines`: where each stands. `repeated`: left out."""

    ids: tuple[str, ...]
    lines: tuple[int, ...]
    repeated: int


@dataclass(frozen=True)
class _Row:
    line: int
    cells: list[str]


def read(
    data: bytes,
    *,
    column: str | None = None,
    external: str | None = None,
    trusted: bool = False,
    sheet: str | None = None,
) -> Ids:
    """The ids in `data`.

    `column`: the header's name of the column, or its number from 1. `external`: the ids are values of this
    field and no record ids. `trusted`: somebody says that none is rounded, however they look. `sheet`: of a
    workbook that has several. Raises Broken.
    """
    rows = _rows_in(data, sheet, bool(external))
    head = next(rows, None)
    if head is None:
        raise Broken("there are no ids in it")
    check = _external_id if external else _record_id
    at, is_header = _column(head, column, external, check)
    if not is_header and not external:
        _refuse_parts(head)
    seen: dict[str, int] = {}
    problems, repeated = [], 0
    for row in rows if is_header else chain((head,), rows):
        try:
            value = check(_cell(row.cells, at, len(head.cells)))
        except ValueError as problem:
            problems.append(f"line {row.line}: {problem}")
            continue
        repeated += value in seen
        seen.setdefault(value, row.line)
    if problems:
        raise Broken(*problems[:MOST_TOLD], *_more(len(problems)))
    if not seen:
        raise Broken("there are no ids in it, only a header")
    if not trusted:
        _refuse_rounded(tuple(seen), lambda at: f"line {[*seen.values()][at]}: ")
    return Ids(tuple(seen), tuple(seen.values()), repeated)


def _refuse_parts(head: _Row) -> None:
    """Raises Broken where the cells of the first line are one number, parted at its own commas."""
    whole = ",".join(head.cells).strip()
    why = rounded.as_a_number(_bare(whole))
    if why and (len(head.cells) > _GROUPS or "E+" in whole.upper()):
        raise Broken(f"line {head.line}: {whole[:40]!r} {why}")


def _cell(cells: list[str], at: int, width: int) -> str:
    """The row's cell with the id. A row with more cells than the first one has slipped, so which is which is
    not known (ValueError).
    """
    if any(cell.strip() for cell in cells[width:]):
        raise ValueError(f"has {len(cells)} cells, where the first line has {width}")
    return cells[at].strip().strip(_INVISIBLE).strip() if at < len(cells) else ""


def checked(words: Iterable[str], *, external: str | None = None, trusted: bool = False) -> tuple[str, ...]:
    """Ids that were given one by one, each once; `trusted` as in `read`. Raises Broken."""
    check = _external_id if external else _record_id
    try:
        found = tuple(dict.fromkeys(check(word) for word in words))
    except ValueError as problem:
        raise Broken(str(problem)) from problem
    if not trusted:
        _refuse_rounded(found, lambda _: "")
    return found


def checked_texts(named: Mapping[str, str], *, trusted: bool, external: bool = False) -> None:
    """Ids of a request, by their names in it: what is no id at all is left to the service. Raises Broken."""
    numbers = {name: "" if external else rounded.as_a_number(text) for name, text in named.items()}
    told = [f"{name}: {named[name]!r} {why}" for name, why in numbers.items() if why]
    if told:
        raise Broken(*told[:MOST_TOLD], *_more(len(told)))
    names = list(named)
    if not trusted:
        _refuse_rounded(tuple(named.values()), lambda at: f"{names[at]}: ")


def _refuse_rounded(ids: tuple[str, ...], where: Callable[[int], str]) -> None:
    """Raises Broken where ids were rounded. `where`: what comes before a problem with the n-th."""
    places, why = rounded.suspicious(ids)
    if places:
        told = [f"{where(at)}{ids[at]!r} {why}" for at in places[:MOST_TOLD]]
        raise Broken(*told, *_more(len(places)), f"if they are right: {TRUSTED}")


def _more(found: int) -> Iterable[str]:
    return [f"and {found - MOST_TOLD} more like these"] if found > MOST_TOLD else []


def _text(data: bytes) -> str:
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise Broken(f"line {line}: is not {encoding.removesuffix('-sig').upper()} text") from problem


def _rows_in(data: bytes, sheet: str | None, as_shown: bool) -> Iterator[_Row]:
    if data.startswith((workbook.ZIP, workbook.OLE)):
        return _workbook_rows(data, sheet, as_shown)
    if sheet is not None:
        raise Broken("--sheet is for a workbook (.xlsx), and this is none")
    return _rows(_text(data))


def _workbook_rows(data: bytes, sheet: str | None, as_shown: bool) -> Iterator[_Row]:
    try:
        found = workbook.rows(data, sheet, as_shown=as_shown)
        yield from (_Row(line, cells) for line, cells in found)
    except workbook.NotRead as problem:
        raise Broken(str(problem)) from problem


def _rows(text: str) -> Iterator[_Row]:
    """The rows that hold anything, each with the number of its (last) line. Raises Broken on the way."""
    first = re.sub('"[^"\n]*"', "", text.lstrip()).partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from (_Row(reader.line_num, cells) for cells in reader if any(map(str.strip, cells)))
    except csv.Error as problem:
        raise Broken(f"line {reader.line_num}: is not CSV: {problem}") from problem


def _column(
    first: _Row, column: str | None, external: str | None, check: Callable[[str], str]
) -> tuple[int, bool]:
    """(the index of the column, whether the first row is a header)."""
    head = [cell.strip() for cell in first.cells]
    if column is not None:
        return _asked_for(head, column, check)
    names = _NAMES | {_plain(external)} if external else _NAMES
    named = [at for at, cell in enumerate(head) if _plain(cell) in names]
    if len(named) == 1:
        return named[0], True
    if len(head) == 1 and not named:
        # Without a known name an external id looks like any header, so there only a known name is one.
        return 0, not (external or _starts_like_an_id(head[0], check))
    shown = ", ".join(repr(cell) for cell in head)
    raise Broken(f"line {first.line}: which column holds the ids? Name it with --column: {shown}")


def _asked_for(head: list[str], column: str, check: Callable[[str], str]) -> tuple[int, bool]:
    for same in (str, _plain):
        found = [at for at, cell in enumerate(head) if same(cell) == same(column)]
        if len(found) == 1:
            return found[0], True
        if found:
            raise Broken(f"there are {len(found)} columns named {column!r}: give its number, 1 for the first")
    if column.isascii() and column.isdigit() and 1 <= int(column) <= len(head):
        at = int(column) - 1
        return at, not _starts_like_an_id(head[at], check)
    raise Broken(f"there is no column {column!r}; there are: {', '.join(repr(cell) for cell in head)}")


def _starts_like_an_id(cell: str, check: Callable[[str], str]) -> bool:
    """An id, or a broken one: a header has a letter first."""
    bare = _bare(cell).removeprefix(_EXPORTED)
    if bare.lstrip("=+-")[:1].isdigit() or rounded.as_a_number(bare):
        return True
    try:
        check(cell)
    except ValueError:
        return False
    return True


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _record_id(cell: str) -> str:
    value = _bare(cell).removeprefix(_EXPORTED)
    if is_record_id(value):
        return value
    if not value:
        raise ValueError("has no id")
    shown = cell if len(cell) <= 40 else cell[:40] + "..."
    if why := rounded.as_a_number(value):
        raise ValueError(f"{shown!r} {why}")
    raise ValueError(f"{shown!r} is no record id: 1 to 19 digits, the first no 0")


def _bare(cell: str) -> str:
    """The cell without the apostrophe or formula that keeps a spreadsheet from rounding it."""
    marked = _AS_TEXT.fullmatch(cell)
    return next((text for text in marked.groups() if text is not None), "").strip() if marked else cell


def _external_id(cell: str) -> str:
    if not cell:
        raise ValueError("has no id")
    if _SCIENTIFIC.fullmatch(cell):
        raise ValueError(f"{cell!r} {rounded.as_a_number(cell)}")
    if not _EXTERNAL_ID.fullmatch(cell) or cell in (".", ".."):
        raise ValueError(f"{cell[:40]!r} is no external id: 1 to 255 visible characters without blanks")
    return cell
