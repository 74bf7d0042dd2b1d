"""JSON from raw bytes, strictly: what two parsers could read in two ways is refused, and the answer says
where.

Python's parser takes repeated keys (the last one wins), NaN and Infinity, escaped halves of surrogate pairs
and numbers of any length, and recurses once per level of nesting. A body that another system may read
differently has no place where it decides what is deleted.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Never

from chalicelib.domain.errors import Field, NotValid

DEEPEST = 16  # levels; the contract's bodies have two
#: Digits of a whole number. Zoho's ids have 18 or 19: sent as numbers they get a word of their own, in
#: schemas.py.
MOST_DIGITS = 20
MOST_PROBLEMS = 1000  # listed in one answer

#: Strings and brackets. Possessive, and the closing quote is optional, so that no body makes it look back or
#: start again inside an unclosed string: the scan is linear.
_MARK = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+|[\[\]{}]', re.DOTALL)
_NOT_TEXT = re.compile("[\ud800-\udfff]")


class _Bad:
    """Stands in for a value that JSON cannot have, until the place where it stood is known."""

    def __init__(self, problem: str) -> None:
        self.problem = problem


class _Object(dict[str, Any]):
    """An object that remembers which of its keys came more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated: list[str] = []
        if len(self) < len(pairs):
            times = Counter(name for name, _ in pairs)
            self.repeated = [name for name, n in times.items() if n > 1]


def parse(body: bytes) -> Any:
    """The value in `body`. Raises NotValid with every place that makes it unusable; the body's size is capped
    before.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as problem:
        _refuse(Field("", f"the body must be UTF-8; byte {problem.start} is not"))
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_Object,
            parse_constant=lambda name: _Bad(f"{name} is not a JSON value"),
            parse_int=_whole,
            parse_float=_real,
        )
    except json.JSONDecodeError as problem:
        _refuse(Field("", f"the body must be JSON; line {problem.lineno}, column {problem.colno} is not"))
    problems = list(first(_problems(value, "")))
    if problems:
        _refuse(*problems)
    return value


def pointer(parent: str, key: str | int) -> str:
    """The JSON Pointer (RFC 6901) of `key` below `parent`; half surrogates, which no answer could carry,
    replaced.
    """
    name = _NOT_TEXT.sub("\ufffd", str(key))[:100]
    return f"{parent}/{name.replace('~', '~0').replace('/', '~1')}"


def first(problems: Iterator[Field]) -> Iterator[Field]:
    """The problems, cut off with a word where there are more than an answer should list."""
    for number, problem in enumerate(problems):
        if number >= MOST_PROBLEMS:
            yield Field("", f"and more: only the first {MOST_PROBLEMS} problems are listed")
            return
        yield problem


def _refuse(*fields: Field) -> Never:
    raise NotValid("the body is not acceptable JSON", fields)


def _check_depth(text: str) -> None:
    depth = 0
    for match in _MARK.finditer(text):
        mark = match.group()
        if mark in "[{":
            depth += 1
            if depth > DEEPEST:
                _refuse(Field("", f"the body may be nested {DEEPEST} levels deep at most"))
        elif mark in "]}":
            depth -= 1


def _whole(digits: str) -> int | _Bad:
    """Python refuses to convert above 4,300 digits with an error of its own, and no field takes that many."""
    if len(digits.lstrip("-")) > MOST_DIGITS:
        return _Bad(f"a number may have {MOST_DIGITS} digits at most; send ids as strings")
    return int(digits)


def _real(digits: str) -> float | _Bad:
    value = float(digits)
    return value if math.isfinite(value) else _Bad("this number is too large")


def _problems(value: Any, path: str) -> Iterator[Field]:
    """Every place below `path` that is not usable; recursion is bounded by the check of the depth."""
    if isinstance(value, _Bad):
        yield Field(path, value.problem)
    elif isinstance(value, str):
        if _NOT_TEXT.search(value):
            yield Field(path, "half of a surrogate pair is not a character")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _problems(item, pointer(path, number))
    elif isinstance(value, _Object):
        yield from _object_problems(value, path)


def _object_problems(value: _Object, path: str) -> Iterator[Field]:
    for name in value.repeated:
        yield Field(pointer(path, name), "this name comes more than once")
    for name, item in value.items():
        if _NOT_TEXT.search(name):
            yield Field(pointer(path, name), "half of a surrogate pair is not a character")
        yield from _problems(item, pointer(path, name))
