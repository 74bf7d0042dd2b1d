"""Bodies: what becomes a request, and what is refused at which place in which words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import NotValid
from chalicelib.domain.ids import LARGEST_RECORD_ID, RECORD_ID_WORDS
from chalicelib.domain.request import Api, Operation, Request, Territory
from chalicelib.web.request_body import request_from_form, request_from_json

DELETE = {"operation": "delete_records", "module": "Leads", "ids": ["410405000002264040"]}
VIEW = {"operation": "mass_delete", "module": "Leads", "cvid": "3652397000000538003"}
DELINK = {
    "operation": "delink_records",
    "module": "Campaigns",
    "record_id": "3652397000000327001",
    "related_list": "Contacts",
    "ids": ["3652397000000925128"],
}
MOST = 5000


def read(body: Any) -> Request:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return request_from_json(raw, "default", MOST)


def problems(body: Any) -> dict[str, str]:
    with pytest.raises(NotValid) as caught:
        read(body)
    return {field.path: field.problem for field in caught.value.fields}


def test_each_operation_with_its_defaults() -> None:
    assert read(DELETE) == Request(Operation.DELETE_RECORDS, "Leads", "default", ids=("410405000002264040",))
    assert read(VIEW) == Request(Operation.MASS_DELETE, "Leads", "default", cvid="3652397000000538003")
    assert read(DELINK) == Request(
        Operation.DELINK_RECORDS,
        "Campaigns",
        "default",
        ids=("3652397000000925128",),
        record_id="3652397000000327001",
        related_list="Contacts",
    )


def test_every_field() -> None:
    common = {"org": "eu", "dry_run": True, "max_records": 5, "reference": "ticket 42", "reason": "GDPR"}
    found = read(DELETE | common | {"ids": ["a/b", "c d".replace(" ", "%")], "external_id_field": "External"})
    assert (found.org, found.dry_run, found.max_records) == ("eu", True, 5)
    assert (found.reference, found.reason) == ("ticket 42", "GDPR")
    assert (found.ids, found.external_id_field) == (("a/b", "c%d"), "External")
    assert read(DELETE | {"api": "mass_delete"}).api is Api.MASS_DELETE
    assert read(DELETE | {"wf_trigger": False}).wf_trigger is False
    territory = {"id": "3652397000007622003", "include_child": True}
    assert read(VIEW | {"territory": territory}).territory == Territory("3652397000007622003", True)
    assert read(VIEW | {"territory": {"id": "1"}}).territory == Territory("1", False)


def test_duplicates_go_and_order_stays() -> None:
    assert read(DELETE | {"ids": ["3", "1", "3", "2", "1"]}).ids == ("3", "1", "2")


def test_limits_hold_at_their_edges() -> None:
    assert len(read(DELETE | {"ids": [str(n) for n in range(1, MOST + 1)]}).ids) == MOST
    assert problems(DELETE | {"ids": ["1"] * (MOST + 1)}) == {"/ids": "may name 5000 ids at most"}
    assert problems(DELETE | {"ids": []}) == {"/ids": "must name at least one id"}
    assert read(DELETE | {"ids": [str(LARGEST_RECORD_ID)]}).ids == (str(LARGEST_RECORD_ID),)
    assert problems(DELETE | {"ids": [str(LARGEST_RECORD_ID + 1)]}) == {"/ids/0": RECORD_ID_WORDS}
    assert read(DELETE | {"reference": "é" * 256, "reason": ""}).reason == ""
    assert set(problems(DELETE | {"reference": "x" * 257, "reason": "x" * 257})) == {"/reference", "/reason"}
    assert read(DELETE | {"module": "A" * 100}).module == "A" * 100
    assert set(problems(DELETE | {"module": "A" * 101})) == {"/module"}


@pytest.mark.parametrize("value", [410405000002264040, 1.0, -5])
def test_ids_are_strings(value: object) -> None:
    assert "send ids as strings" in problems(DELETE | {"ids": ["1", value]})["/ids/1"]
    assert "send ids as strings" in problems(VIEW | {"cvid": value})["/cvid"]
    assert "send ids as strings" in problems(VIEW | {"territory": {"id": value}})["/territory/id"]
    assert "send ids as strings" in problems(DELINK | {"record_id": value})["/record_id"]


@pytest.mark.parametrize(
    "value",
    [
        "", " 1", "1 ", "1\n", "a", "-1", "1.0", "٣", "１", True, None, [], {},
        "0", "007", "9223372036854775808", "9" * 22,
    ],
)  # fmt: skip
def test_ids_have_one_spelling_and_fit_into_64_bits(value: object) -> None:
    assert set(problems(DELETE | {"ids": ["1", value]})) == {"/ids/1"}
    assert set(problems(DELINK | {"record_id": value})) == {"/record_id"}
    assert set(problems(VIEW | {"cvid": value})) == {"/cvid"}
    assert set(problems(VIEW | {"territory": {"id": value}})) == {"/territory/id"}


@pytest.mark.parametrize("value", ["", ".", "..", "a b", "é", "\x7f", "x" * 256, 1])
def test_external_ids(value: object) -> None:
    assert set(problems(DELETE | {"ids": [value], "external_id_field": "External"})) == {"/ids/0"}


@pytest.mark.parametrize("name", ["", "1A", "_A", "A-B", "A/B", "A%2F", "..", "A.B", "A\n", "Ä", 5, True, []])
def test_names(name: object) -> None:
    assert set(problems(DELETE | {"module": name})) == {"/module"}
    assert set(problems(DELETE | {"external_id_field": name})) == {"/external_id_field"}
    assert set(problems(DELINK | {"related_list": name})) == {"/related_list"}


@pytest.mark.parametrize("org", ["", "../x", "a/token", "a b", "a.b", "x" * 65])
def test_an_org_cannot_leave_its_secrets_name(org: str) -> None:
    assert set(problems(DELETE | {"org": org})) == {"/org"}


def test_everything_wrong_is_told_at_once() -> None:
    body = {
        "operation": "delete_records",
        "module": "Le/ads",
        "ids": ["1", 2, "a"],
        "api": "fast",
        "wf_trigger": "false",
        "dry_run": 0,
        "max_records": 0,
        "cvid": "1",
        "bogus": 1,
        "a/b": 1,
        "org": None,
    }
    assert problems(body) == {
        "/org": "may not be null: leave it out",
        "/module": "must match [A-Za-z][A-Za-z0-9_]{0,99}",
        "/ids/1": "must be a string: send ids as strings",
        "/ids/2": RECORD_ID_WORDS,
        "/api": "must be 'auto', 'records' or 'mass_delete'",
        "/wf_trigger": "must be true or false",
        "/dry_run": "must be true or false",
        "/max_records": "must be 1 or more",
        "/cvid": "is a field of another operation",
        "/bogus": "is not a known field",
        "/a~1b": "is not a known field",
    }


def test_missing_fields_are_named_by_the_pointer_they_would_have() -> None:
    assert set(problems({})) == {"/operation", "/module"}
    assert problems({"operation": "delink_records"}) == dict.fromkeys(
        ["/module", "/record_id", "/related_list", "/ids"], "is missing"
    )
    assert problems(VIEW | {"territory": {}}) == {"/territory/id": "is missing"}


@pytest.mark.parametrize("operation", ["", "delete", "DELETE_RECORDS", None, 1, [], {}])
def test_unknown_operations(operation: object) -> None:
    assert "/operation" in problems(DELETE | {"operation": operation})


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null", b"true"])
def test_only_an_object_is_a_request(body: bytes) -> None:
    assert problems(body) == {"": "the body must be a JSON object"}


def test_mass_delete_by_ids_takes_neither_wf_trigger_nor_external_ids() -> None:
    assert set(problems(DELETE | {"api": "mass_delete", "wf_trigger": False})) == {"/wf_trigger"}
    both = DELETE | {"api": "mass_delete", "external_id_field": "External"}
    assert set(problems(both)) == {"/external_id_field"}
    assert read(DELETE | {"api": "auto", "wf_trigger": True}).wf_trigger is True


def test_a_view_without_its_territory_is_never_widened() -> None:
    """A sender that lost its territory sends null, and means anything but the whole view."""
    assert problems(VIEW | {"territory": None}) == {"/territory": "may not be null: leave it out"}


@pytest.mark.parametrize("value", [1.0, "1", True, 1e3, None, -1, 10**19])
def test_max_records_is_a_whole_number(value: object) -> None:
    if value == 10**19:
        assert read(DELETE | {"max_records": value}).max_records == value
    else:
        assert set(problems(DELETE | {"max_records": value})) == {"/max_records"}


JUNK = st.none() | st.booleans() | st.integers(-5, 10**19) | st.floats(0, 9) | st.text(max_size=5)
NAMES = st.sampled_from([*DELETE, *VIEW, *DELINK, "org", "api", "territory", "dry_run", "max_records", "x"])


@given(
    base=st.sampled_from([DELETE, VIEW, DELINK]),
    changes=st.dictionaries(
        NAMES, JUNK | st.lists(JUNK, max_size=3) | st.dictionaries(NAMES, JUNK), max_size=4
    ),
)
def test_any_body_is_a_request_or_has_problems_with_places(
    base: dict[str, Any], changes: dict[str, Any]
) -> None:
    body = base | changes
    try:
        found: Request | NotValid = read(body)
    except NotValid as refused:
        found = refused
    if isinstance(found, NotValid):
        places = [field.path for field in found.fields]
        assert places
        assert len(set(places)) == len(places)
    else:
        assert found.module == body["module"]
        assert set(found.ids) == set(body.get("ids", ()))


def form(text: str) -> Request:
    return request_from_form(text.encode(), "default", MOST)


def form_problems(text: str) -> set[str]:
    with pytest.raises(NotValid) as caught:
        form(text)
    return {field.path for field in caught.value.fields}


def test_forms() -> None:
    text = "operation=delete_records&module=Leads&ids=1,+2%2C3&dry_run=true&wf_trigger=false&max_records=5"
    found = form(text + "&reference=ticket+42")
    assert found.ids == ("1", "2", "3")
    assert (found.dry_run, found.wf_trigger, found.max_records) == (True, False, 5)
    assert found.reference == "ticket 42"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"/operation", "/module"}),
        ("operation", {""}),
        ("operation=delete_records&module=Leads&ids=", {"/ids"}),
        ("operation=delete_records&module=Leads&ids=1,", {"/ids/1"}),
        ("operation=delete_records&module=Leads&ids=1&ids=2", {"/ids"}),
        ("operation=delete_records&module=Leads&ids=1&dry_run=yes", {"/dry_run"}),
        ("operation=delete_records&module=Leads&ids=1&max_records=1e3", {"/max_records"}),
        ("operation=delete_records&module=Leads&ids=1&x=1", {"/x"}),
        ("module=%ff", {""}),
        ("&".join(f"a{n}=1" for n in range(101)), {""}),
    ],
)
def test_malformed_forms(text: str, expected: set[str]) -> None:
    assert form_problems(text) == expected


@pytest.mark.parametrize(
    ("written", "words"), [("leads", "Leads"), ("MEETINGS", "Events"), ("Users", "no module")]
)
@pytest.mark.parametrize("operation", ["delete_records", "nothing"])
def test_a_name_that_cannot_be_a_module_is_refused_at_the_door(
    written: str, words: str, operation: str
) -> None:
    asked = {"operation": operation, "module": written, "ids": ["1"]}
    with pytest.raises(NotValid) as caught:
        request_from_json(json.dumps(asked).encode(), "default", 5000)
    (problem,) = [field.problem for field in caught.value.fields if field.path == "/module"]
    assert words in problem


@pytest.mark.parametrize(
    ("written", "name"), [("Potentials", "Deals"), ("Meetings", "Events"), ("Cars", "Cars")]
)
def test_a_request_has_its_modules_one_name(written: str, name: str) -> None:
    asked = {"operation": "delete_records", "module": written, "ids": ["1"]}
    assert request_from_json(json.dumps(asked).encode(), "default", 5000).module == name
