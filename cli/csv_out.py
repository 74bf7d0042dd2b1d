"""CSV for spreadsheets: no cell is ever taken for a formula, and the file is its owner's alone.

A spreadsheet calculates what begins with one of a few characters, and which character parts two cells depends
on its country: with a semicolon there, text after one begins a cell of its own. An apostrophe in front makes
text of it (OWASP, CSV Injection). Machines read JSON lines instead, where every text is as it was.
"""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from cli.output import clean

#: What begins a formula, also in the wide forms that East Asian keyboards write, where a cell may begin.
_FORMULA = re.compile(r"""(^|[;,|"'\n])(\s*)(?=[=+\-@＝＋－＠])""")


def cell(value: Any) -> str:
    """A value as a cell's text: None is empty, formulas and control characters are text."""
    text = "" if value is None else clean(str(value))
    return _FORMULA.sub(r"\1\2'", text)


def row(values: Iterable[Any]) -> str:
    """One line of CSV with its line break."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(map(cell, values))
    return line.getvalue()


@contextmanager
def whole(output: Path) -> Iterator[TextIO]:
    """A file that is put in its place when the block ends well, or not at all; for its owner's eyes only.
    Raises OSError.
    """
    handle, name = tempfile.mkstemp(prefix=f"{output.name}.", suffix=".new", dir=output.parent)  # mode 0600
    aside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as sink:
            yield sink
            sink.flush()
            os.fsync(sink.fileno())
        aside.replace(output)
    finally:
        aside.unlink(missing_ok=True)
