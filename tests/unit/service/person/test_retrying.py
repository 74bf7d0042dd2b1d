"""A retry of an erasure goes by the map's entries: those that failed or are unknown. Each is read before its
call and compared with what is kept of the identity.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.errors import WrongState
from chalicelib.domain.request import Limits
from chalicelib.service.operators import commands, people
from chalicelib.service.operators.forget import forget
from tests.fake_zoho import error
from tests.unit.service.person.people import ANNA, CONTACT, DEAL, LEAD, People

REFUSED = error("NO_PERMISSION", 403)


def _ended(world: People, identity: Any = ANNA, **request: Any) -> str:
    """An erasure of which the deal stayed linked and the lead stayed locked."""
    world.zoho.frozen = {"Contact_Name"}
    world.zoho.locked = {LEAD}
    one = world.erase(identity, approval=False, **request)
    world.settle()
    assert world.outcomes(one)["Deals/301"] == "failed RECORD_NOT_CHANGED"
    assert world.outcomes(one)["Leads/201"] == "failed RECORD_LOCKED"
    assert CONTACT not in world.zoho.records
    world.zoho.frozen, world.zoho.locked = set(), set()
    return one


def test_it_does_what_is_left_of_the_map() -> None:
    world = People()
    first = _ended(world)
    again = commands.retry(world.operators(), first, world.ann()).deletion_id
    searched = len(world.zoho.sent("search")) + len(world.zoho.sent("select"))
    world.settle()
    shown = world.shown(again)
    assert world.outcomes(again) == {"Deals/301": "unlinked", "Leads/201": "deleted"}
    assert (shown["status"], shown["retry_of"], shown["operation"]) == ("completed", first, "erase_person")
    assert shown["counts"]["requested"] == 2
    assert shown["plan"]["records"] == 2
    assert LEAD not in world.zoho.records
    assert world.zoho.people["Deals"].values[DEAL]["Contact_Name"] is None
    assert world.others_untouched()
    assert len(world.zoho.sent("search")) + len(world.zoho.sent("select")) == searched
    page = people.map_page(world.ledger, again, 0)
    assert [(each["module"], each["action"]) for each in page.entries] == [
        ("Deals", "unlink"),
        ("Leads", "delete"),
    ]


def test_it_says_that_nobody_was_looked_for_again() -> None:
    world = People()
    again = commands.retry(world.operators(), _ended(world), world.ann()).deletion_id
    world.settle()
    shown = world.shown(again)
    assert ("NOT_SEARCHED", "*") in {(e["code"], e["module"]) for e in shown["plan"]["out_of_reach"]}
    assert (shown["verification"]["found_again"], shown["verification"]["searches"]) == (0, 0)
    assert shown["problems"] == []


def test_what_is_still_there_after_it_is_found_again() -> None:
    world = People()
    again = commands.retry(world.operators(), _ended(world), world.ann()).deletion_id
    real = world.zoho.delete_records

    def comes_back(module: str, ids: Any, wf_trigger: bool) -> Any:
        reply = real(module, ids, wf_trigger)
        world.zoho.records[LEAD] = None
        return reply

    world.zoho.__dict__["delete_records"] = comes_back
    world.settle()
    shown = world.shown(again)
    assert shown["verification"]["found_again"] == 1
    assert shown["status"] == "partially_completed"


def test_a_record_that_became_another_persons_is_kept() -> None:
    world = People()
    again = commands.retry(world.operators(), _ended(world), world.ann()).deletion_id
    world.zoho.people["Leads"].values[LEAD] |= {"Email": "ben@example.com", "Phone": None}
    world.settle()
    assert world.outcomes(again)["Leads/201"] == "kept NO_LONGER_MATCHES"
    assert LEAD in world.zoho.records


def test_a_national_number_is_known_again_by_what_is_kept_of_it() -> None:
    world = People()
    rules = {"Leads": {"action": "delete"}, "Contacts": {"action": "delete"}}
    world.ledger.person_maps["default"] = {"region": "AT", "max_shared": 5, "modules": rules}
    first = _ended(world, {"emails": [], "phones": ["0660 1234567"], "records": []})
    again = commands.retry(world.operators(), first, world.ann()).deletion_id
    world.settle()
    assert world.outcomes(again)["Leads/201"] == "deleted"


def test_it_waits_for_the_approval_of_its_own_map() -> None:
    world = People()
    first = _ended(world)
    row = world.ledger.rows[first]
    row.deletion = replace(row.deletion, limits=replace(row.deletion.limits, erase_person_approval=True))
    before = world.changed()
    again = commands.retry(world.operators(), first, world.ann()).deletion_id
    world.until_asked(again)
    assert world.changed() == before
    shown = world.shown(again)
    assert shown["approval"]["count"] == 2
    assert shown["approval"]["map_hash"] != world.shown(first)["plan"]["map_hash"]
    row = world.ledger.rows[again]
    row.deletion = replace(row.deletion, asked_by="arn:aws:iam::1:user/ben")
    world.approve(again)
    world.settle()
    assert world.shown(again)["status"] == "completed"


def test_a_held_record_stays_in_a_retry_too() -> None:
    world = People()
    first = _ended(world)
    world.protect("Leads", LEAD)
    again = commands.retry(world.operators(), first, world.ann()).deletion_id
    world.settle()
    assert world.outcomes(again)["Leads/201"] == "held HELD"


def test_a_person_map_that_says_something_else_by_now_ends_it() -> None:
    world = People()
    first = _ended(world)
    world.ledger.person_maps["default"] = {
        "region": None,
        "max_shared": 5,
        "modules": {"Leads": {"action": "keep", "keep_reason": "the law"}},
    }
    again = commands.retry(world.operators(), first, world.ann()).deletion_id
    world.settle()
    shown = world.shown(again)
    assert (shown["status"], shown["problems"][0]["code"]) == ("refused", "PERSON_MAP_CHANGED")
    assert LEAD in world.zoho.records


def test_a_retry_that_leaves_something_can_be_retried() -> None:
    world = People()
    first = _ended(world)
    world.zoho.locked = {LEAD}
    second = commands.retry(world.operators(), first, world.ann()).deletion_id
    world.settle()
    assert world.outcomes(second) == {"Deals/301": "unlinked", "Leads/201": "failed RECORD_LOCKED"}
    world.zoho.locked = set()
    third = commands.retry(world.operators(), second, world.ann()).deletion_id
    world.settle()
    assert world.outcomes(third) == {"Leads/201": "deleted"}


def test_a_shared_value_that_was_not_meant_deletes_nothing_in_a_retry() -> None:
    world = People()
    for n in range(6):
        world.zoho.add_person("Leads", f"25{n}", Email=f"l{n}@example.com", Phone="+43 660 1234567")
    world.zoho.locked = {LEAD}
    first = world.erase()
    world.until_asked(first)
    world.approve(first)
    world.settle()
    assert world.outcomes(first)["Leads/201"] == "failed RECORD_LOCKED"
    world.zoho.locked = set()
    again = commands.retry(world.operators(), first, world.ann()).deletion_id
    row = world.ledger.rows[again]
    row.deletion = replace(row.deletion, asked_by="arn:aws:iam::1:user/ben")
    world.until_asked(again)
    world.zoho.people["Leads"].values[LEAD]["Email"] = "office@example.com"
    world.zoho.people["Leads"].values[LEAD]["Phone"] = "+43 660 1234567"
    world.approve(again)
    world.settle()
    assert world.outcomes(again) == {"Leads/201": "kept NO_LONGER_MATCHES"}


def test_what_it_deletes_counts_against_the_source_and_its_limits() -> None:
    world = People()
    first = _ended(world)
    row = world.ledger.rows[first]
    row.deletion = replace(row.deletion, limits=Limits(max_records=0, erase_person_approval=False))
    again = commands.retry(world.operators(), first, world.ann()).deletion_id
    world.settle()
    assert world.shown(again)["problems"][0]["code"] == "MAX_RECORDS"


def test_what_was_forgotten_cannot_be_retried() -> None:
    world = People()
    first = _ended(world)
    row = world.ledger.rows[first]
    row.deletion = replace(row.deletion, texts_forgotten_at=world.now)
    with pytest.raises(WrongState, match="ask for the erasure again"):
        commands.retry(world.operators(), first, world.ann())


def test_forgetting_takes_what_a_retry_keeps_of_the_identity() -> None:
    world = People()
    first = _ended(world)
    again = commands.retry(world.operators(), first, world.ann()).deletion_id
    world.settle()
    seed = world.get(first).seed
    assert "anna" not in f"{world.ledger.rows[again]}".lower()
    forget(world.operators(), first, world.ann())
    world.settle()
    left = f"{world.ledger.rows[first]}{world.ledger.rows[again]}"
    assert seed not in left
    assert not [held for number, held in world.ledger.rows[again].parts.items() if number and held]


def test_the_same_retry_is_answered_again() -> None:
    world = People()
    first = _ended(world)
    one = commands.retry(world.operators(), first, world.ann())
    assert commands.retry(world.operators(), first, world.ann()).deletion_id == one.deletion_id


def test_an_erasure_without_failures_has_nothing_to_retry() -> None:
    world = People()
    one = world.erase(approval=False)
    world.settle()
    with pytest.raises(WrongState, match="failed or is unknown"):
        commands.retry(world.operators(), one, world.ann())
