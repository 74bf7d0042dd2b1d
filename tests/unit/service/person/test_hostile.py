"""An erasure against what changes, refuses and answers wrongly around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.commands import Outcome
from chalicelib.domain.errors import NotValid
from chalicelib.domain.person.metadata import by_name, module_of
from chalicelib.domain.person.person_map import parse
from chalicelib.domain.zoho.metadata import FieldInfo
from chalicelib.domain.zoho.reply import Item, Reply
from chalicelib.service.operators import commands, people
from tests.fake_zoho import LOST, error
from tests.unit.service.person.people import ANNA, CASE, CONTACT, DEAL, EMAIL_ONLY, GUEST, LEAD, People

Work = Callable[[], Reply]
REFUSED = error("NO_PERMISSION", 403)


def ruled(world: People, **modules: Any) -> None:
    """The org's person map: these modules, Contacts, Leads and Guests are deleted else."""
    rules = {name: {"action": "delete"} for name in ("Contacts", "Leads", "Guests")} | modules
    world.ledger.person_maps["default"] = {"region": None, "max_shared": 5, "modules": rules}


def plain(work: Work) -> Reply:
    return work()


def instead(world: People, method: Callable[..., Reply]) -> None:
    """Zoho answers this method so from now on."""
    world.zoho.__dict__[method.__name__] = method


def total(counts: dict[str, int]) -> int:
    return sum(number for name, number in counts.items() if name != "requested")


def test_what_is_cleared_of_the_person_stays_on_a_record_that_only_leads_to_them() -> None:
    world = People()
    contacts = world.zoho.people["Contacts"]
    contacts.fields = (*contacts.fields, FieldInfo("Referred_By", "lookup", ("Leads",)))
    contacts.values["102"] |= {"Referred_By": {"id": LEAD}}
    world.zoho.belongs["Contacts", "102", "Notes"] = ["911"]
    ruled(world, Contacts={"action": "clear", "clear": ["Email", "Phone", "Notes"]})
    world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert contacts.values["102"]["Referred_By"] is None
    assert contacts.values["102"]["Email"] == "joanna@example.com"
    assert "911" not in str(world.zoho.sent("delete_records"))


def test_notes_that_cannot_be_listed_are_not_cleared() -> None:
    world = People()
    ruled(world, Cases={"action": "clear", "clear": ["Notes"]})
    one = world.erase(EMAIL_ONLY, approval=False)
    world.zoho.belongs["Cases", CASE, "Notes"] = ["921"]
    real = world.zoho.related

    def related(module: str, record_id: str, name: str, page: int, columns: Any) -> Reply:
        return REFUSED if module == "Cases" else real(module, record_id, name, page, columns)

    instead(world, related)
    world.settle()
    assert world.outcomes(one)["Cases/401"] == "failed NO_PERMISSION"
    assert world.shown(one)["status"] == "partially_completed"


def test_as_many_attachments_as_there_are_are_deleted() -> None:
    world = People()
    ruled(world, Cases={"action": "clear", "clear": ["Email", "Attachments"]})
    world.zoho.belongs["Cases", CASE, "Attachments"] = [f"93{n}" for n in range(12)]
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert world.outcomes(one)["Cases/401"] == "cleared"
    assert world.zoho.belongs["Cases", CASE, "Attachments"] == []


def test_a_record_that_cannot_be_read_fails_alone_and_what_was_done_is_counted() -> None:
    world = People()
    one = world.erase(EMAIL_ONLY, approval=False)
    real = world.zoho.read_record

    def read_record(module: str, record_id: str) -> Reply:
        # Only once something was changed: the map is made before.
        return REFUSED if module == "Deals" else real(module, record_id)

    instead(world, read_record)
    world.settle()
    shown = world.shown(one)
    assert shown["counts"]["requested"] == 6
    assert total(shown["counts"]) == 6
    assert world.outcomes(one)["Deals/301"] == "failed NO_PERMISSION"
    assert shown["status"] == "partially_completed"


def test_a_locked_record_that_becomes_somebody_elses_is_not_cleared() -> None:
    world = People()
    ruled(world, Cases={"action": "clear", "clear": ["Email", "Subject"]})
    one = world.erase(EMAIL_ONLY, approval=False)
    real = world.zoho.update
    locked: list[int] = []

    def update(module: str, record_id: str, values: Any) -> Reply:
        if module == "Cases" and not locked:
            locked.append(1)
            world.zoho.people["Cases"].values[CASE]["Email"] = "ben@example.com"
            item = Item("RECORD_LOCKED", "locked", id=record_id)
            return Reply(400, items=(item,), body={"data": []})
        return real(module, record_id, values)

    instead(world, update)
    world.settle()
    assert world.zoho.people["Cases"].values[CASE] == {"Email": "ben@example.com", "Subject": "late"}
    assert world.outcomes(one)["Cases/401"] == "kept NO_LONGER_MATCHES"


