"""Finding a person and clearing what stays, behind the Zoho port: the same tests for the adapter at the
simulator and for the fake.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import simulator
from chalicelib.domain.zoho import metadata
from chalicelib.domain.zoho.asking import By, SearchQuery, Selection, Where
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.judge_items import judge_items
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.rows import counts, listed, lookup_id
from chalicelib.domain.zoho.verdict import Verdict
from tests.contract.zoho.people_places import FIELDS, Faked, Place, Simulated

VERSIONS = ("v2", "v5", "v7", "v8")
ANNA = "anna@example.com"


@pytest.fixture(scope="module")
def server() -> Iterator[simulator.Server]:
    with simulator.running(documents=False) as running:
        yield running


@pytest.fixture(params=["fake", *VERSIONS])
def place(request: pytest.FixtureRequest, server: simulator.Server) -> Place:
    return Faked() if request.param == "fake" else Simulated(server, request.param)


def ids(kind: CallKind, reply: Reply) -> list[str]:
    assert judge_call(kind, reply).verdict is Verdict.ANSWERED, reply
    rows = listed(reply.body).rows
    assert [row.id for row in rows] == [item.id for item in reply.items]
    return [row.id for row in rows]


def searched(place: Place, module: str, value: str, by: By = By.EMAIL) -> list[str]:
    return ids(CallKind.SEARCH, place.zoho.search(module, SearchQuery(by, value), 1))


def selected(
    place: Place, module: str, fields: tuple[str, ...], *values: str, like: bool = False
) -> list[str]:
    where = Where(fields, values, like)
    return ids(CallKind.SELECT, place.zoho.select(Selection(module, where, fields)))


def verdict(kind: CallKind, reply: Reply, one: str) -> Verdict:
    assert judge_call(kind, reply, [one]).verdict is Verdict.ANSWERED, reply
    return judge_items(kind, reply, [one])[one].verdict


def refused(kind: CallKind, reply: Reply) -> tuple[Verdict, str]:
    judged = judge_call(kind, reply)
    return judged.verdict, judged.code


def test_the_modules_are_told_with_custom_ones_and_those_that_the_api_does_not_serve(place: Place) -> None:
    place.unserved("Members")
    reply = place.zoho.modules()
    assert judge_call(CallKind.METADATA, reply).verdict is Verdict.ANSWERED
    found = {each.name: each for each in metadata.modules_of(reply.body)}
    assert set(FIELDS) <= set(found)
    assert found["Leads"].served
    assert found["Leads"].searched
    assert not found["Members"].served


def test_the_fields_are_told_with_what_withholds_and_encrypts_them(place: Place) -> None:
    reply = place.zoho.fields("Leads")
    assert judge_call(CallKind.METADATA, reply).verdict is Verdict.ANSWERED
    found = {each.name: each for each in metadata.fields_of(reply.body)}
    assert [name for name, each in found.items() if each.type == "email"] == [
        "Email", "Secondary_Email", "Private_Email", "Secret_Email",
    ]  # fmt: skip
    assert found["Private_Email"].restricted
    assert found["Private_Email"].sensitivity == "High"
    assert found["Secret_Email"].encrypted
    assert not found["Email"].restricted
    assert not found["Email"].encrypted
    assert found["Last_Name"].required
    deals = {each.name: each for each in metadata.fields_of(place.zoho.fields("Deals").body)}
    assert deals["Contact_Name"].points_to == ("Contacts",)


def test_a_custom_module_has_its_fields_too(place: Place) -> None:
    found = metadata.fields_of(place.zoho.fields("Members").body)
    assert [each.name for each in found if each.type == "email"] == ["Contact_Email"]


def test_the_related_lists_are_told_with_the_modules_whose_records_they_list(place: Place) -> None:
    reply = place.zoho.related_lists("Contacts")
    assert judge_call(CallKind.METADATA, reply).verdict is Verdict.ANSWERED
    found = {each.name: each.module for each in metadata.related_lists_of(reply.body)}
    assert found["Notes"] == "Notes"
    assert found["Deals"] == "Deals"


def test_a_module_that_is_not_there_has_no_fields_to_tell(place: Place) -> None:
    for reply in (place.zoho.fields("Nothing"), place.zoho.related_lists("Nothing")):
        assert refused(CallKind.METADATA, reply) == (Verdict.FAIL, "INVALID_MODULE")


def test_search_finds_a_part_of_a_value_in_every_field_of_the_type(place: Place) -> None:
    place.add("Leads", "1", Last_Name="Moser", Email="Anna@Example.com")
    place.add("Leads", "2", Last_Name="Moser", Secondary_Email=ANNA)
    place.add("Leads", "3", Last_Name="Huber", Email=f"h{ANNA}")
    place.add("Leads", "4", Last_Name=ANNA)
    assert searched(place, "Leads", ANNA) == ["1", "2", "3"]
    assert searched(place, "Leads", "nobody@example.com") == []


def test_search_finds_converted_and_unapproved_records_in_every_version(place: Place) -> None:
    place.add("Leads", "1", Last_Name="A", Email=ANNA, **{"$converted": True})
    place.add("Leads", "2", Last_Name="B", Email=ANNA, **{"$approved": False})
    assert searched(place, "Leads", ANNA) == ["1", "2"]


def test_search_looks_for_phones_words_and_in_one_field(place: Place) -> None:
    place.add("Leads", "1", Last_Name="Moser (senior)", Mobile="+43 660 1234567")
    assert searched(place, "Leads", "660 123", By.PHONE) == ["1"]
    assert searched(place, "Leads", "moser", By.WORD) == ["1"]
    one = SearchQuery(By.FIELD, "Moser (senior)", "Last_Name")
    assert ids(CallKind.SEARCH, place.zoho.search("Leads", one, 1)) == ["1"]


def test_a_hit_tells_the_columns_that_were_asked_for(place: Place) -> None:
    place.add("Leads", "1", Last_Name="Moser", Email=ANNA, Mobile="1234")
    reply = place.zoho.search("Leads", SearchQuery(By.EMAIL, ANNA, columns=("Email", "Mobile")), 1)
    (row,) = listed(reply.body).rows
    assert (row.values["Email"], row.values["Mobile"]) == (ANNA, "1234")


def test_search_gives_pages_and_says_whether_there_are_more(place: Place) -> None:
    for n in range(1, 202):
        place.add("Leads", str(n), Last_Name="Moser", Email=ANNA)
    first = place.zoho.search("Leads", SearchQuery(By.EMAIL, ANNA), 1)
    second = place.zoho.search("Leads", SearchQuery(By.EMAIL, ANNA), 2)
    assert (len(first.items), listed(first.body).more) == (200, True)
    assert (len(second.items), listed(second.body).more) == (1, False)


def test_search_does_not_reach_past_2000_records(place: Place) -> None:
    place.add("Leads", "1", Last_Name="Moser", Email=ANNA)
    beyond = place.zoho.search("Leads", SearchQuery(By.EMAIL, ANNA), 11)
    assert refused(CallKind.SEARCH, beyond) == (Verdict.TOO_LONG, "LIMIT_REACHED")


def test_search_lags_and_a_query_does_not(place: Place) -> None:
    place.not_found_yet("Leads", "1", Last_Name="Moser", Email=ANNA)
    assert searched(place, "Leads", ANNA) == []
    assert selected(place, "Leads", ("Email",), ANNA) == ["1"]


def test_a_module_without_search_says_so_and_can_be_queried(place: Place) -> None:
    place.unsearched("Members")
    place.add("Members", "1", Contact_Email=ANNA)
    reply = place.zoho.search("Members", SearchQuery(By.EMAIL, ANNA), 1)
    assert refused(CallKind.SEARCH, reply) == (Verdict.FAIL, "NOT_SUPPORTED")
    assert selected(place, "Members", ("Contact_Email",), ANNA) == ["1"]


def test_a_module_that_the_api_does_not_serve_is_refused(place: Place) -> None:
    place.unserved("Members")
    reply = place.zoho.search("Members", SearchQuery(By.EMAIL, ANNA), 1)
    assert refused(CallKind.SEARCH, reply) == (Verdict.FAIL, "INVALID_MODULE")


def test_a_query_compares_whole_values_in_several_fields(place: Place) -> None:
    place.add("Leads", "1", Last_Name="A", Email=ANNA)
    place.add("Leads", "2", Last_Name="B", Secondary_Email="second@example.com")
    place.add("Leads", "3", Last_Name="C", Email=f"h{ANNA}")
    fields = ("Email", "Secondary_Email")
    assert selected(place, "Leads", fields, ANNA) == ["1"]
    assert selected(place, "Leads", fields, ANNA, "second@example.com") == ["1", "2"]
    assert selected(place, "Leads", ("Email", "Secondary_Email", "Mobile"), ANNA) == ["1"]


def test_a_query_finds_a_number_however_it_is_written(place: Place) -> None:
    place.add("Leads", "1", Last_Name="A", Mobile="+43 (660) 123-45")
    place.add("Leads", "2", Last_Name="B", Mobile="+43 660 99 12345")
    place.add("Leads", "3", Last_Name="C", Mobile="+43 660 54321")
    pattern = "%" + "%".join("66012345") + "%"
    assert selected(place, "Leads", ("Mobile",), pattern, like=True) == ["1", "2"]


def test_a_query_goes_on_behind_an_id_as_long_as_there_is_more(place: Place) -> None:
    for n in range(1, 203):
        place.add("Leads", str(n), Last_Name="Moser", Email=ANNA)
    where = Where(("Email",), (ANNA,))
    first = place.zoho.select(Selection("Leads", where))
    assert (len(first.items), listed(first.body).more) == (200, True)
    rest = place.zoho.select(Selection("Leads", where, after=first.items[-1].id))
    assert [item.id for item in rest.items] == ["201", "202"]
    assert listed(rest.body).more is False


def test_a_query_for_a_lookup_goes_by_its_id(place: Place) -> None:
    place.add("Contacts", "7", Last_Name="Moser")
    place.add("Deals", "1", Deal_Name="Roof", Contact_Name={"id": "7", "name": "Moser"})
    place.add("Deals", "2", Deal_Name="Wall", Contact_Name={"id": "8", "name": "Huber"})
    reply = place.zoho.select(Selection("Deals", Where(("Contact_Name",), ("7",)), ("Contact_Name",)))
    (row,) = listed(reply.body).rows
    assert (row.id, lookup_id(row.values["Contact_Name"])) == ("1", "7")


@pytest.mark.parametrize("field", ["Secret_Email", "Private_Email"])
def test_a_query_on_an_encrypted_or_a_restricted_field_is_refused(place: Place, field: str) -> None:
    reply = place.zoho.select(Selection("Leads", Where((field,), (ANNA,))))
    assert refused(CallKind.SELECT, reply) == (Verdict.FAIL, "INVALID_QUERY")


def test_search_reaches_an_encrypted_field_and_no_restricted_one(place: Place) -> None:
    place.add("Leads", "1", Last_Name="A", Secret_Email=ANNA)
    place.add("Leads", "2", Last_Name="B", Private_Email=ANNA)
    assert searched(place, "Leads", ANNA) == ["1"]


def test_a_restricted_field_is_withheld_from_every_read(place: Place) -> None:
    place.add("Leads", "1", Last_Name="A", Private_Email=ANNA)
    for reply in (
        place.zoho.read_record("Leads", "1"),
        place.zoho.read_values("Leads", ["1"], ["Private_Email"]),
    ):
        (row,) = listed(reply.body).rows
        assert row.values.get("Private_Email") is None


def test_values_of_several_records_are_read_at_once_converted_ones_too(place: Place) -> None:
    place.add("Leads", "1", Last_Name="A", Email=ANNA)
    place.add("Leads", "2", Last_Name="B", Email="b@example.com", **{"$converted": True})
    reply = place.zoho.read_values("Leads", ["1", "2", "3"], ["Email", "Last_Name"])
    assert ids(CallKind.READ, reply) == ["1", "2"]
    assert [row.values["Email"] for row in listed(reply.body).rows] == [ANNA, "b@example.com"]


def test_one_record_is_read_whole_and_none_where_it_is_not_there(place: Place) -> None:
    people = [{"participant": "7", "type": "contact", "Email": ANNA}]
    place.add("Events", "1", Event_Title="Visit", Participants=people)
    reply = place.zoho.read_record("Events", "1")
    assert ids(CallKind.READ, reply) == ["1"]
    assert listed(reply.body).rows[0].values["Participants"] == people
    assert ids(CallKind.READ, place.zoho.read_record("Events", "2")) == []


def test_what_belongs_to_a_record_is_listed_and_counted(place: Place) -> None:
    place.add("Leads", "1", Last_Name="A")
    place.add_note("Leads", "1", "11")
    place.add_note("Leads", "1", "12")
    place.add_attachment("Leads", "1", "21")
    assert ids(CallKind.RELATED, place.zoho.related("Leads", "1", "Notes", 1)) == ["11", "12"]
    assert ids(CallKind.RELATED, place.zoho.related("Leads", "1", "Attachments", 1)) == ["21"]
    reply = place.zoho.related_counts("Leads", "1", ["Notes", "Attachments"])
    assert judge_call(CallKind.RELATED_COUNT, reply).verdict is Verdict.ANSWERED
    assert counts(reply.body) == {"Notes": 2, "Attachments": 1}


def test_a_note_and_an_attachment_say_whose_they_are(place: Place) -> None:
    place.add("Leads", "1", Last_Name="Anna")
    place.add("Leads", "2", Last_Name="Ben")
    place.add_note("Leads", "1", "11")
    place.add_note("Leads", "2", "12")
    place.add_attachment("Leads", "1", "21")
    notes = place.zoho.read_values("Notes", ["11", "12", "13"], ("Parent_Id",))
    assert {row.id: lookup_id(row.values["Parent_Id"]) for row in listed(notes.body).rows} == {
        "11": "1",
        "12": "2",
    }
    attachments = place.zoho.related("Leads", "1", "Attachments", 1, ("Parent_Id",))
    assert [lookup_id(row.values["Parent_Id"]) for row in listed(attachments.body).rows] == ["1"]


def test_what_belongs_to_a_record_goes_with_it(place: Place) -> None:
    place.add("Leads", "1", Last_Name="A")
    place.add_note("Leads", "1", "11")
    place.zoho.delete_records("Leads", ["1"], wf_trigger=False)
    assert ids(CallKind.READ, place.zoho.read_record("Notes", "11")) == []


def test_an_update_empties_fields_lookups_and_sets_participants(place: Place) -> None:
    place.add("Deals", "1", Deal_Name="Roof", Contact_Name={"id": "7", "name": "Moser"})
    place.add("Events", "2", Event_Title="Visit", Participants=[{"participant": "7", "type": "contact"}])
    assert (
        verdict(CallKind.UPDATE, place.zoho.update("Deals", "1", {"Contact_Name": None}), "1")
        is Verdict.CHANGED
    )
    assert (
        verdict(CallKind.UPDATE, place.zoho.update("Events", "2", {"Participants": []}), "2")
        is Verdict.CHANGED
    )
    deal, event = (
        listed(place.zoho.read_record(module, one).body).rows[0].values
        for module, one in (("Deals", "1"), ("Events", "2"))
    )
    assert (deal["Deal_Name"], deal["Contact_Name"]) == ("Roof", None)
    assert event["Participants"] == []


def test_no_workflow_of_zohos_runs_for_an_update(server: simulator.Server) -> None:
    place = Simulated(server, "v7")
    place.add("Leads", "1", Last_Name="A", Email=ANNA)
    place.zoho.update("Leads", "1", {"Email": None})
    assert place.state()["workflows"] == 0


def test_a_mandatory_field_cannot_be_emptied_and_that_is_said_of_the_record(place: Place) -> None:
    place.add("Leads", "1", Last_Name="A")
    assert (
        verdict(CallKind.UPDATE, place.zoho.update("Leads", "1", {"Last_Name": None}), "1") is Verdict.FAILED
    )


def test_an_update_of_a_record_that_is_gone_is_left_to_a_read(place: Place) -> None:
    reply = place.zoho.update("Leads", "9", {"Email": None})
    assert verdict(CallKind.UPDATE, reply, "9") is Verdict.CHECK_GONE


def test_an_attachment_is_deleted_once_and_then_left_to_a_read(place: Place) -> None:
    place.add("Leads", "1", Last_Name="A")
    place.add_attachment("Leads", "1", "21")
    for said in (Verdict.DELETED, Verdict.CHECK_GONE):
        reply = place.zoho.delete_attachment("Leads", "1", "21")
        assert verdict(CallKind.DELETE_ATTACHMENT, reply, "21") is said
    assert ids(CallKind.RELATED, place.zoho.related("Leads", "1", "Attachments", 1)) == []


def test_a_photo_is_deleted_and_its_field_is_empty_then(place: Place) -> None:
    place.add("Leads", "1", Last_Name="A", Record_Image="abc.png")
    assert verdict(CallKind.DELETE_PHOTO, place.zoho.delete_photo("Leads", "1"), "1") is Verdict.DELETED
    (row,) = listed(place.zoho.read_values("Leads", ["1"], ["Record_Image"]).body).rows
    assert row.values["Record_Image"] is None


@pytest.mark.parametrize(("module", "related_list"), [("Deals", "Contact_Roles"), ("Campaigns", "Contacts")])
def test_a_link_to_a_person_is_taken_away_and_the_person_stays(
    place: Place, module: str, related_list: str
) -> None:
    place.add("Contacts", "7", Last_Name="Moser")
    place.add(module, "1", **{"Deal_Name" if module == "Deals" else "Campaign_Name": "x"})
    place.link(module, "1", related_list, "7")
    assert ids(CallKind.RELATED, place.zoho.related(module, "1", related_list, 1)) == ["7"]
    reply = place.zoho.delink(module, "1", related_list, ["7"])
    assert verdict(CallKind.DELINK, reply, "7") is Verdict.DELETED
    assert ids(CallKind.RELATED, place.zoho.related(module, "1", related_list, 1)) == []
    assert ids(CallKind.READ, place.zoho.read_record("Contacts", "7")) == ["7"]
