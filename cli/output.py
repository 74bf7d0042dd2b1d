r"""The one way to the terminal: nothing that came from elsewhere can steer it.

References, file names, Zoho's words and other people's ids are shown by the commands. A terminal obeys what
it is sent: escape sequences move the cursor, rename the window or hide lines, and direction marks turn text
round. So every such character is shown as its escape (`\u001b`), which a JSON string reads as the same
character. `say` cleans what a command writes, line by line, so that a line break in data cannot make a line
of its own. `guarded` cleans whatever else is written to standard output and error: errors, help, warnings.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

import click

#: Invisible, but part of how words and emoji are written.
_JOINERS = frozenset("\u200c\u200d")
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def clean(text: str, keep: str = "") -> str:
    """The text with every control, format and direction character, and every half surrogate, as its escape.
    `keep`: characters that stay as they are.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if each in keep or _is_safe(each) else _escape(each) for each in text)


def _is_safe(character: str) -> bool:
    return unicodedata.category(character) not in _UNSAFE or character in _JOINERS


def _escape(character: str) -> str:
    """As JSON writes it: one escape, or two for a character above U+FFFF."""
    return json.dumps(character)[1:-1] if ord(character) != 0x7F else "\\u007f"


def cleaned(value: Any) -> Any:
    """A JSON value with all of its texts cleaned, names too."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(name): cleaned(each) for name, each in value.items()}
    return [cleaned(each) for each in value] if isinstance(value, list | tuple) else value


def say(*lines: str, err: bool = False) -> None:
    """Each line, cleaned, on standard output; with `err` on standard error."""
    click.echo("\n".join(map(clean, lines)), err=err)


def say_json(value: Any) -> None:
    """The value as one line of JSON on standard output."""
    say(json.dumps(value))


def raw(stream: TextIO) -> TextIO:
    """The terminal itself, for who draws on it (rich) and cleans what it draws."""
    return stream.stream if isinstance(stream, _Guard) else stream


@contextmanager
def guarded() -> Iterator[None]:
    """For as long as the block lasts, standard output and error clean whatever is written to them."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast("TextIO", _Guard(raw(each))) for each in before)
    try:
        yield
    finally:
        # Where a pipe has broken, click has put something else there, which stays.
        if isinstance(sys.stdout, _Guard):
            sys.stdout = before[0]
        if isinstance(sys.stderr, _Guard):
            sys.stderr = before[1]


class _Guard:
    """A text stream that cleans, but for line breaks and tabs. It has no `buffer`, past which bytes could
    go.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write it, cleaned; how long the text was."""
        self.stream.write(clean(text, keep="\n\t"))
        return len(text)

    def writelines(self, lines: Iterator[str]) -> None:
        """Write them one after the other, cleaned."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":
            raise AttributeError(name)
        return getattr(self.stream, name)