def test_an_approval_is_not_for_what_the_person_map_clears_since() -> None:
    world = People()
    ruled(world, Cases={"action": "clear", "clear": ["Email"]})
    one = world.erase(EMAIL_ONLY)
    world.until_asked(one)
    ruled(world, Cases={"action": "clear", "clear": ["Email", "Subject"]})
    world.approve(one)
    world.until_asked(one)
    assert world.changed() == []
    world.approve(one)
    world.settle()
    assert world.zoho.people["Cases"].values[CASE]["Subject"] is None


def test_zohos_words_about_a_value_are_not_kept() -> None:
    world = People()
    one = world.erase(approval=False)
    words = Item("NOT_ALLOWED", "anna@example.com may not be emptied", id=CASE)
    said = Item("NOT_ALLOWED", "anna@example.com may not be deleted", id=GUEST)
    world.zoho.script["update"] = [Reply(400, items=(words,), body={"data": []})]
    world.zoho.script["delete_records"] = [plain, Reply(400, items=(said,), body={"data": []}), plain]
    world.settle()
    row = world.ledger.rows[one]
    assert "failed" in str(world.outcomes(one))
    assert "anna" not in f"{row}{world.topic.events}{world.reports}".lower()


def test_links_that_cannot_be_asked_for_are_out_of_reach() -> None:
    world = People()
    one = world.erase(EMAIL_ONLY, dry_run=True)
    real = world.zoho.select

    def select(selection: Any) -> Reply:
        if selection.module == "Deals":
            return error("INVALID_QUERY", 400)
        return real(selection)

    instead(world, select)
    world.zoho.belongs["Contacts", CONTACT, "Deals"] = []
    world.settle()
    assert "Deals" in {each["module"] for each in world.shown(one)["plan"]["out_of_reach"]}


def test_related_lists_that_cannot_be_read_are_out_of_reach() -> None:
    world = People()
    one = world.erase(EMAIL_ONLY, dry_run=True)
    real = world.zoho.related

    def related(module: str, record_id: str, name: str, page: int, columns: Any) -> Reply:
        return REFUSED if name == "Events" else real(module, record_id, name, page, columns)

    instead(world, related)
    world.settle()
    assert "Events" in {each["module"] for each in world.shown(one)["plan"]["out_of_reach"]}


def test_a_module_that_the_last_searches_did_not_reach_is_named() -> None:
    world = People()
    one = world.erase(EMAIL_ONLY, approval=False)
    real = world.zoho.search

    def search(module: str, sought: Any, page: int) -> Reply:
        gone = "delete_records" in world.changed()
        return REFUSED if gone and module == "Guests" else real(module, sought, page)

    instead(world, search)
    world.settle()
    assert "Guests" in {each["module"] for each in world.shown(one)["plan"]["out_of_reach"]}


def test_answers_that_are_lost_for_ever_come_to_an_end() -> None:
    world = People()
    one = world.erase(EMAIL_ONLY, approval=False)
    world.zoho.script["delete_records"] = [LOST] * 3000
    world.settle()
    shown = world.shown(one)
    assert shown["status"] == "needs_attention"
    assert total(shown["counts"]) == shown["counts"]["requested"] == 6
    assert len([name for name in world.changed() if name == "delete_records"]) < 200


@pytest.mark.parametrize("lost", ["delete_records", "update"])
def test_what_a_person_says_was_done_is_what_the_map_asked_for(lost: str) -> None:
    world = People()
    one = world.erase(EMAIL_ONLY, approval=False)
    world.zoho.script[lost] = [LOST] * 3000
    world.settle()
    assert world.shown(one)["status"] == "needs_attention"
    entries = people.map_page(world.ledger, one, 0).entries
    wanted = {f"{each['module']}/{each['id']}": str(each["action"]) for each in entries}
    unknown = [entry for entry, told in world.outcomes(one).items() if told.startswith("unknown")]
    assert unknown
    commands.resolve(world.operators(), one, Outcome.DONE, "looked", world.ann())
    world.settle()
    words = {"delete": "deleted", "unlink": "unlinked", "clear": "cleared"}
    assert {entry: world.outcomes(one)[entry] for entry in unknown} == {e: words[wanted[e]] for e in unknown}
    shown = world.shown(one)
    assert total(shown["counts"]) == shown["counts"]["requested"]
    assert shown["counts"]["unknown"] == 0
    assert shown["status"] != "needs_attention"


def test_a_deal_that_moved_to_another_record_of_the_person_is_unlinked() -> None:
    world = People()
    world.zoho.add_person("Contacts", "103", Email="anna@example.com", Phone=None)
    one = world.erase(EMAIL_ONLY)
    world.until_asked(one)
    world.zoho.people["Deals"].values["301"]["Contact_Name"] = {"id": "103"}
    world.approve(one)
    world.settle()
    assert world.outcomes(one)["Deals/301"] == "unlinked"
    assert world.zoho.people["Deals"].values["301"]["Contact_Name"] is None


