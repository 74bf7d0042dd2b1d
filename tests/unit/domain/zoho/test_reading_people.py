"""What metadata, rows and counts say: nothing raises, and what is not told is not taken for "none"."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.zoho.metadata import FieldInfo, fields_of, modules_of, related_lists_of
from chalicelib.domain.zoho.rows import Row, counts, listed, lookup_id

KEYS = st.sampled_from(
    [
        "api_name", "data_type", "private", "restricted", "crypt", "lookup", "module", "modules", "id",
        "data", "info", "more_records", "fields", "related_lists", "status", "count", "related_list", "type",
        "get_related_records_count", "associated_modules", "multi_module_lookup", "generated_type",
    ]
)  # fmt: skip
LEAF = st.sampled_from(["Leads", "Email", "email", "", "1", 1, 0, -1, 1.5, None, True, False, "error"])
ANY: st.SearchStrategy[Any] = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
BODY = st.dictionaries(KEYS, ANY, max_size=5) | st.none()


@given(BODY)
def test_whatever_an_answer_holds_it_is_read_without_raising(body: dict[str, Any] | None) -> None:
    for field in fields_of(body):
        assert field.name
        assert all(field.points_to)
    assert all(each.name for each in modules_of(body))
    assert all(each.name for each in related_lists_of(body))
    assert {type(row) for row in listed(body).rows} <= {Row}
    assert all(count >= 0 for count in counts(body).values())
    json.dumps(counts(body))


def field(**told: Any) -> FieldInfo:
    (found,) = fields_of({"fields": [{"api_name": "Email", "data_type": "email", **told}]})
    return found


@pytest.mark.parametrize(
    ("private", "restricted"),
    [
        (None, False),
        (False, False),
        ({"restricted": False, "type": "Low", "export": True}, False),
        ({"restricted": True, "type": "High", "export": False}, True),
        ({}, True),
        ({"type": "High"}, True),
        (True, True),
        ("High", True),
    ],
)
def test_a_field_is_taken_for_readable_only_where_zoho_says_so(private: object, restricted: bool) -> None:
    assert field(private=private).restricted is restricted


@pytest.mark.parametrize(
    ("crypt", "encrypted"),
    [(None, False), ({}, False), ({"mode": "encryption", "status": 1}, True), (True, True)],
)
def test_a_field_is_encrypted_where_zoho_tells_how(crypt: object, encrypted: bool) -> None:
    assert field(crypt=crypt).encrypted is encrypted


@pytest.mark.parametrize(
    ("told", "points_to"),
    [
        ({"lookup": {"module": {"api_name": "Contacts", "id": "1"}}}, ("Contacts",)),
        ({"lookup": {"module": "Contacts"}}, ("Contacts",)),
        ({"lookup": {}}, ()),
        ({"lookup": None}, ()),
        (
            {"multi_module_lookup": {"modules": [{"api_name": "Leads"}, {"api_name": "Deals"}]}},
            ("Leads", "Deals"),
        ),
        ({"multiselectlookup": {"connected_module": "Contacts"}}, ("Contacts",)),
        (
            {"associated_modules": [{"module": "Leads"}, {"module": {"api_name": "Deals"}}]},
            ("Leads", "Deals"),
        ),
    ],
)
def test_a_lookup_points_to_its_modules_in_each_of_zohos_shapes(
    told: dict[str, Any], points_to: tuple[str, ...]
) -> None:
    assert field(**told).points_to == points_to


def test_a_module_is_left_aside_only_where_zoho_says_that_it_cannot_be_reached() -> None:
    told = [
        {"api_name": "A"},
        {"api_name": "B", "api_supported": False},
        {"api_name": "C", "viewable": False},
        {"api_name": "D", "api_supported": None, "global_search_supported": None, "deletable": None},
        {"api_name": None, "generated_type": "web"},
        "E",
    ]
    found = modules_of({"modules": told})
    assert [(each.name, each.served) for each in found] == [
        ("A", True),
        ("B", False),
        ("C", False),
        ("D", True),
    ]
    assert all(each.searched and each.deletable for each in found)
    assert {each.keeps_deleted for each in found} == {None}


def test_a_related_list_that_users_have_hidden_is_still_one_and_a_doomed_one_is_not() -> None:
    told = [
        {"api_name": "Notes", "module": None, "status": "visible"},
        {"api_name": "Custom", "module": {"api_name": "Members"}, "status": "user_hidden"},
        {"api_name": "Old", "status": "scheduled_for_deletion"},
    ]
    found = related_lists_of({"related_lists": told})
    assert [(each.name, each.module, each.hidden) for each in found] == [
        ("Notes", "", False),
        ("Custom", "Members", True),
    ]


@pytest.mark.parametrize(
    ("info", "more"),
    [({"more_records": True}, True), ({"more_records": "true"}, False), (None, False), ([], False)],
)
def test_there_is_more_only_where_zoho_says_so(info: object, more: bool) -> None:
    found = listed({"data": [{"id": 5, "Email": "a"}], "info": info})
    assert (found.rows[0].id, found.more) == ("5", more)


@pytest.mark.parametrize(
    ("value", "one"),
    [
        ({"id": "7", "name": "x"}, "7"),
        ({"id": 7}, "7"),
        ("7", "7"),
        (7, "7"),
        ({"name": "x"}, None),
        (None, None),
        (True, None),
        ({"id": True}, None),
        ([], None),
        ("", None),
    ],
)
def test_a_lookup_names_one_record_however_its_id_is_written(value: object, one: str | None) -> None:
    assert lookup_id(value) == one


def test_a_list_that_was_not_counted_is_not_an_empty_one() -> None:
    body = {
        "get_related_records_count": [
            {"count": 2, "related_list": {"api_name": "Notes"}},
            {"count": "3", "related_list": {"api_name": "Deals"}},
            {"code": "INVALID_DATA", "status": "error", "details": {"api_name": "id"}},
            {"count": None, "related_list": {"api_name": "Tasks"}},
            {"count": -1, "related_list": {"api_name": "Calls"}},
            {"count": True, "related_list": {"api_name": "Events"}},
        ]
    }
    assert counts(body) == {"Notes": 2, "Deals": 3}
