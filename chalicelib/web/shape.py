"""Says of a JSON value every place where it is not as its JSON Schema wants it, in plain words.

Knows only the few words of JSON Schema that our bodies use; any other raises KeyError in the tests, which
walk every schema. docs/openapi.json shows the very same schemas (docs/adr/0001 says why this is no library).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chalicelib.domain.errors import Field
from chalicelib.domain.ids import RECORD_ID_WORDS, is_record_id
from chalicelib.web.strict_json import pointer

Schema = Mapping[str, Any]

#: Fields that hold ids: a number there gets a word of its own, because many senders round 18 digits.
_IDS = frozenset({"cvid", "record_id", "id"})


def problems(schema: Schema, value: Any, path: str = "") -> Iterator[Field]:
    """Each place in `value` that is not as `schema` wants it, with what is wrong, never with the value."""
    if "const" in schema:
        if value != schema["const"]:
            yield Field(path, f"must be {schema['const']!r}")
        return
    if not schema:
        return  # anything
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if value is None and "null" in kinds:
        return
    yield from _KINDS[kinds[0]](schema, value, path)


def _object(schema: Schema, value: Any, path: str) -> Iterator[Field]:
    if not isinstance(value, dict):
        yield Field(path, "must be an object")
        return
    known: Mapping[str, Schema] = schema["properties"]
    for name, inner in known.items():
        if name in value:
            yield from problems(inner, value[name], pointer(path, name))
        elif name in schema.get("required", ()):
            yield Field(pointer(path, name), "is missing")
    for name in value:
        if name not in known:
            yield Field(pointer(path, name), "is not a known field")


def _string(schema: Schema, value: Any, path: str) -> Iterator[Field]:
    if not isinstance(value, str):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        hint = number and path.rpartition("/")[2] in _IDS
        yield Field(path, "must be a string: send ids as strings" if hint else "must be a string")
    elif "enum" in schema:
        if value not in schema["enum"]:
            *rest, last = map(repr, schema["enum"])
            yield Field(path, f"must be {', '.join(rest)} or {last}")
    elif words := _text_problem(schema, value):
        yield Field(path, words)


def _text_problem(schema: Schema, value: str) -> str:
    if len(value) > schema.get("maxLength", len(value)):
        return f"may have {schema['maxLength']} characters at most"
    if len(value) < schema.get("minLength", 0):
        return "must not be empty"
    if schema.get("format") == "int64":
        return "" if is_record_id(value) else RECORD_ID_WORDS
    pattern = schema.get("pattern", "").removeprefix("^").removesuffix("$")
    return f"must match {pattern}" if pattern and not re.fullmatch(pattern, value) else ""


def _integer(schema: Schema, value: Any, path: str) -> Iterator[Field]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield Field(path, "must be a whole number")
    elif value < schema.get("minimum", value):
        yield Field(path, f"must be {schema['minimum']} or more")


def _boolean(_schema: Schema, value: Any, path: str) -> Iterator[Field]:
    if not isinstance(value, bool):
        yield Field(path, "must be true or false")


def _array(schema: Schema, value: Any, path: str) -> Iterator[Field]:
    """Its items are looked at by whoever asks: there can be thousands of them."""
    if not isinstance(value, list):
        yield Field(path, "must be a list of strings")
    elif len(value) < schema.get("minItems", 0):
        yield Field(path, f"must name at least {schema['minItems']}")


_KINDS: Mapping[str, Callable[[Schema, Any, str], Iterator[Field]]] = {
    "object": _object,
    "string": _string,
    "integer": _integer,
    "boolean": _boolean,
    "array": _array,
}
