"""A record that the request names by its id, and that Zoho does not show: it is told, and not more."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.evidence.receipt import _out_of_reach
from chalicelib.service.operators import commands, people
from tests.fake_zoho import error
from tests.unit.service.person.people import CONTACT, LEAD, People

CODE = "NAMED_RECORD_NOT_SHOWN"
NAMED = [
    {"module": "Contacts", "id": CONTACT},
    {"module": "Contacts", "id": "999"},
    {"module": "Leads", "id": "998"},
]
PLACES = [("Contacts", "/identity/records/1"), ("Leads", "/identity/records/2")]


def identity(*records: dict[str, str]) -> dict[str, Any]:
    return {"emails": [], "phones": [], "records": list(records)}


def not_shown(told: Any) -> list[tuple[str, str]]:
    return [(each["module"], each["field"]) for each in told if each["code"] == CODE]


def problems(world: People, one: str) -> list[tuple[str, int]]:
    return [(each["code"], each["count"]) for each in world.shown(one)["problems"]]


def test_it_stands_in_the_map_the_document_and_the_receipt_with_its_place() -> None:
    world = People()
    one = world.erase(identity(*NAMED))
    world.until_asked(one)
    assert not_shown(world.shown(one)["plan"]["out_of_reach"]) == PLACES
    page = people.map_page(world.ledger, one, 0)
    assert not_shown(page.deletion.erasure["out_of_reach"]) == PLACES
    assert "999" not in str(page.entries)
    world.approve(one)
    world.settle()
    shown = world.shown(one)
    assert (shown["status"], CONTACT in world.zoho.records) == ("completed", False)
    assert shown["counts"]["deleted"] == 1
    assert problems(world, one) == [(CODE, 2)]
    assert not_shown(shown["plan"]["out_of_reach"]) == PLACES
    told = _out_of_reach(world.get(one))
    assert f"{CODE} Contacts /identity/records/1" in told
    assert f"{CODE} Leads /identity/records/2" in told


@pytest.mark.parametrize("dry_run", [False, True])
def test_it_is_told_where_nothing_else_was_found(dry_run: bool) -> None:
    world = People()
    one = world.erase(identity({"module": "Leads", "id": "998"}), dry_run=dry_run)
    world.settle()
    shown = world.shown(one)
    assert (shown["status"], shown["counts"]["requested"]) == ("completed", 0)
    assert problems(world, one) == [(CODE, 1)]
    assert not_shown(shown["plan"]["out_of_reach"]) == [("Leads", "/identity/records/0")]


def test_a_dry_run_that_finds_others_tells_it_too() -> None:
    world = People()
    one = world.erase(identity(*NAMED), dry_run=True)
    world.settle()
    assert problems(world, one) == [(CODE, 2)]


def test_a_record_that_zoho_refuses_to_show_is_told_as_well() -> None:
    world = People()
    world.zoho.script["read_values"] = [error("INVALID_DATA", 400)] * 9
    one = world.erase(identity({"module": "Leads", "id": LEAD}))
    world.settle()
    assert problems(world, one) == [(CODE, 1)]
    assert LEAD in world.zoho.records


def test_one_that_is_shown_once_it_was_approved_needs_an_approval_of_the_new_map() -> None:
    world = People()
    one = world.erase(identity(*NAMED[:2]))
    world.until_asked(one)
    world.approve(one)
    world.zoho.add_person("Contacts", "999", Email="other@example.com")
    world.step(one)
    world.until_asked(one)
    assert world.shown(one)["plan"]["by_module"]["Contacts"] == 2
    world.approve(one)
    world.settle()
    assert not_shown(world.shown(one)["plan"]["out_of_reach"]) == []
    assert (world.shown(one)["counts"]["deleted"], problems(world, one)) == (2, [])


def test_what_was_deleted_is_not_told_as_not_shown() -> None:
    world = People()
    one = world.erase(identity(NAMED[0]), approval=False)
    world.settle()
    assert world.shown(one)["verification"]["searches"] == 2
    assert (problems(world, one), not_shown(world.get(one).erasure["out_of_reach"])) == ([], [])


def test_a_retry_still_tells_it() -> None:
    world = People()
    world.zoho.locked = {CONTACT}
    one = world.erase(identity(*NAMED), approval=False)
    world.settle()
    world.zoho.locked = set()
    again = commands.retry(world.operators(), one, world.ann()).deletion_id
    world.settle()
    assert (world.shown(again)["counts"]["deleted"], problems(world, again)) == (1, [(CODE, 2)])
