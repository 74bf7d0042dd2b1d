"""What a policy's conditions become in COQL; the simulator's own parser reads them back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.retention.coql import (
    COMPARATORS,
    MOST_CRITERIA,
    Condition,
    criterion,
    older,
    problem_of,
    select,
)
from simulator import coql_parser
from simulator.record import Record

CUTOFF = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Condition("A", "equal", "Junk Lead"), "A = 'Junk Lead'"),
        (Condition("A", "not_equal", 7), "A != 7"),
        (Condition("A", "less_equal", 0.1234567), "A <= 0.1234567"),
        (Condition("A", "less_than", 1e-7), "A < 0.0000001"),
        (Condition("A", "greater_than", -2.0), "A > -2.0"),
        (Condition("A", "equal", True), "A = true"),
        (Condition("A", "in", ("a", "b")), "A in ('a','b')"),
        (Condition("A", "not_in", (1, 2)), "A not in (1,2)"),
        (Condition("A", "between", ("2026-01-01", "2026-02-01")), "A between '2026-01-01' and '2026-02-01'"),
        (Condition("A", "is_empty"), "A is null"),
        (Condition("A", "is_not_empty"), "A is not null"),
    ],
)
def test_a_condition_in_coql(condition: Condition, text: str) -> None:
    assert criterion(condition) == text


def test_a_time_and_a_day() -> None:
    assert older("Created_Time", CUTOFF, dates=False) == "Created_Time < '2026-01-02T03:04:05+00:00'"
    assert older("Closing_Date", CUTOFF, dates=True) == "Closing_Date < '2026-01-02'"


def test_more_than_two_criteria_are_bracketed_in_pairs() -> None:
    assert select("Leads", ["a"], None, 9) == "select id from Leads where a order by id asc limit 9"
    assert select("Leads", ["a"], "7", 9) == "select id from Leads where a and id > 7 order by id asc limit 9"
    three = select("Leads", ["a", "b", "c"], "7", 9)
    assert three == "select id from Leads where ((a and b) and c) and id > 7 order by id asc limit 9"


def test_the_most_criteria_can_be_read() -> None:
    many = [criterion(Condition(f"F{n}", "equal", n)) for n in range(MOST_CRITERIA - 1)]
    assert coql_parser.parse(select("Leads", many, "1", 2000), 7).limit == 2000
    with pytest.raises(ValueError):
        select("Leads", [*many, "x = 1"], "1", 2000)


@pytest.mark.parametrize(
    ("module", "after"), [("Leads where", None), ("Leads", "1 or 1=1"), ("", None), ("Leads", "")]
)
def test_nothing_else_gets_into_a_query(module: str, after: str | None) -> None:
    with pytest.raises(ValueError):
        select(module, ["a"], after, 9)


@pytest.mark.parametrize("name", ["a b", "1a", "", "a'", "ä", "a" * 101])
def test_a_field_is_an_api_name(name: str) -> None:
    assert problem_of(Condition(name, "is_empty")) is not None
    with pytest.raises(ValueError):
        older(name, CUTOFF, dates=False)
    with pytest.raises(ValueError):
        criterion(Condition(name, "is_empty"))


@pytest.mark.parametrize(
    "value",
    [
        "it's",
        'a"b',
        "a\\",
        "a\nb",
        "",
        "x" * 256,
        "\ud800",
        "\u2028",
        float("nan"),
        float("inf"),
        10**18,
        None,
    ],
)
def test_values_that_cannot_be_said_safely(value: Any) -> None:
    assert problem_of(Condition("A", "equal", value)) is not None


scalars = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="'\"\\() =,;%-a1\n", max_size=30),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
)
values = st.one_of(scalars, st.lists(scalars, max_size=60).map(tuple))
names = st.one_of(st.text(max_size=20), st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}", fullmatch=True))


@given(names, st.one_of(st.sampled_from(COMPARATORS), st.text(max_size=10)), values)
def test_whatever_is_accepted_stays_one_criterion(name: str, comparator: str, value: Any) -> None:
    """A hostile name or value is refused; what is accepted keeps the criteria beside it in force."""
    condition = Condition(name, comparator, value)
    if problem_of(condition) is not None:
        return
    text = select("Leads", [older("Created_Time", CUTOFF, dates=False), criterion(condition)], "5", 200)
    query = coql_parser.parse(text, 7)
    assert query.where is not None
    for record_id, created in (("4", 0.0), ("6", CUTOFF.timestamp() + 1)):
        assert not query.where(Record(record_id, 1, created))
    alone = coql_parser.parse(select("Leads", [criterion(condition)], None, 200), 7)
    assert alone.where is not None
    meant = Record("6", 1, 0.0)
    if comparator == "equal" and isinstance(value, str | int):
        meant.fields[name] = value
        assert name == "id" or alone.where(meant)


@given(
    st.text(
        alphabet=st.characters(exclude_characters="'\"\\", exclude_categories=("Cc", "Cs", "Zl", "Zp")),
        min_size=1,
        max_size=255,
    )
)
def test_text_arrives_as_it_was_written(value: str) -> None:
    tokens = coql_parser._tokens(criterion(Condition("A", "equal", value)))
    assert tokens == ["A", "=", f"'{value}'"]
