"""The person map: its default, what operators may put, and where a refusal points."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.errors import NotValid
from chalicelib.domain.person.metadata import FieldOf, Module, by_name
from chalicelib.domain.person.person_map import Action, PersonMap, Rule, default, parse, person_map_of

EMAIL, PHONE = FieldOf("Email", "email"), FieldOf("Phone", "phone")
ORG = by_name(
    [
        Module("Accounts", fields=(PHONE,)),
        Module("Cases", fields=(EMAIL,)),
        Module("Contacts", fields=(EMAIL, PHONE)),
        Module("Deals"),
        Module("Leads", fields=(EMAIL, PHONE)),
        Module("Guests", custom=True, fields=(EMAIL,)),
        Module("Rooms", custom=True, fields=(PHONE,)),
        Module("Quotes", fields=(EMAIL,)),
    ]
)


def test_the_default_follows_from_the_metadata() -> None:
    made = default(ORG.values())
    assert {name: rule.action for name, rule in made.modules.items()} == {
        "Accounts": Action.KEEP,
        "Cases": Action.UNLINK,
        "Contacts": Action.DELETE,
        "Deals": Action.UNLINK,
        "Guests": Action.DELETE,
        "Leads": Action.DELETE,
    }
    assert made.modules["Accounts"].keep_reason == "company record"
    assert (made.region, made.max_shared) == (None, 5)


def test_a_module_that_is_not_named_is_unlinked() -> None:
    assert default(ORG.values()).rule("Quotes") == Rule(Action.UNLINK)


def test_what_is_shown_can_be_put_again() -> None:
    made = default(ORG.values())
    assert parse(made.to_json(), ORG) == made == person_map_of(made.to_json())


def test_a_put_replaces_all_of_it() -> None:
    raw = {"region": "AT", "modules": {"Cases": {"action": "clear", "clear": ["Notes", "Description"]}}}
    assert parse(raw, ORG) == PersonMap(
        "AT", 5, {"Cases": Rule(Action.CLEAR, clear=("Notes", "Description"))}
    )


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ([], ""),
        ({}, "/modules"),
        ({"modules": []}, "/modules"),
        ({"modules": {}, "region": "UK"}, "/region"),
        ({"modules": {}, "region": "at"}, "/region"),
        ({"modules": {}, "region": ["AT"]}, "/region"),
        ({"modules": {}, "region": {}}, "/region"),
        ({"modules": {}, "max_shared": 0}, "/max_shared"),
        ({"modules": {}, "max_shared": True}, "/max_shared"),
        ({"modules": {}, "shared": 1}, "/shared"),
        ({"modules": {"leads": {"action": "delete"}}}, "/modules/leads"),
        ({"modules": {"Nowhere": {"action": "delete"}}}, "/modules/Nowhere"),
        ({"modules": {"Leads": "delete"}}, "/modules/Leads"),
        ({"modules": {"Leads": {}}}, "/modules/Leads/action"),
        ({"modules": {"Leads": {"action": "erase"}}}, "/modules/Leads/action"),
        ({"modules": {"Leads": {"action": "delete", "why": "x"}}}, "/modules/Leads/why"),
        ({"modules": {"Leads": {"action": "delete", "match": ["Name"]}}}, "/modules/Leads/match/0"),
        ({"modules": {"Leads": {"action": "delete", "match": "Email"}}}, "/modules/Leads/match"),
        ({"modules": {"Leads": {"action": "keep"}}}, "/modules/Leads/keep_reason"),
        ({"modules": {"Leads": {"action": "keep", "keep_reason": " "}}}, "/modules/Leads/keep_reason"),
        ({"modules": {"Leads": {"action": "delete", "keep_reason": "x"}}}, "/modules/Leads/keep_reason"),
        ({"modules": {"Leads": {"action": "clear"}}}, "/modules/Leads/clear"),
        ({"modules": {"Leads": {"action": "clear", "clear": []}}}, "/modules/Leads/clear"),
        ({"modules": {"Leads": {"action": "delete", "clear": ["Notes"]}}}, "/modules/Leads/clear"),
        ({"modules": {"Leads": {"action": "clear", "clear": ["No field"]}}}, "/modules/Leads/clear/0"),
        ({"modules": {"a/b": {"action": "delete"}}}, "/modules/a~1b"),
    ],
)
def test_each_refusal_points_to_its_place(raw: Any, path: str) -> None:
    with pytest.raises(NotValid) as problem:
        parse(raw, ORG)
    assert path in [each.path for each in problem.value.fields]
