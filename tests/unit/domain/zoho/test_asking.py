"""Search and COQL are asked in words that Zoho reads as they were meant, or not at all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.zoho.asking import By, SearchQuery, Selection, Where, fits_in_coql
from simulator import coql_parser
from simulator.record import Record
from simulator.search import How, parse_search

NAMES = st.sampled_from(["Email", "Secondary_Email", "Mobile", "Who_Id"])
TEXTS = st.text(min_size=1, max_size=40)
PLAIN = How(lambda _name: "text")


def record(**values: object) -> Record:
    found = Record("5", 1, 0.0)
    found.fields.update(values)
    return found


@given(st.lists(NAMES, min_size=1, max_size=4, unique=True), st.lists(TEXTS, min_size=1, max_size=4))
def test_a_query_finds_exactly_the_values_it_was_made_of_or_is_refused(
    fields: list[str], values: list[str]
) -> None:
    selection = Selection("Leads", Where(tuple(fields), tuple(values)), ("Email",), "4")
    if not all(map(fits_in_coql, values)):
        with pytest.raises(ValueError, match="COQL"):
            selection.text()
        return
    query = coql_parser.parse(selection.text(), 7, by_case=True)
    assert (query.module, query.limit, query.order_by) == ("Leads", 200, [("id", False)])
    assert query.where is not None
    for value in values:
        if not value[:1].isdigit() and not value.startswith("-"):
            assert query.where(record(**{fields[-1]: value}))
    assert not query.where(record(**{fields[0]: values[0] + "x", "Other": values[0]}))


@pytest.mark.parametrize("value", ["it's", 'a"b', "a\\b", "a\nb", "a\u2028b", "\ud800", ""])
def test_what_zohos_pages_disagree_on_is_not_said_in_coql(value: str) -> None:
    assert not fits_in_coql(value)
    with pytest.raises(ValueError, match="COQL"):
        Selection("Leads", Where(("Email",), (value,))).text()


@pytest.mark.parametrize("name", ["", "Email or 1=1", "Email;", "a-b", "1x", "Who_Id.name", "x" * 101])
def test_what_is_no_api_name_reaches_neither_search_nor_coql(name: str) -> None:
    for make in (
        lambda: Selection("Leads", Where((name,), ("a",))).text(),
        lambda: Selection("Leads", Where(("Email",), ("a",)), (name,)).text(),
        lambda: Selection(name, Where(("Email",), ("a",))).text(),
        lambda: SearchQuery(By.FIELD, "ab", name),
        lambda: SearchQuery(By.EMAIL, "ab", columns=(name,)),
    ):
        with pytest.raises(ValueError, match="name"):
            make()


@pytest.mark.parametrize("after", ["0", "x", "1 or 1", "-1", "9" * 20])
def test_a_query_goes_on_behind_an_id_only(after: str) -> None:
    with pytest.raises(ValueError, match="id"):
        Selection("Leads", Where(("Email",), ("a",)), after=after).text()


def test_a_query_has_no_more_criteria_than_zoho_takes() -> None:
    fields = tuple(f"F{n}" for n in range(25))
    assert Selection("Leads", Where(fields, ("a",))).text().count("=") == 25
    with pytest.raises(ValueError, match="25"):
        Selection("Leads", Where(fields, ("a",)), after="1").text()
    with pytest.raises(ValueError, match="values"):
        Where(("Email",), tuple(map(str, range(51)))).criteria()


@given(st.text(st.characters(codec="utf-8"), min_size=2, max_size=40))
def test_one_field_is_searched_for_the_value_as_it_is(value: str) -> None:
    try:
        search = SearchQuery(By.FIELD, value, "Last_Name")
    except ValueError:
        assert re.search(r"[\x00-\x1f\x7f\u2028\u2029]", value)
        return
    found = parse_search("criteria", search.query()["criteria"], PLAIN)
    assert found.compared == [("Last_Name", "equals")]
    if not re.match(r"[\d\-.$]|true|false", value):
        assert found.matches(record(Last_Name=value))


@pytest.mark.parametrize("value", ["", "a", "x" * 255, "a\x00b", "\ud800a"])
def test_what_cannot_be_searched_for_is_refused_at_once(value: str) -> None:
    with pytest.raises(ValueError, match="searched"):
        SearchQuery(By.EMAIL, value)


def test_a_search_names_one_way_only() -> None:
    assert SearchQuery(By.EMAIL, "a@b.at").query() == {"email": "a@b.at"}
    assert SearchQuery(By.PHONE, "+43 1").query() == {"phone": "+43 1"}
    assert SearchQuery(By.FIELD, "a(b),c", "Email").query() == {"criteria": "(Email:equals:a\\(b\\)\\,c)"}
    with pytest.raises(ValueError, match="field"):
        SearchQuery(By.FIELD, "abc")
    with pytest.raises(ValueError, match="field"):
        SearchQuery(By.EMAIL, "abc", "Email")
