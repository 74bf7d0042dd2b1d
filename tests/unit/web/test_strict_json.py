"""JSON that could be read in two ways is refused, with the place where it is; the rest is read as ever."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import NotValid
from chalicelib.web.strict_json import DEEPEST, MOST_PROBLEMS, parse, pointer

NUMBERS = st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def paths(body: bytes) -> list[str]:
    with pytest.raises(NotValid) as caught:
        parse(body)
    assert all(field.problem for field in caught.value.fields)
    return [field.path for field in caught.value.fields]


@given(value=VALUES)
def test_good_json_is_what_it_was(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False, indent=1).encode()) == value


@given(body=st.binary(max_size=80) | st.text('[]{}":,\\u0123456789eE+-.naNIty ', max_size=80).map(str.encode))
def test_anything_else_is_our_error(body: bytes) -> None:
    with suppress(NotValid):
        parse(body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", [""]),
        (b"\xff{}", [""]),
        (b"\xef\xbb\xbf{}", [""]),
        ('{"a":1}'.encode("utf-16"), [""]),
        (b"{} {}", [""]),
        (b"{'a':1}", [""]),
        (b'{"a":1,"b":2,"a":3}', ["/a"]),
        (b'{"t":{"id":"1","id":"2"}}', ["/t/id"]),
        (b'{"a":NaN,"b":[1,Infinity,-Infinity]}', ["/a", "/b/1", "/b/2"]),
        (b'{"a":1e999}', ["/a"]),
        (b'{"a":' + b"9" * 5000 + b"}", ["/a"]),
        (b'{"a":-' + b"9" * 21 + b"}", ["/a"]),
        (b'{"a":"\\ud800"}', ["/a"]),
        (b'{"\\udc00":1}', ["/\ufffd"]),
        (b'{"a/b~":NaN}', ["/a~1b~0"]),
    ],
)
def test_what_is_refused_and_where(body: bytes, expected: list[str]) -> None:
    assert paths(body) == expected


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"b":'])
def test_no_depth_becomes_a_recursion_error(opening: bytes) -> None:
    assert paths(opening * 60_000) == [""]


def test_brackets_in_strings_are_not_depth() -> None:
    text = "[" * 100 + '\\"{'
    assert parse(json.dumps([text]).encode()) == [text]
    assert parse(b"[" * DEEPEST + b"]" * DEEPEST)


@pytest.mark.parametrize(
    "body", [b'"' + b'\\"' * 130_000, b'"\\' * 87_000, b'"' * 262_144, b'[1e1,"a",' * 29_000]
)
def test_no_body_takes_long(body: bytes) -> None:
    started = time.process_time()  # of this process alone, however busy the machine is
    paths(body)
    assert time.process_time() - started < 2


def test_long_lists_of_problems_are_cut_off() -> None:
    found = paths(b"[" + b",".join([b"NaN"] * 5000) + b"]")
    assert len(found) == MOST_PROBLEMS + 1
    assert found[-1] == ""


def test_pointers() -> None:
    assert pointer(pointer("", "a/b"), 3) == "/a~1b/3"
