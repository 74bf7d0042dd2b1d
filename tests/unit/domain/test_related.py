"""Only links are ever taken away: what else hangs under a record is not reached."""

from __future__ import annotations

import pytest

from chalicelib.domain import related
from chalicelib.domain.errors import NotAllowed, SecretUnusable
from chalicelib.domain.permit import permit
from chalicelib.domain.request import Operation, Request
from chalicelib.domain.source import parse
from simulator import modules as simulated
from tests.fakes import KEY

EVERY = ["Leads", "Campaigns", "Products", "Appointments__s", "Contacts"]


def refused(module: str, related_list: str, **entry: object) -> list[str]:
    """Places at which a source refuses to delink."""
    source = parse("crm", {"keys": [KEY], "modules": EVERY, **entry})
    request = Request(
        Operation.DELINK_RECORDS, module, "default", ids=("5",), record_id="7", related_list=related_list
    )
    try:
        permit(source, request, 1)
    except NotAllowed as problem:
        return [field.path for field in problem.fields]
    return []


@pytest.mark.parametrize(
    ("module", "related_list"),
    [
        *(("Campaigns", name) for name in ("Leads", "Contacts")),
        *(
            ("Products", name)
            for name in ("Leads", "Accounts", "Contacts", "Deals", "Potentials", "Price_Books")
        ),
        *(("Appointments__s", name) for name in ("Services", "Services__s")),
    ],
)
def test_what_zohos_page_knows_may_be_delinked(module: str, related_list: str) -> None:
    assert refused(module, related_list) == []


@pytest.mark.parametrize(
    ("module", "related_list"),
    [
        ("Leads", "photo"), ("Contacts", "photo"), ("Leads", "Notes"), ("Leads", "Attachments"),
        ("Campaigns", "Notes"), ("Products", "Attachments"), ("Leads", "actions"), ("Leads", "Emails"),
        ("Leads", "Products"), ("Contacts", "Campaigns"), ("Campaigns", "leads"), ("Products", "Vendors"),
        ("Leads", "Tasks"), ("Leads", "Locking_Information__s"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_at_its_place(module: str, related_list: str) -> None:
    assert refused(module, related_list) == ["/related_list"]


def test_an_entry_says_itself_what_may_be_delinked() -> None:
    assert refused("Leads", "Products", related_lists=["Products"]) == []
    assert refused("Campaigns", "Contacts", related_lists=["Products"]) == ["/related_list"]
    assert refused("Campaigns", "Contacts", related_lists=[]) == ["/related_list"]


@pytest.mark.parametrize(
    ("entry", "may"),
    [
        ({}, "it may of Accounts, Contacts, Deals, Leads, Price_Books, Services, Services__s"),
        ({"related_lists": []}, "it may of none"),
        ({"related_lists": ["photo", "Products"]}, "it may of Products"),
    ],
)
def test_a_refused_list_names_those_that_the_source_may(entry: dict[str, object], may: str) -> None:
    source = parse("crm", {"keys": [KEY], "modules": EVERY, **entry})
    ask = Request(Operation.DELINK_RECORDS, "Leads", "default", ids=("5",), record_id="7", related_list="x")
    with pytest.raises(NotAllowed) as problem:
        permit(source, ask, 1)
    assert [field.problem.endswith(may) for field in problem.value.fields] == [True]


@pytest.mark.parametrize(
    "name", ["photo", "Photo", "Notes", "notes", "Attachments", "ATTACHMENTS", "actions"]
)
def test_what_hangs_on_a_record_and_is_no_link_is_never_reached_whatever_the_entry_says(name: str) -> None:
    assert refused("Leads", name, related_lists=[name]) == ["/related_list"]


@pytest.mark.parametrize("wrong", [None, "Contacts", {"Leads": []}, [1], ["a/b"], [""], [".."]])
def test_a_malformed_list_makes_the_source_unusable_never_laxer(wrong: object) -> None:
    with pytest.raises(SecretUnusable, match="related_lists"):
        refused("Campaigns", "Contacts", related_lists=wrong)


def test_the_lists_are_those_that_the_simulator_has_from_zohos_page() -> None:
    known = {name for lists in simulated.RELATIONS.values() for name in lists}
    assert {simulated.canonical(name) for name in related.OF_ZOHO} == known
