"""Whom a request is about: what is refused, and where."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.person import identity
from chalicelib.domain.person.identity import Identity, Record

ANNA = {
    "emails": [" Anna@Example.com "],
    "phones": ["+43 660 1234567"],
    "records": [{"module": "Potentials", "id": "3652397000000925128"}],
}


def wrong(raw: Any) -> dict[str, str]:
    return {each.path: each.problem for each in identity.problems(raw)}


def test_values_are_trimmed_and_modules_have_their_one_name() -> None:
    assert not wrong(ANNA)
    assert identity.built(ANNA) == Identity(
        ("Anna@Example.com",), ("+43 660 1234567",), (Record("Deals", "3652397000000925128"),)
    )


def test_what_is_stored_is_read_as_it_was() -> None:
    built = identity.built(ANNA)
    assert identity.identity_of(built.to_json()) == built


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ([], "/identity"),
        ({}, "/identity"),
        ({"emails": []}, "/identity"),
        ({"emails": "a@b"}, "/identity/emails"),
        ({"emails": ["a@b"], "names": ["Anna"]}, "/identity/names"),
        ({"emails": ["a@b"] * 21}, "/identity"),
        ({"emails": ["a@b"] * 10, "phones": ["+436601234567"] * 11}, "/identity"),
        ({"emails": ["no address"]}, "/identity/emails/0"),
        ({"emails": ["a@b", "a@b@c"]}, "/identity/emails/1"),
        ({"emails": ["@b"]}, "/identity/emails/0"),
        ({"emails": [7]}, "/identity/emails/0"),
        ({"emails": ["a" * 250 + "@b.at"]}, "/identity/emails/0"),
        ({"phones": ["anna"]}, "/identity/phones/0"),
        ({"phones": ["12"]}, "/identity/phones/0"),
        ({"phones": ["+4366012345678901234"]}, "/identity/phones/0"),
        ({"records": ["x"]}, "/identity/records/0"),
        ({"records": [{"module": "leads", "id": "1"}]}, "/identity/records/0/module"),
        ({"records": [{"module": "Leads", "id": "01"}]}, "/identity/records/0/id"),
        ({"records": [{"module": "Leads", "id": 1}]}, "/identity/records/0/id"),
        ({"records": [{"module": "Leads"}]}, "/identity/records/0/id"),
        ({"records": [{"module": "Leads", "id": "1", "name": "Anna"}]}, "/identity/records/0/name"),
    ],
)
def test_each_problem_has_its_place(raw: Any, path: str) -> None:
    assert path in wrong(raw)


def test_an_address_of_254_characters_and_twenty_values_are_taken() -> None:
    assert not wrong({"emails": ["a" * 249 + "@b.at"] + ["x@y"] * 19})


def test_no_problem_repeats_a_value() -> None:
    told = wrong({"emails": ["canary no address"], "phones": ["canary"], "records": [{"module": "canary"}]})
    assert told
    assert "canary" not in str(told.values())


def test_folding_never_makes_one_mailbox_of_two() -> None:
    assert identity.folded(" ANNA@Example.COM ") == "anna@example.com"
    assert identity.folded("STRASSE@x.de") != identity.folded("straße@x.de")


def test_digests_tell_the_same_value_and_no_value() -> None:
    built = identity.built(ANNA)
    first = identity.digests(built, "key")
    assert first == identity.digests(identity.built({**ANNA, "emails": ["anna@example.com"]}), "key")
    assert first != identity.digests(built, "another key")
    assert "anna" not in str(first).lower()
    assert "660" not in str(first["emails"])
