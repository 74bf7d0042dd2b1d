"""Zoho's own Python client, not patched, finds a person in the simulator and clears what stays."""

from collections.abc import Iterator
from typing import Any

import pytest

import simulator
from tests.sdk.environment import told_by

pytestmark = pytest.mark.sdk

PRIVATE = {"restricted": False, "type": "Low", "export": True}
ORG: dict[str, Any] = {
    "modules": {
        "Members": {"fields": [{"api_name": "Contact_Email", "data_type": "email"}]},
        "Contacts": {
            "fields": [
                {"api_name": "Email", "private": PRIVATE},
                {
                    "api_name": "Secret_Email",
                    "data_type": "email",
                    "crypt": {"mode": "encryption", "status": 1},
                },
            ]
        },
    },
    "records": {
        "Contacts": [
            {"id": "7", "Last_Name": "Moser", "Email": "anna@example.com", "Record_Image": "abc"},
            {"id": "8", "Last_Name": "Huber"},
        ],
        "Notes": [{"id": "11", "Parent_Id": "7"}, {"id": "12", "Parent_Id": "7"}],
        "Attachments": [{"id": "21", "Parent_Id": "7"}],
        "Deals": [{"id": "1", "Deal_Name": "Roof", "Contact_Roles": ["7"]}],
        "Campaigns": [{"id": "3", "Campaign_Name": "Spring", "Contacts": ["7"]}],
    },
}
#: Step: HTTP status, then the ids that it lists.
LISTS: dict[str, tuple[int, list[int]]] = {
    "search_email": (200, [7]),
    "search_criteria": (200, [7]),
    "coql": (200, [7]),
    "notes": (200, [11, 12]),
}
#: Step: HTTP status, then code and message of the whole answer.
REFUSED: dict[str, tuple[int, str, str]] = {
    "fields_wrong": (400, "INVALID_MODULE", "The module name given seems to be invalid"),
    "search_short": (400, "INVALID_DATA", "the word given seems to be invalid"),
    "coql_secret": (400, "INVALID_QUERY", "the field is encrypted"),
    "attachment_gone": (400, "INVALID_DATA", "record not deleted"),
    "role_gone": (400, "INVALID_DATA", "the related id given seems to be invalid"),
}
#: Step: message and id of the one element.
DONE: dict[str, tuple[str, int]] = {
    "attachment": ("record deleted", 21),
    "role": ("relation removed", 7),
    "member": ("relation removed", 7),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the client made of every answer; it runs once for all tests."""
    with simulator.running(documents=False) as server:
        server.sim.load(ORG)
        yield told_by("people_driver.py", server.url, tmp_path_factory.mktemp("sdk"))


def test_the_client_reads_the_modules_custom_ones_too(told: dict[str, Any]) -> None:
    rows = {row[0]: row[1:] for row in told["modules"]["rows"]}
    assert rows["Leads"] == ["default", True, True]
    assert rows["Members"] == ["custom", True, True]
    assert rows["Home"] == ["default", False, False]


def test_the_client_reads_types_privacy_encryption_and_lookups_of_fields(told: dict[str, Any]) -> None:
    rows = {row[0]: row[1:] for row in told["fields"]["rows"]}
    assert rows["Email"] == ["email", False, None, None]
    assert rows["Secret_Email"] == ["email", None, "encryption", None]
    assert rows["Account_Name"] == ["lookup", None, None, "Accounts"]
    assert ["Contact_Email", "email", None, None, None] in told["fields_custom"]["rows"]


def test_the_client_reads_related_lists_with_the_paths_of_their_calls(told: dict[str, Any]) -> None:
    assert ["Notes", "Contacts/{ENTITYID}/Notes"] in told["related_lists"]["rows"]


@pytest.mark.parametrize("step", LISTS)
def test_the_client_finds_and_lists(told: dict[str, Any], step: str) -> None:
    found = told[step]
    assert (found["http"], found["rows"], found["object"]) == (*LISTS[step], "ResponseWrapper")


@pytest.mark.parametrize("step", ["search_none", "no_notes"])
def test_nothing_is_204_for_the_client(told: dict[str, Any], step: str) -> None:
    assert (told[step]["http"], told[step]["object"]) == (204, "NoneType")


def test_the_client_counts_list_by_list(told: dict[str, Any]) -> None:
    found = told["counted"]
    assert (found["http"], found["object"]) == (207, "ActionWrapper")
    assert found["rows"] == [["Notes", 2], ["Attachments", 1], ["INVALID_DATA", None]]


@pytest.mark.parametrize("step", DONE)
def test_the_client_takes_away_one_by_one(told: dict[str, Any], step: str) -> None:
    (item,) = told[step]["data"]
    assert (told[step]["http"], item["code"]) == (200, "SUCCESS")
    assert (item["message"], item["details"]["id"]) == DONE[step]


def test_the_client_deletes_a_photo(told: dict[str, Any]) -> None:
    said = told["photo"]["said"]
    assert (told["photo"]["http"], said["kind"], said["code"]) == (200, "SuccessResponse", "SUCCESS")


@pytest.mark.parametrize("step", REFUSED)
def test_the_client_is_refused_in_words(told: dict[str, Any], step: str) -> None:
    error = told[step]["error"]
    assert (told[step]["http"], error["code"], error["message"]) == REFUSED[step]
