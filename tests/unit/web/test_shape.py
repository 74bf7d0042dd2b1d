"""Schemas and the few words of JSON Schema that are understood: the same verdict as a whole validator's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from chalicelib.web import operator_schemas, schemas, shape
from chalicelib.web.shape import Schema

SCHEMAS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in (schemas, operator_schemas)
    for name, value in vars(module).items()
    if isinstance(value, dict) and value.get("type") == "object"
}
UNDERSTOOD = {
    "object": {"type", "description", "properties", "required", "additionalProperties"},
    "string": {
        "type",
        "description",
        "pattern",
        "format",
        "maxLength",
        "minLength",
        "enum",
        "const",
        "default",
    },
    "integer": {"type", "minimum"},
    "boolean": {"type", "default"},
    "array": {"type", "items", "minItems"},
}


def test_there_are_schemas_to_look_at() -> None:
    assert {"schemas.DELETE_RECORDS", "schemas.MASS_DELETE", "operator_schemas.SET_PAUSE"} <= SCHEMAS.keys()


@pytest.mark.parametrize("name", SCHEMAS)
def test_no_schema_says_what_is_not_understood(name: str) -> None:
    for part in _parts(SCHEMAS[name]):
        if not part:  # any JSON
            continue
        kind = part["type"][0] if isinstance(part["type"], list) else part["type"]
        assert part.keys() <= UNDERSTOOD[kind], part
        if kind == "object":
            assert part["additionalProperties"] is False


def _parts(schema: Schema) -> Iterator[Schema]:
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from _parts(inner)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=False),
    st.text(max_size=3),
    st.sampled_from(["Leads", "1", "auto", "delete_records", "mass_delete", "done", "x" * 256, "x" * 257]),
    st.lists(st.text(max_size=2), max_size=2),
    st.fixed_dictionaries(
        {}, optional={"id": st.sampled_from(["1", "x", 1]), "include_child": st.booleans()}
    ),
)


@given(st.data())
def test_a_value_has_problems_where_a_validator_refuses_it(data: Any) -> None:
    schema = data.draw(st.sampled_from(list(SCHEMAS.values())))
    known = dict.fromkeys(schema["properties"], VALUES)
    value = data.draw(st.one_of(VALUES, st.fixed_dictionaries({}, optional={**known, "other": VALUES})))
    # Items of lists are for whoever asks; here they are strings.
    found = {problem.path for problem in shape.problems(schema, value)}
    assert bool(found) != Draft202012Validator(schema).is_valid(value)


def test_no_word_repeats_the_value() -> None:
    value = {
        "operation": "delete_records",
        "module": "S3CRET!",
        "ids": "S3CRET!",
        "api": "S3CRET!",
        "x": "S3CRET!",
    }
    words = [problem.problem for problem in shape.problems(schemas.DELETE_RECORDS, value)]
    assert len(words) == 4
    assert not any("S3CRET" in each for each in words)