@pytest.mark.parametrize("after", range(1, 6))
def test_a_cancel_in_the_middle_counts_every_entry(after: int) -> None:
    world = People()
    one = world.erase(EMAIL_ONLY, approval=False)
    for _ in range(400):
        if len(world.changed()) >= after:
            break
        row = world.ledger.rows[one]
        world.now = max(world.now, row.next_at)
        world.step(one)
    row = world.ledger.rows[one]
    row.deletion = replace(row.deletion, cancelled_by="ann")
    row.next_at = world.now
    done = len(world.changed())
    world.settle()
    shown = world.shown(one)
    assert len(world.changed()) == done
    assert shown["counts"]["requested"] == 6
    assert total(shown["counts"]) == 6
    assert shown["status"] in ("cancelled", "partially_completed", "completed")


def test_a_campaign_member_goes_off_the_campaign_before_its_record() -> None:
    world = People()
    world.zoho.belongs["Contacts", CONTACT, "Campaigns"] = ["701"]
    one = world.erase(EMAIL_ONLY, dry_run=True)
    world.settle()
    assert world.shown(one)["plan"]["by_module"]["Campaigns"] == 1


def test_a_record_that_is_kept_by_the_person_map_stays_though_it_is_named() -> None:
    world = People()
    ruled(world, Contacts={"action": "keep", "keep_reason": "company record"})
    identity = {**ANNA, "phones": [], "records": [{"module": "Contacts", "id": CONTACT}]}
    one = world.erase(identity, approval=False)
    world.settle()
    assert world.outcomes(one)["Contacts/101"] == "kept"
    assert CONTACT in world.zoho.records


def test_a_page_that_repeats_comes_to_an_end() -> None:
    world = People()
    one = world.erase(EMAIL_ONLY, dry_run=True)
    calls: list[int] = []

    def select(selection: Any) -> Reply:
        calls.append(1)
        row = {"id": CONTACT, "Email": "anna@example.com"}
        info = {"more_records": selection.module == "Contacts"}
        return Reply(200, items=(Item("", ok=True, id=CONTACT),), body={"data": [row], "info": info})

    instead(world, select)
    world.settle(60)
    assert len(calls) < 100
    assert world.get(one).is_final


def test_a_locked_deal_that_becomes_anothers_is_not_cleared() -> None:
    world = People()
    ruled(world, Deals={"action": "unlink", "clear": ["Amount"]})
    one = world.erase(EMAIL_ONLY, approval=False)
    real = world.zoho.update
    locked: list[int] = []

    def update(module: str, record_id: str, values: Any) -> Reply:
        if module == "Deals" and not locked:
            locked.append(1)
            world.zoho.people["Deals"].values[DEAL]["Contact_Name"] = {"id": "102"}
            return Reply(400, items=(Item("RECORD_LOCKED", "locked", id=record_id),), body={"data": []})
        return real(module, record_id, values)

    instead(world, update)
    world.settle()
    assert world.zoho.people["Deals"].values[DEAL] == {"Contact_Name": {"id": "102"}, "Amount": 7}
    assert world.outcomes(one)["Deals/301"] == "kept NO_LONGER_MATCHES"


def test_the_id_is_no_field_to_clear() -> None:
    world = People()
    world.erase(dry_run=True)
    world.settle()
    known = by_name(module_of(each) for each in world.ledger.org_modules("default") or ())
    with pytest.raises(NotValid):
        parse({"modules": {"Deals": {"action": "clear", "clear": ["id"]}}}, known)


@pytest.mark.parametrize("call", ["read_values", "read_record"])
def test_a_hold_that_is_set_between_the_read_and_the_call_is_kept(call: str) -> None:
    world = People()
    one = world.erase(EMAIL_ONLY)
    world.until_asked(one)
    module, record = ("Contacts", CONTACT) if call == "read_values" else ("Deals", DEAL)

    def held_meanwhile(work: Work) -> Reply:
        reply = work()
        # Only once it is carried out: the search after the approval reads records too.
        if world.get(one).frozen and f"'{record}'" in str(world.zoho.log[-1]):
            world.protect(module, record)
        return reply

    world.zoho.script[call] = [held_meanwhile] * 40
    world.approve(one)
    world.settle()
    assert world.outcomes(one)[f"{module}/{record}"] == "held HELD"
    assert record in world.zoho.records
    if module == "Deals":
        assert world.zoho.people[module].values[record]["Contact_Name"] == {"id": CONTACT}


@pytest.mark.parametrize("kept", [{}, {"region": None, "max_shared": 5, "modules": {"Leads": {}}}], ids=str)
def test_by_a_person_map_that_cannot_be_read_nobody_is_erased(kept: dict[str, Any]) -> None:
    world = People()
    world.ledger.person_maps["default"] = kept
    one = world.erase(EMAIL_ONLY, approval=False)
    world.settle()
    assert (world.get(one).status, world.changed()) == ("needs_attention", [])
    told = [fields["reason"] for event, fields in world.reports if event == "ended_unfinished"]
    assert told == ["person map: KeyError"]
