"""Notes and attachments go only where they say themselves whose they are, whatever a list names."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.service.person.people import CASE, EMAIL_ONLY, OTHERS, People

LISTS = ("Notes", "Attachments")


def _world(*listed: str) -> People:
    """Anna's case, whose notes and attachments Zoho lists so."""
    world = People()
    rules: dict[str, Any] = {name: {"action": "delete"} for name in ("Contacts", "Leads", "Guests")}
    rules["Cases"] = {"action": "clear", "clear": ["Email", *LISTS]}
    world.ledger.person_maps["default"] = {"region": None, "max_shared": 5, "modules": rules}
    for name in LISTS:
        world.zoho.belongs["Cases", CASE, name] = [f"{one}{LISTS.index(name)}" for one in listed]
    return world


@pytest.mark.parametrize("name", LISTS)
def test_what_is_another_records_stays_though_a_list_names_it_under_the_persons(name: str) -> None:
    world = _world("95", "96", "97")
    foreign = f"96{LISTS.index(name)}"
    world.zoho.parents[foreign] = OTHERS["Contacts"]
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert world.outcomes(one)["Cases/401"] == "cleared"
    assert world.zoho.belongs["Cases", CASE, name] == [foreign]
    assert world.zoho.belongs["Cases", CASE, LISTS[LISTS.index(name) - 1]] == []


@pytest.mark.parametrize("name", LISTS)
def test_what_does_not_say_whose_it_is_stays_and_that_is_said(name: str) -> None:
    world = _world("95", "96")
    hidden = f"95{LISTS.index(name)}"
    world.zoho.parents[hidden] = ""
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert world.outcomes(one)["Cases/401"] == "failed PARENT_NOT_SHOWN"
    assert world.zoho.belongs["Cases", CASE, name] == [hidden]
    assert world.zoho.people["Cases"].values[CASE]["Email"] is None
    assert world.shown(one)["status"] == "partially_completed"


def test_more_notes_than_one_call_takes_all_go() -> None:
    world = _world()
    world.zoho.belongs["Cases", CASE, "Notes"] = [str(7_000 + n) for n in range(250)]
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert world.outcomes(one)["Cases/401"] == "cleared"
    assert world.zoho.belongs["Cases", CASE, "Notes"] == []
