"""A record that the request names by its id, in a module whose records stay: what is said of it was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.operators import commands, people
from tests.unit.service.person.people import ACCOUNT, CASE, CONTACT, DEAL, People

COMPANY = {"action": "keep", "keep_reason": "company record"}


def named(*records: tuple[str, str]) -> dict[str, Any]:
    return {"emails": [], "phones": [], "records": [{"module": m, "id": i} for m, i in records]}


def put(world: People, **rules: Any) -> None:
    world.ledger.person_maps["default"] = {"region": "AT", "max_shared": 5, "modules": rules}


def shown(world: People, one: str) -> dict[str, tuple[str, str | None]]:
    """The map as operators see it: action and reason by entry."""
    entries: Any = people.map_page(world.ledger, one, 0).entries
    return {f"{each['module']}/{each['id']}": (each["action"], each["keep_reason"]) for each in entries}


def test_one_from_which_nothing_leads_to_the_person_is_kept_and_the_map_says_so() -> None:
    world = People()
    one = world.erase(named(("Deals", DEAL)))
    world.until_asked(one)
    assert shown(world, one) == {"Deals/301": ("keep", "holds nothing of the person")}
    world.approve(one)
    world.settle()
    assert (world.outcomes(one), world.changed()) == ({"Deals/301": "kept"}, [])
    counts = world.shown(one)["counts"]
    assert (counts["kept"], counts["unlinked"], counts["requested"]) == (1, 0, 1)


def test_one_that_leads_to_a_record_that_goes_is_unlinked() -> None:
    world = People()
    one = world.erase(named(("Deals", DEAL), ("Contacts", CONTACT)), approval=False)
    world.settle()
    assert shown(world, one)["Deals/301"] == ("unlink", None)
    assert world.outcomes(one)["Deals/301"] == "unlinked"
    assert world.zoho.people["Deals"].values[DEAL]["Contact_Name"] is None


def test_one_whose_link_somebody_else_took_away_meanwhile_is_kept() -> None:
    world = People()
    one = world.erase(named(("Deals", DEAL), ("Contacts", CONTACT)), approval=False)

    def taken_away(work: Callable[[], Reply]) -> Reply:
        if world.get(one).frozen:
            world.zoho.people["Deals"].values[DEAL]["Contact_Name"] = None
        return work()

    world.zoho.script["read_record"] = [taken_away] * 40
    world.settle()
    assert world.outcomes(one)["Deals/301"] == "kept"
    assert not [what for name, what in world.zoho.log if name == "update" and DEAL in str(what)]


def test_one_that_leads_to_a_held_record_is_held_and_not_said_to_be_unlinked() -> None:
    world = People()
    world.protect("Contacts", CONTACT)
    one = world.erase(named(("Deals", DEAL), ("Contacts", CONTACT)), approval=False)
    world.settle()
    outcomes = world.outcomes(one)
    assert (outcomes["Contacts/101"], outcomes["Deals/301"]) == ("held HELD", "held HELD")
    assert world.zoho.people["Deals"].values[DEAL]["Contact_Name"] == {"id": CONTACT}


@pytest.mark.parametrize("action", ["clear", "unlink"])
def test_one_of_which_nothing_was_left_to_clear_is_kept(action: str) -> None:
    world = People()
    put(world, Cases={"action": action, "clear": ["Email", "Subject"]})
    world.zoho.people["Cases"].values[CASE] |= {"Email": None, "Subject": None}
    one = world.erase(named(("Cases", CASE)), approval=False)
    world.settle()
    assert (world.outcomes(one), world.changed()) == ({"Cases/401": "kept"}, [])


@pytest.mark.parametrize(("action", "outcome"), [("clear", "cleared"), ("unlink", "unlinked")])
def test_one_of_which_something_was_cleared_says_so(action: str, outcome: str) -> None:
    world = People()
    put(world, Cases={"action": action, "clear": ["Subject"]})
    one = world.erase(named(("Cases", CASE)), approval=False)
    world.settle()
    assert (world.outcomes(one), world.changed()) == ({"Cases/401": outcome}, ["update"])


# --- companies -----------------------------------------------------------------------------------


def test_by_default_a_named_company_goes_only_once_an_operator_has_agreed() -> None:
    """Whatever its source's entry says: other people's records may belong to it."""
    world = People()
    one = world.erase(named(("Accounts", ACCOUNT)), approval=False)
    world.until_asked(one)
    assert shown(world, one) == {"Accounts/501": ("delete", None)}
    warned = world.shown(one)["approval"]["warnings"]
    assert any("records of Accounts are deleted as the request names them" in each for each in warned)
    assert world.changed() == []
    world.approve(one)
    world.settle()
    assert world.outcomes(one) == {"Accounts/501": "deleted"}


def test_a_person_map_that_was_put_keeps_a_named_company() -> None:
    world = People()
    put(world, Contacts={"action": "delete"}, Accounts=COMPANY)
    one = world.erase(named(("Accounts", ACCOUNT), ("Contacts", CONTACT)), approval=False)
    world.settle()
    assert shown(world, one)["Accounts/501"] == ("keep", "company record")
    assert world.outcomes(one)["Accounts/501"] == "kept"
    assert ACCOUNT in world.zoho.records


def test_what_is_shown_and_put_again_keeps_companies() -> None:
    world = People()
    first = world.erase(dry_run=True)
    world.settle()
    assert world.get(first).is_final
    again = people.person_map(world.ledger, "default").to_json()
    people.put(world.ledger, "default", again, world.ann())
    one = world.erase(named(("Accounts", ACCOUNT)), approval=False)
    world.settle()
    assert world.outcomes(one) == {"Accounts/501": "kept"}


def test_a_person_map_can_say_that_only_named_companies_go() -> None:
    world = People()
    put(world, Accounts={"action": "delete", "match": []})
    world.zoho.add_person("Accounts", "502", Phone="+436601234567")
    one = world.erase({**named(("Accounts", ACCOUNT)), "phones": ["+43 660 1234567"]}, approval=False)
    world.settle()
    assert world.outcomes(one)["Accounts/501"] == "deleted"
    assert "502" in world.zoho.records


def test_a_map_that_was_put_since_is_no_rule_for_a_retry() -> None:
    world = People()
    world.zoho.locked = {ACCOUNT}
    one = world.erase(named(("Accounts", ACCOUNT)))
    world.until_asked(one)
    world.approve(one)
    world.settle()
    assert world.outcomes(one)["Accounts/501"].startswith("failed")
    world.zoho.locked = set()
    put(world, Accounts=COMPANY)
    again = commands.retry(world.operators(), one, world.ann()).deletion_id
    world.settle()
    assert (world.get(again).status, ACCOUNT in world.zoho.records) == ("refused", True)
