"""An erasure from the request to the last look, in an org in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.commands import Given
from chalicelib.domain.errors import Missing, NotValid, WrongState
from chalicelib.domain.request import Limits
from chalicelib.domain.zoho.metadata import FieldInfo
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.intake.accept import replay
from chalicelib.service.operators import commands, people, undo
from chalicelib.service.operators.forget import forget
from tests.fake_zoho import LOST, error
from tests.unit.service.person.people import (
    ACCOUNT,
    ANNA,
    CASE,
    CONTACT,
    DEAL,
    EMAIL,
    EMAIL_ONLY,
    EVENT,
    GUEST,
    LEAD,
    People,
)

ACTIONS = {
    "Accounts/501": "kept",
    "Cases/401": "unlinked",
    "Contacts/101": "deleted",
    "Deals/301": "unlinked",
    "Events/801": "unlinked",
    "Guests/601": "deleted",
    "Leads/201": "deleted",
}


Work = Callable[[], Reply]


def work_first(work: Work) -> Reply:
    return work()


def put_region(world: People) -> None:
    world.ledger.person_maps["default"] = {
        "region": "AT",
        "max_shared": 5,
        "modules": {
            "Contacts": {"action": "delete"},
            "Leads": {"action": "delete"},
            "Guests": {"action": "delete"},
            "Accounts": {"action": "keep", "keep_reason": "company record"},
        },
    }


def test_a_dry_run_ends_with_the_map_and_sends_nothing() -> None:
    world = People()
    one = world.erase(dry_run=True)
    world.settle()
    shown = world.shown(one)
    assert shown["status"] == "completed"
    plan = shown["plan"]
    assert plan["records"] == 7
    assert plan["by_module"] == {
        "Accounts": 1, "Cases": 1, "Contacts": 1, "Deals": 1, "Events": 1, "Guests": 1, "Leads": 1,
    }  # fmt: skip
    assert plan["goes_along"] == {"Notes": 2}
    assert plan["shared"] == []
    assert len(plan["map_hash"]) == 64
    assert {(each["code"], each["module"]) for each in plan["out_of_reach"]} == {
        ("NO_REGION", "Accounts"),
        ("NO_REGION", "Contacts"),
        ("NO_REGION", "Leads"),
        ("GUESTS_BY_ADDRESS", "Events"),
    }
    assert world.changed() == []
    assert shown["counts"]["requested"] == 0


def test_it_waits_for_the_approval_of_its_map_and_then_does_what_the_map_says() -> None:
    world = People()
    one = world.erase()
    world.until_asked(one)
    shown = world.shown(one)
    assert shown["status"] == "awaiting_approval"
    assert shown["approval"]["count"] == 7
    assert shown["approval"]["map_hash"] == shown["plan"]["map_hash"]
    assert "restore" in shown["approval"]["warnings"][0]
    assert world.changed() == []
    world.approve(one)
    world.settle()
    shown = world.shown(one)
    assert world.outcomes(one) == ACTIONS
    assert shown["status"] == "completed"
    assert shown["counts"] == {
        "requested": 7, "deleted": 3, "already_absent": 0, "unlinked": 3, "cleared": 0, "kept": 1,
        "failed": 0, "held": 0, "unknown": 0, "pending": 0,
    }  # fmt: skip
    assert shown["verification"]["found_again"] == 0
    assert shown["verification"]["searches"] == 2
    assert world.others_untouched()
    assert not {CONTACT, LEAD, GUEST} & world.zoho.records.keys()
    assert {DEAL, CASE, ACCOUNT, EVENT} <= world.zoho.records.keys()
    assert world.zoho.people["Deals"].values[DEAL]["Contact_Name"] is None
    assert world.zoho.people["Cases"].values[CASE]["Email"] is None
    assert world.zoho.people["Events"].values[EVENT]["Participants"] == [{"participant": "102"}]


def test_links_go_before_the_records_that_they_lead_to() -> None:
    world = People()
    world.erase(approval=False)
    world.settle()
    calls = world.changed()
    assert "update" in calls
    assert calls.index("delete_records") > max(n for n, name in enumerate(calls) if name == "update")


def test_the_identity_leaves_the_table_with_the_final_status() -> None:
    world = People()
    one = world.erase(approval=False)
    assert "anna@example.com" in str(world.get(one).request.identity)
    world.settle()
    ended = world.get(one)
    assert ended.request.identity is None
    digests: Any = ended.erasure["identity"]
    assert len(digests["emails"]) == 1
    everything = f"{world.ledger.rows[one]}{world.topic.events}{world.reports}".lower()
    assert "anna" not in everything
    assert "1234567" not in everything


def test_the_hash_of_the_request_goes_with_the_identity_and_a_repeat_is_still_known() -> None:
    world = People()
    one = world.erase(approval=False)
    assert world.ledger.find_delivery("test", one).body_hash == "hash"  # type: ignore[union-attr]  # None fails the test
    world.settle()
    kept = world.ledger.find_delivery("test", one)
    assert kept is not None
    assert (kept.body_hash, kept.deletion_id) == ("", one)
    assert replay(world.ledger, "test", one, "of any body", world.now) == kept


def test_the_region_of_the_person_map_reads_national_numbers() -> None:
    world = People()
    world.zoho.people["Leads"].values[LEAD]["Email"] = None
    without = world.erase(dry_run=True)
    world.settle()
    assert "Leads" not in world.shown(without)["plan"]["by_module"]
    put_region(world)
    with_it = world.erase(dry_run=True)
    world.settle()
    plan = world.shown(with_it)["plan"]
    assert plan["by_module"]["Leads"] == 1
    assert [each["code"] for each in plan["out_of_reach"]] == ["GUESTS_BY_ADDRESS"]


def test_whoever_approves_is_told_of_modules_whose_deletes_zoho_does_not_keep() -> None:
    world = People()
    world.zoho.add_module("Members", EMAIL, kind="custom", keeps_deleted=False)
    world.zoho.add_module("Badges", EMAIL, kind="custom", keeps_deleted=False)
    world.zoho.add_person("Members", "651", Email="anna@example.com")
    one = world.erase()
    world.until_asked(one)
    warned = world.shown(one)["approval"]["warnings"]
    assert [each for each in warned if "recycle bin" in each] == [
        "Zoho keeps no deleted records of Members in its recycle bin: these cannot come back"
    ]
    other = world.erase({"emails": ["ben@example.com"], "phones": [], "records": []})
    world.until_asked(other)
    assert not [each for each in world.shown(other)["approval"]["warnings"] if "recycle bin" in each]


def test_another_map_after_the_approval_has_to_be_approved_again() -> None:
    world = People()
    one = world.erase()
    world.until_asked(one)
    old = world.shown(one)["plan"]["map_hash"]
    ends = world.shown(one)["approval"]["expires_at"]
    world.zoho.add_person("Leads", "203", Email="anna@example.com")
    world.approve(one)
    world.until_asked(one)
    shown = world.shown(one)
    assert shown["status"] == "awaiting_approval"
    assert shown["plan"]["map_hash"] != old
    assert shown["approval"]["count"] == 8
    assert shown["approval"]["expires_at"] == ends
    assert world.changed() == []
    with pytest.raises(WrongState, match="another one by now"):
        world.approve(one, map_hash=old)
    with pytest.raises(WrongState, match="name its map_hash beside the count"):
        commands.approve(world.operators(), one, Given(8), world.ann())
    world.approve(one)
    world.settle()
    assert world.shown(one)["status"] == "completed"
    assert "203" not in world.zoho.records


def test_nobody_approves_in_time() -> None:
    world = People()
    one = world.erase()
    world.settle()
    shown = world.shown(one)
    assert shown["status"] == "refused"
    assert [each["code"] for each in shown["problems"]] == ["APPROVAL_EXPIRED"]
    assert shown["plan"]["records"] == 7
    assert world.changed() == []
    assert world.get(one).request.identity is None


def test_a_person_whom_nobody_knows_is_no_work_for_anybody() -> None:
    world = People()
    one = world.erase({"emails": ["nobody@example.com"], "phones": [], "records": []})
    world.settle()
    shown = world.shown(one)
    assert (shown["status"], shown["counts"]["requested"]) == ("completed", 0)
    assert "approval" not in shown


def test_more_deletes_than_the_source_may_are_refused_with_the_map() -> None:
    world = People()
    one = world.erase(limits=Limits(max_records=2))
    world.settle()
    shown = world.shown(one)
    assert shown["status"] == "refused"
    assert [(each["code"], each["count"]) for each in shown["problems"]] == [("MAX_RECORDS", 3)]
    assert shown["plan"]["records"] == 7


def test_a_shared_value_alone_is_no_proof_until_it_is_meant() -> None:
    world = People()
    for n in range(6):
        world.zoho.add_person("Leads", f"25{n}", Email=f"l{n}@example.com", Phone="+43 660 1234567")
    one = world.erase(approval=False)
    world.until_asked(one)
    shown = world.shown(one)
    assert shown["status"] == "awaiting_approval"
    assert shown["plan"]["shared"] == [{"value": "/identity/phones/0", "shared_with": 8}]
    world.approve(one)
    world.settle()
    outcomes = world.outcomes(one)
    assert {outcomes[f"Leads/25{n}"] for n in range(6)} == {"kept"}
    assert outcomes["Leads/201"] == "deleted"
    again = world.erase({**ANNA, "emails": []}, approval=False)
    world.until_asked(again)
    world.approve(again, "/identity/phones/0")
    world.settle()
    assert {outcome for entry, outcome in world.outcomes(again).items() if entry.startswith("Leads")} == {
        "deleted"
    }


def test_a_held_record_keeps_its_links() -> None:
    world = People()
    world.protect("Contacts", CONTACT)
    one = world.erase(approval=False)
    world.settle()
    outcomes = world.outcomes(one)
    assert outcomes["Contacts/101"] == "held HELD"
    assert outcomes["Deals/301"] == "held HELD"
    assert world.zoho.people["Deals"].values[DEAL]["Contact_Name"] == {"id": CONTACT}
    assert CONTACT in world.zoho.records
    assert world.shown(one)["status"] == "partially_completed"


def test_a_record_that_no_longer_matches_is_kept() -> None:
    world = People()
    one = world.erase(EMAIL_ONLY, approval=False)

    def changed_meanwhile(work: Work) -> Reply:
        world.zoho.people["Guests"].values[GUEST]["Mail"] = "ben@example.com"
        return work()

    world.zoho.script["update"] = [changed_meanwhile]
    world.settle()
    assert world.outcomes(one)["Guests/601"] == "kept NO_LONGER_MATCHES"
    assert GUEST in world.zoho.records


def done_and_lost(work: Work) -> Reply:
    work()
    return LOST


@pytest.mark.parametrize("name", ["update", "delete_records"])
@pytest.mark.parametrize("lost", [LOST, done_and_lost], ids=["not done", "done"])
def test_a_lost_answer_is_settled_by_reading(name: str, lost: Any) -> None:
    world = People()
    one = world.erase(approval=False)
    world.zoho.script[name] = [lost, lost]
    world.settle()
    assert world.outcomes(one) == ACTIONS
    assert world.shown(one)["status"] == "completed"


def test_what_zoho_will_not_change_has_failed_and_the_rest_is_done() -> None:
    world = People()
    world.zoho.frozen = {"Contact_Name"}
    one = world.erase(approval=False)
    world.settle()
    outcomes = world.outcomes(one)
    assert outcomes["Deals/301"] == "failed RECORD_NOT_CHANGED"
    assert outcomes["Contacts/101"] == "deleted"
    assert world.shown(one)["status"] == "partially_completed"


def test_what_comes_back_while_it_is_done_is_found_again() -> None:
    world = People()
    one = world.erase(approval=False)

    def somebody_enters_her(work: Work) -> Reply:
        world.zoho.add_person("Leads", "209", Email="anna@example.com")
        return work()

    world.zoho.script["delete_records"] = [work_first, work_first, somebody_enters_her]
    world.settle()
    shown = world.shown(one)
    assert shown["status"] == "partially_completed"
    assert shown["verification"]["found_again"] == 1
    assert shown["verification"]["by_module"] == {"Leads": 1}
    assert "FOUND_AGAIN" in [each["code"] for each in shown["problems"]]


def test_a_cancel_before_the_approval_ends_it() -> None:
    world = People()
    one = world.erase()
    world.until_asked(one)
    row = world.ledger.rows[one]
    row.deletion = replace(row.deletion, cancelled_by="ann")
    row.next_at = world.now
    world.settle()
    assert world.shown(one)["status"] == "cancelled"
    assert world.changed() == []


def test_a_module_that_may_not_be_searched_is_named() -> None:
    world = People()
    world.zoho.people["Guests"].info = replace(world.zoho.people["Guests"].info, searched=False)
    world.zoho.script["fields"] = [error("NO_PERMISSION", 403)]
    one = world.erase(dry_run=True)
    world.settle()
    found = {(each["code"], each["module"]) for each in world.shown(one)["plan"]["out_of_reach"]}
    assert ("MODULE_WITHOUT_SEARCH", "Guests") in found
    assert ("MODULE_NOT_READABLE", "Accounts") in found


def test_a_phone_number_that_is_none_is_refused_by_its_place() -> None:
    world = People()
    one = world.erase({**ANNA, "phones": ["0664 7654321"]})
    world.settle()
    shown = world.shown(one)
    assert shown["status"] == "refused"
    assert [each["code"] for each in shown["problems"]] == ["PHONE_NOT_VALID"]
    assert "7654321" not in str(shown)


def test_what_it_deletes_goes_for_good_module_by_module() -> None:
    world = People()
    one = world.erase(approval=False, permanent_after=0)
    world.settle()
    children = world.shown(one)["recycle_bin"]["deletions"]
    assert len(children) == 3
    modules = sorted(world.get(each["id"]).request.module for each in children)
    assert modules == ["Contacts", "Guests", "Leads"]


def test_what_was_found_can_be_forgotten_and_the_map_has_no_entry_any_more() -> None:
    world = People()
    one = world.erase(approval=False)
    world.settle()
    assert len(people.map_page(world.ledger, one, 0).entries) == 7
    forget(world.operators(), one, world.ann())
    world.settle()
    row = world.ledger.rows[one]
    assert not [content for number, content in row.parts.items() if number and content]
    assert CONTACT not in str(row.chunks)
    assert "identity" not in row.deletion.erasure
    assert not people.map_page(world.ledger, one, 0).entries


def test_what_it_deleted_comes_back_module_by_module() -> None:
    world = People()
    one = world.erase(approval=False)
    world.settle()
    undo.restore(world.operators(), one, undo.Asked(), world.ann())
    children = [child.id for child in world.get(one).children]
    assert {world.get(each).request.module for each in children} == {"Contacts", "Guests", "Leads"}
    ids = {one for each in children for one in world.ledger.chunk(each, 0).ids}
    assert ids == {CONTACT, GUEST, LEAD}


def test_the_person_map_is_read_and_put_for_an_org_whose_modules_are_known() -> None:
    world = People()
    with pytest.raises(Missing):
        people.person_map(world.ledger, "default")
    world.erase(dry_run=True)
    world.settle()
    made = people.person_map(world.ledger, "default")
    assert made.modules["Guests"].to_json() == {"action": "delete"}
    with pytest.raises(NotValid) as problem:
        people.put(world.ledger, "default", {"modules": {"Leads": {"action": "x"}}}, world.ann())
    assert problem.value.fields[0].path == "/modules/Leads/action"
    people.put(world.ledger, "default", {"modules": {}}, world.ann())
    assert people.person_map(world.ledger, "default").to_json()["modules"] == {}


def with_map(world: People, **rules: Any) -> None:
    world.ledger.person_maps["default"] = {"region": "AT", "max_shared": 5, "modules": rules}


def test_a_record_that_is_named_and_stays_is_not_found_again() -> None:
    world = People()
    one = world.erase(
        {"emails": [], "phones": [], "records": [{"module": "Deals", "id": DEAL}]}, approval=False
    )
    world.settle()
    assert world.outcomes(one) == {"Deals/301": "kept"}
    assert world.shown(one)["verification"]["found_again"] == 0
    assert world.shown(one)["status"] == "completed"


def test_a_field_that_the_person_map_does_not_match_by_finds_nobody() -> None:
    world = People()
    with_map(world, Leads={"action": "delete", "match": ["Phone"]}, Contacts={"action": "delete"})
    world.zoho.add_person("Leads", "203", Email="anna@example.com", Phone=None)
    one = world.erase(approval=False)
    world.settle()
    assert "Leads/203" not in world.outcomes(one)
    assert world.outcomes(one)["Leads/201"] == "deleted"
    assert "203" in world.zoho.records


def test_who_only_leads_to_the_person_is_another_person_and_keeps_everything_else() -> None:
    world = People()
    rule = {"action": "unlink", "clear": ["Mail", "Notes"]}
    with_map(world, Contacts={"action": "delete"}, Guests=rule)
    guests = world.zoho.people["Guests"]
    guests.fields = (*guests.fields, FieldInfo("Invited_By", "lookup", ("Contacts",)))
    guests.values["602"]["Invited_By"] = {"id": CONTACT}
    world.zoho.belongs["Guests", "602", "Notes"] = ["991"]
    one = world.erase(approval=False)
    world.settle()
    assert world.outcomes(one)["Guests/602"] == "unlinked"
    assert guests.values["602"] == {"Mail": "ben@example.com", "Invited_By": None}
    assert world.zoho.belongs["Guests", "602", "Notes"] == ["991"]
    assert guests.values[GUEST]["Mail"] is None


def test_what_the_person_map_clears_is_emptied_and_the_record_stays() -> None:
    world = People()
    rule = {"action": "clear", "clear": ["Email", "Subject", "Notes", "Attachments"]}
    with_map(world, Cases=rule)
    world.zoho.belongs["Cases", CASE, "Attachments"] = ["981", "982"]
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert world.outcomes(one)["Cases/401"] == "cleared"
    assert world.zoho.people["Cases"].values[CASE] == {"Email": None, "Subject": None}
    assert world.zoho.belongs["Cases", CASE, "Attachments"] == []
