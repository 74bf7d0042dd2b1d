"""Search Records: what it finds, what it leaves out, how far it is behind."""

from typing import Any

import pytest

from tests.simulator.crm import Crm, codes

PEOPLE = [
    {"id": "1", "Last_Name": "Moser", "Email": "anna@example.com", "Mobile": "+43 660 1"},
    {"id": "2", "Last_Name": "Huber", "Secondary_Email": "Anna@example.com", "Phone": "+43 1 2"},
    {"id": "3", "Last_Name": "Anna", "Email": "hannah@example.com"},
    {"id": "4", "Last_Name": "Moser", "Email": "anna@example.com", "$converted": True},
    {"id": "5", "Last_Name": "Moser", "Email": "anna@example.com", "$approved": False},
    {"id": "6", "Email": "anna@example.com", "$approved": False, "$approval_state": "webform_unapproved"},
]


@pytest.fixture
def people(crm: Crm) -> Crm:
    crm.control("records", {"Leads": PEOPLE})
    return crm


def found(crm: Crm, query: str, path: str = "Leads") -> list[str]:
    response = crm.get(f"{path}/search?{query}")
    return [] if response.status_code == 204 else [one["id"] for one in response.json()["data"]]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("email=anna@example.com", ["1", "2"]),
        ("email=example.com", ["1", "2", "3"]),
        ("email=anna@example.com&converted=both", ["1", "2", "4"]),
        ("email=anna@example.com&approved=both", ["1", "2", "5", "6"]),
        ("email=anna@example.com&approved=both&converted=both", ["1", "2", "4", "5", "6"]),
        ("phone=660", ["1"]),
        ("phone=%2B43", ["1", "2"]),
        ("word=anna", ["1", "2", "3"]),
        ("criteria=(Last_Name:equals:Moser)", ["1"]),
        ("word=anna&criteria=(Last_Name:equals:Moser)", ["1"]),
        ("word=anna&email=hannah", ["3"]),
        ("word=nobody", []),
        ("word=anna&per_page=2&page=2", ["3"]),
    ],
)
def test_what_is_found(people: Crm, query: str, ids: list[str]) -> None:
    assert found(people, query) == ids


def test_in_v8_one_state_of_approval_is_asked_for(people: Crm) -> None:
    for state, ids in (
        ("", ["1", "2"]),
        ("&approval_state=approval_process_pending", ["5"]),
        ("&approval_state=webform_unapproved", ["6"]),
        ("&approved=both", ["1", "2"]),
    ):
        assert found(people, f"email=anna@example.com{state}", "v8/Leads") == ids


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("Leads/search", 400, "REQUIRED_PARAM_MISSING"),
        ("Leads/search?word=a", 400, "INVALID_DATA"),
        ("Leads/search?criteria=(Last_Name)", 400, "INVALID_QUERY"),
        ("Leads/search?word=anna&page=11", 400, "LIMIT_REACHED"),
        ("Leads/search?word=anna&per_page=201", 400, "INVALID_DATA"),
        ("Appointments_Rescheduled_History__s/search?word=anna", 400, "NOT_SUPPORTED"),
        ("Nothing/search?word=anna", 400, "INVALID_MODULE"),
    ],
)
def test_refused(people: Crm, path: str, status: int, code: str) -> None:
    response = people.get(path)
    assert (response.status_code, codes(response)) == (status, [code])


def test_it_needs_a_scope_of_its_own_beside_the_modules(people: Crm) -> None:
    both = ["ZohoCRM.modules.leads.READ", "ZohoSearch.securesearch.READ"]
    for scopes, status in ((both, 200), (both[:1], 401), (both[1:], 401)):
        people.control("settings", {"scopes": scopes})
        assert people.get("Leads/search?word=anna").status_code == status


def test_the_index_lags(people: Crm) -> None:
    people.control("settings", {"search_lag_seconds": 60})
    assert found(people, "word=moser") == []
    people.advance(60)
    assert found(people, "word=moser") == ["1"]
    people.control("records", {"Leads": [{"id": "7", "Last_Name": "Moser"}]})
    people.delete("Leads?ids=1")
    assert found(people, "word=moser") == ["1"]
    gone: Any = people.get("Leads/1")
    assert gone.status_code == 204
    people.advance(60)
    assert found(people, "word=moser") == ["7"]
