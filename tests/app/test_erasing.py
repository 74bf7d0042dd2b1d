"""Asking for the erasure of a person, at the front door and as an operator."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import KEY, SOURCES, House

ERASE: dict[str, Any] = {
    "operation": "erase_person",
    "reference": "DSR-17",
    "identity": {"emails": [" Anna@example.com "], "phones": ["+43 660 1234567"]},
}
WITH_IT = {**SOURCES, "crm": {**SOURCES["crm"], "operations": ["erase_person", "delete_records"]}}


def test_a_source_that_lists_it_by_name_may_ask_for_it() -> None:
    house = House(WITH_IT)
    answer = house.post(ERASE)
    assert answer.status == 202, answer.text
    assert answer.json["module"] == "*"
    assert "anna" not in answer.text.lower()
    stored = house.ledger.rows[answer.json["id"]].deletion
    assert stored.request.identity == {
        "emails": ["Anna@example.com"],
        "phones": ["+43 660 1234567"],
        "records": [],
    }
    assert stored.limits.erase_person_approval
    shown = house.get(answer.json["links"]["self"])
    assert shown.json["plan"] is None
    assert "anna" not in f"{shown.text}{house.notes}".lower()


def test_the_default_of_all_operations_does_not_hold_it() -> None:
    house = House()
    answer = house.post(ERASE)
    assert (answer.status, answer.json["error"]["fields"][0]["path"]) == (403, "/operation")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({**ERASE, "module": "Leads"}, "/module"),
        ({**ERASE, "ids": ["1"]}, "/ids"),
        ({**ERASE, "cvid": "1"}, "/cvid"),
        ({"operation": "erase_person"}, "/identity"),
        ({**ERASE, "identity": {}}, "/identity"),
        ({**ERASE, "identity": None}, "/identity"),
        ({**ERASE, "identity": {"emails": ["canary"]}}, "/identity/emails/0"),
        ({**ERASE, "permanent_after": "P60D"}, "/permanent_after"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_without_the_value(body: Any, path: str) -> None:
    answer = House(WITH_IT).post(body)
    assert answer.status == 400
    assert path in [each["path"] for each in answer.json["error"]["fields"]]
    assert "canary" not in answer.text


def test_an_entry_can_leave_the_approval_to_shared_values() -> None:
    entry = {**WITH_IT["crm"], "keys": [KEY], "erase_person_approval": False}
    house = House({**WITH_IT, "crm": entry})
    answer = house.post(ERASE)
    assert not house.ledger.rows[answer.json["id"]].deletion.limits.erase_person_approval
