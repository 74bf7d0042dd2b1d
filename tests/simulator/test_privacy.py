"""Personal and encrypted fields, and what COQL and Search leave out: each answer that no page settles."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.crm import Crm, codes

ANNA = "anna@example.com"
FIELDS = [
    {"api_name": "Private_Email", "data_type": "email", "private": {"restricted": True, "type": "High"}},
    {"api_name": "Secret_Email", "data_type": "email", "crypt": {"mode": "encryption"}},
    {"api_name": "Secret_Number", "data_type": "integer", "crypt": {"mode": "encryption"}},
    {"api_name": "Open_Email", "data_type": "email", "private": {"restricted": False, "type": "Low"}},
]
LEADS: list[dict[str, Any]] = [
    {"id": "1", "Private_Email": ANNA},
    {"id": "2", "Secret_Email": ANNA, "Secret_Number": 5},
    {"id": "3", "Open_Email": ANNA},
]


@pytest.fixture
def people(crm: Crm) -> Crm:
    crm.control("modules", {"Leads": {"fields": FIELDS}})
    crm.control("records", {"Leads": LEADS})
    return crm


def rows(answer: Any) -> list[dict[str, Any]]:
    return [] if answer.status_code == 204 else answer.json()["data"]


def ids(answer: Any) -> list[str]:
    return [each["id"] for each in rows(answer)]


@pytest.mark.parametrize(("setting", "shown"), [("null", {"Private_Email": None}), ("absent", {})])
def test_every_read_withholds_a_restricted_field(people: Crm, setting: str, shown: dict[str, Any]) -> None:
    people.control("settings", {"restricted_read": setting, "restricted_searched": True})
    for answer in (
        people.get("v8/Leads/1?fields=Private_Email"),
        people.get("v8/Leads?ids=1&fields=Private_Email"),
        people.get(f"v7/Leads/search?email={ANNA}&fields=Private_Email"),
        people.coql("select id, Private_Email from Leads where id = '1'", "v8"),
    ):
        assert rows(answer)[0] == {"id": "1", **shown}


def test_a_read_that_names_a_restricted_field_can_be_refused(people: Crm) -> None:
    people.control("settings", {"restricted_read": "INVALID_QUERY", "restricted_searched": True})
    for answer in (
        people.get("v8/Leads/1?fields=Private_Email"),
        people.get("v8/Leads?ids=1&fields=id,Private_Email"),
        people.get(f"v7/Leads/search?email={ANNA}&fields=Private_Email"),
        people.coql("select id, Private_Email from Leads where id = '1'", "v8"),
    ):
        assert codes(answer) == ["INVALID_QUERY"]
    assert rows(people.get("v8/Leads/1"))[0]["Private_Email"] is None


@pytest.mark.parametrize(
    ("setting", "found"), [("INVALID_QUERY", ["INVALID_QUERY"]), ("null", []), ("value", ["1"])]
)
def test_a_condition_on_a_restricted_field(people: Crm, setting: str, found: list[str]) -> None:
    people.control("settings", {"restricted_query": setting})
    for answer in (
        people.coql(f"select id from Leads where Private_Email = '{ANNA}'"),
        people.get(f"Leads/search?criteria=(Private_Email:equals:{ANNA})"),
    ):
        assert (codes(answer) if answer.status_code == 400 else ids(answer)) == found


def test_a_search_for_an_address_looks_into_what_the_settings_say(people: Crm) -> None:
    for restricted, encrypted, found in (
        (False, True, ["2", "3"]),
        (True, True, ["1", "2", "3"]),
        (False, False, ["3"]),
        (True, False, ["1", "3"]),
    ):
        people.control("settings", {"restricted_searched": restricted, "encrypted_searched": encrypted})
        assert ids(people.get(f"Leads/search?email={ANNA}")) == found


def test_coql_takes_tests_for_null_only_on_an_encrypted_field_that_is_no_number(people: Crm) -> None:
    assert codes(people.coql(f"select id from Leads where Secret_Email = '{ANNA}'")) == ["INVALID_QUERY"]
    assert codes(people.coql(f"select id from Leads where Secret_Email like '{ANNA}%'")) == ["INVALID_QUERY"]
    assert ids(people.coql("select id from Leads where Secret_Email is not null")) == ["2"]
    assert ids(people.coql("select id from Leads where Secret_Number = 5")) == ["2"]


def test_criteria_take_equals_only_on_an_encrypted_field(people: Crm) -> None:
    assert ids(people.get(f"Leads/search?criteria=(Secret_Email:equals:{ANNA})")) == ["2"]
    answer = people.get("Leads/search?criteria=(Secret_Email:starts_with:anna)")
    assert codes(answer) == ["INVALID_QUERY"]


STATES = {
    "converted": {"$converted": True},
    "unapproved": {"$approved": False},
    "locked": {"Locked__s": True},
    "stopped": {"$stop_processing": True},
}


@pytest.mark.parametrize("state", sorted(STATES))
def test_what_coql_and_search_leave_out(people: Crm, state: str) -> None:
    people.control("records", {"Leads": [{"id": "3", **STATES[state]}]})
    query, search = f"select id from Leads where Open_Email = '{ANNA}'", f"v7/Leads/search?email={ANNA}"
    both = "&converted=both&approved=both"
    assert ids(people.coql(query)) == ["3"]
    assert "3" in ids(people.get(search + both))
    people.control("settings", {"coql_hides": [state], "search_hides": [state]})
    assert ids(people.coql(query)) == []
    assert ids(people.get(search + both)) == ["2"]


def test_only_known_states_can_be_left_out(people: Crm) -> None:
    answer = people.http.post(
        f"{people.server.url}/_sim/settings", json={"coql_hides": ["rejected"]}, timeout=60
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(("setting", "found"), [("insensitive", ["3"]), ("sensitive", [])])
def test_coql_and_the_case_of_letters(people: Crm, setting: str, found: list[str]) -> None:
    people.control("settings", {"coql_case": setting})
    for condition in ("= 'ANNA@example.com'", "in ('x', 'ANNA@example.com')", "like 'ANNA%'"):
        assert ids(people.coql(f"select id from Leads where Open_Email {condition}")) == found
    assert ids(people.coql(f"select id from Leads where Open_Email = '{ANNA}'")) == ["3"]


def test_search_for_whole_values_only(people: Crm) -> None:
    people.control("settings", {"search_parts": False})
    assert ids(people.get("Leads/search?email=anna@example")) == []
    assert ids(people.get(f"Leads/search?email={ANNA}")) == ["2", "3"]


def test_search_refuses_what_it_takes_for_special_characters(people: Crm) -> None:
    people.control("settings", {"search_refuses": "+'"})
    assert codes(people.get("Leads/search?email=a%2Bb@example.com")) == ["INVALID_DATA"]
    assert ids(people.get(f"Leads/search?email={ANNA}")) == ["2", "3"]


@pytest.mark.parametrize(("setting", "found"), [("text", []), ("digits", ["4"])])
def test_search_for_a_phone_number_written_in_another_way(
    people: Crm, setting: str, found: list[str]
) -> None:
    people.control("records", {"Leads": [{"id": "4", "Mobile": "+43 (660) 123-45"}]})
    people.control("settings", {"phone_search": setting})
    assert ids(people.get("Leads/search?phone=%2B4366012345")) == found
    assert ids(people.get("Leads/search?phone=123-45")) == ["4"]


def test_search_takes_a_dash_and_an_underscore_for_the_same(people: Crm) -> None:
    people.control("records", {"Leads": [{"id": "4", "Email": "a_b@example.com"}]})
    assert ids(people.get("Leads/search?email=a-b@example.com")) == ["4"]


def test_a_field_of_which_only_a_part_is_told_keeps_its_type(people: Crm) -> None:
    people.control("modules", {"Leads": {"fields": [{"api_name": "Billing_Email", "searchable": True}]}})
    people.control("records", {"Leads": [{"id": "4", "Billing_Email": "part@example.com"}]})
    assert ids(people.get("Leads/search?email=part@example.com")) == ["4"]


def test_a_call_on_the_recycle_bin_costs_what_the_setting_says(people: Crm) -> None:
    people.control("settings", {"bin_price": 9})
    before = people.see("state")["credits"]["used"]
    people.get("v8/settings/recycle_bin")
    assert people.see("state")["credits"]["used"] - before == 9


def test_a_search_costs_what_the_setting_says(people: Crm) -> None:
    people.control("settings", {"search_price": 5})
    before = people.see("state")["credits"]["used"]
    people.get("Leads/search?word=anna")
    assert people.see("state")["credits"]["used"] - before == 5


def test_a_module_that_the_api_does_not_serve(people: Crm) -> None:
    people.control("modules", {"Leads": {"api_supported": False}})
    answer = people.get("v8/Leads/1")
    assert answer.json()["message"] == "The given module is not supported in API"
