"""Schemas and the few words of JSON Schema that are understood: the same verdict as a whole validator's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from chalicelib.domain.errors import NotValid
from chalicelib.web import operator_schemas, schemas, shape
from chalicelib.web.request_body import request_from_json
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
    _judged_alike(schema, value)


def _judged_alike(schema: Schema, value: Any) -> None:
    """Items of lists are for whoever asks, see below."""
    found = {problem.path for problem in shape.problems(schema, value)}
    assert bool(found) != Draft202012Validator(_without_items(schema)).is_valid(value)


def _without_items(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    return {name: _without_items(value) for name, value in schema.items() if name != "items"}


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("items", [[], [""], ["1"], [1], [None], [{}], [[]]])
def test_a_list_of_anything_is_a_list(name: str, items: list[Any]) -> None:
    for field in SCHEMAS[name]["properties"]:
        _judged_alike(SCHEMAS[name], {field: items})


#: Each list of a body, and a body that has nothing else wrong.
LISTS: dict[str, tuple[Schema, dict[str, Any]]] = {
    "/ids": (schemas.DELETE_RECORDS, {"operation": "delete_records", "module": "Leads"}),
    "/identity/emails": (schemas.ERASE_PERSON, {"operation": "erase_person", "identity": {}}),
    "/identity/phones": (schemas.ERASE_PERSON, {"operation": "erase_person", "identity": {}}),
    "/identity/records": (schemas.ERASE_PERSON, {"operation": "erase_person", "identity": {}}),
}


def test_each_list_of_a_request_is_tried() -> None:
    found = {path for schema in schemas.SCHEMAS.values() for path in _lists(schema)}
    assert found == set(LISTS)


def _lists(schema: Schema, path: str = "") -> Iterator[str]:
    for name, inner in schema.get("properties", {}).items():
        if inner.get("type") == "array":
            yield f"{path}/{name}"
        yield from _lists(inner, f"{path}/{name}")


@pytest.mark.parametrize("path", LISTS)
@given(item=st.one_of(VALUES, st.dictionaries(st.sampled_from(["module", "id", "x"]), VALUES)))
@example(item="")
@example(item=None)
@example(item={})
def test_an_item_that_the_schema_refuses_is_refused_at_its_place(path: str, item: Any) -> None:
    schema, body = LISTS[path]
    field = path.rpartition("/")[2]
    whole = {**body, field: [item]} if "identity" not in body else {**body, "identity": {field: [item]}}
    try:
        request_from_json(json.dumps(whole).encode(), "default", 5000)
        places = []
    except NotValid as problem:
        places = [each.path for each in problem.fields]
    assert all(place.startswith(f"{path}/0") for place in places), places
    assert places or Draft202012Validator(schema).is_valid(whole)


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
