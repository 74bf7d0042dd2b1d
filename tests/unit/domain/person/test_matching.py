"""A record is the person's by a whole value of its own, and by nothing less."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.person.identity import Identity
from chalicelib.domain.person.matching import By, Match, UnreadableNumber, matches, wanted
from chalicelib.domain.person.metadata import FieldOf
from tests.fake_phones import FewPhones

PHONES = FewPhones()
FIELDS = (FieldOf("Email", "email"), FieldOf("Second", "email"), FieldOf("Phone", "phone"))
ANNA = Identity(("anna@example.com",), ("+43 660 1234567",))


def found(values: dict[str, object], region: str | None = "AT") -> tuple[Match, ...]:
    return matches(values, FIELDS, wanted(ANNA, region, PHONES), PHONES)


def test_spellings_of_a_value_are_the_value() -> None:
    assert found({"Email": " ANNA@example.COM ", "Phone": "0660/123 45 67"}) == (
        Match("Email", By.EMAIL, ("/identity/emails/0",)),
        Match("Phone", By.PHONE, ("/identity/phones/0",)),
    )


@pytest.mark.parametrize(
    "values",
    [
        {"Email": "joanna@example.com"},
        {"Email": "anna@example.com.au"},
        {"Email": "anna@example.com, ben@example.com"},
        {"Phone": "+43 660 12345678"},
        {"Phone": "+43 660 123456"},
        {"Phone": "anna@example.com"},
        {"Email": "+436601234567"},
        {"Email": None, "Phone": ""},
        {"Email": ["anna@example.com"]},
        {"Other": "anna@example.com"},
    ],
)
def test_a_part_of_a_value_or_another_field_is_no_match(values: dict[str, object]) -> None:
    assert found(values) == ()


def test_a_number_without_country_code_is_not_guessed_at() -> None:
    assert found({"Phone": "0660 1234567"}, region=None) == ()


def test_a_number_that_is_none_is_named_by_its_place_only() -> None:
    with pytest.raises(UnreadableNumber) as problem:
        wanted(Identity((), ("+43 660 1234567", "0123")), None, PHONES)
    assert problem.value.place == "/identity/phones/1"
    assert "0123" not in str(problem.value)


@given(st.emails(), st.emails())
def test_two_addresses_match_only_where_they_fold_to_the_same(one: str, other: str) -> None:
    values = wanted(Identity((one,)), None, PHONES)
    hit = matches({"Email": other}, FIELDS, values, PHONES)
    assert bool(hit) == (one.strip().lower() == other.strip().lower())
