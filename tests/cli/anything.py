"""Documents of every shape that docs/openapi.json allows: each null, each field that may be left out."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as some
from hypothesis.strategies import SearchStrategy

from local.settings import ROOT

SCHEMAS: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())["components"]["schemas"]
TIMES = some.datetimes().map(lambda at: at.isoformat(timespec="milliseconds") + "Z")
TEXTS = some.text(max_size=300)
_PLAIN: dict[str, SearchStrategy[Any]] = {
    "null": some.none(),
    "boolean": some.booleans(),
    "integer": some.integers(0, 10**6),
    "string": TEXTS,
}


def anything(name: str) -> SearchStrategy[Any]:
    """Documents that fit the schema `name`."""
    return _of(SCHEMAS[name])


def _of(schema: dict[str, Any]) -> SearchStrategy[Any]:
    if "$ref" in schema:
        return anything(schema["$ref"].rpartition("/")[2])
    if "allOf" in schema:
        return some.tuples(*map(_of, schema["allOf"])).map(_joined)
    if "anyOf" in schema:
        return some.one_of(*map(_of, schema["anyOf"]))
    if "const" in schema or "enum" in schema:
        return some.sampled_from(schema.get("enum") or [schema["const"]])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return some.one_of(*(_kind(kind, schema) for kind in kinds))


def _kind(kind: str, schema: dict[str, Any]) -> SearchStrategy[Any]:
    if kind == "array":
        return some.lists(_of(schema["items"]), max_size=4)
    if kind == "object":
        fields = {name: _of(each) for name, each in schema.get("properties", {}).items()}
        needed = {name: each for name, each in fields.items() if name in schema.get("required", ())}
        return some.fixed_dictionaries(
            needed, optional={name: each for name, each in fields.items() if name not in needed}
        )
    if kind == "string" and schema.get("format") == "date-time":
        return TIMES
    if kind == "string" and "pattern" in schema:
        return some.from_regex(schema["pattern"], fullmatch=True)
    return _PLAIN[kind]


def _joined(parts: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}
