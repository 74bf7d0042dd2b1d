"""Tables of the commands: each has a head, and fits 80 columns whatever stands in it. Pure.

Nothing is cut: a cell that is too long goes on below itself, in its own column. The first column, by which a
row is found and copied, is folded last.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from cli.output import clean

WIDTH = 80
_BETWEEN = "  "
_INDENT = 4
#: Who gives way first where words have to be broken: the columns after the first, or all, and down to what.
_GIVING = ((1, 8), (0, 8))
#: The longest id: as much of the first column is not folded where the others can give way.
_AN_ID = 32
#: A blank at which no line is broken.
_KEPT = "\u00a0"
#: Where a word that is too long is broken, such as an ARN or a path.
_JOINTS = "/:,"

Row = Sequence[str]


def table(head: Row, rows: Iterable[Row], notes: Iterable[Sequence[str]] = ()) -> list[str]:
    """The head and the rows as lines. `notes`: for each row what else there is to say of it, below it."""
    held = [tuple(map(flat, row)) for row in (tuple(map(whole, head)), *rows)]
    below = [(), *notes]
    widths = _widths(held)
    return [
        line
        for row, said in zip_longest(held, below, fillvalue=())
        for line in (*_lines(row, widths), *(line for note in said for line in _note(note)))
    ]


def whole(text: str) -> str:
    """A cell that is not folded at its blanks, such as a time."""
    return text.replace(" ", _KEPT)


def flat(text: str) -> str:
    """The text on one line, cleaned."""
    return clean(" ".join(text.split("\n")).replace("\t", " "))


def _note(text: str) -> list[str]:
    return [" " * _INDENT + line for line in _folded(flat(text), WIDTH - _INDENT)]


def _lines(row: Row, widths: Sequence[int]) -> list[str]:
    cells = [_folded(cell, width) for cell, width in zip(row, widths, strict=True)]
    return [
        _BETWEEN.join(
            part + " " * (width - _size(part)) for part, width in zip(parts, widths, strict=True)
        ).rstrip()
        for parts in zip_longest(*cells, fillvalue="")
    ]


def _widths(held: Sequence[Row]) -> list[int]:
    """How wide each column is. Where they are too wide, a first column of more than an id gives way, then the
    last columns are folded between words, then words are broken, those of the widest columns first.
    """
    columns = list(zip(*held, strict=True))
    room = WIDTH - len(_BETWEEN) * (len(columns) - 1)
    widths = [min(WIDTH, max(map(_size, cells))) for cells in columns]
    widths[0] = max(min(_AN_ID, widths[0]), widths[0] - max(0, sum(widths) - room))
    for at in reversed(range(len(columns))):
        words = max(_size(word) for cell in columns[at] for word in cell.split(" "))
        widths[at] = max(min(words, widths[at]), widths[at] - max(0, sum(widths) - room))
    for first, least in _GIVING:
        giving = range(first, len(columns))
        while sum(widths) > room and max(widths[first:], default=0) > least:
            widths[max(giving, key=widths.__getitem__)] -= 1
    return widths


def _folded(text: str, width: int) -> list[str]:
    """The text in lines of at most `width`, between words where that is possible."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and _size(line) + 1 + _size(word) <= width:
            line = f"{line} {word}"
            continue
        broken = _size(word) > width
        if line and not broken:
            lines.append(line)
        *parts, line = _broken(f"{line} {word}" if line and broken else word, width)
        lines += parts
    return [each.replace(_KEPT, " ") for each in ([*lines, line] if line or not lines else lines)]


def _broken(word: str, width: int) -> list[str]:
    """The word in parts of at most `width`, after a joint where one is near the end."""
    parts = []
    while _size(word) > width:
        part = word
        while _size(part) > width:
            part = part[:-1]
        joint = max(map(part.rfind, _JOINTS)) + 1
        part = part[:joint] if joint > len(part) // 2 else part
        parts.append(part)
        word = word[len(part) :]
    return [*parts, word]


def _size(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
