"""Every curl and Deluge sample of Zoho's documents gets the printed answer; every listed code can be had."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator import Server
from tests.simulator.crm import Crm, codes

SEEDS = Path(__file__).parents[1] / "data" / "seeds"
SAMPLES = [
    pytest.param(sample, id=f"{path.stem}: {sample['name']}")
    for path in sorted(SEEDS.glob("*.json"))
    if path.stem != "error_codes"
    for sample in json.loads(path.read_text("utf-8"))["samples"]
]
ERRORS: dict[str, list[dict[str, Any]]] = json.loads((SEEDS / "error_codes.json").read_text("utf-8"))[
    "documents"
]
ZOHO = "https://www.zohoapis.com"
TOKEN = "Zoho-oauthtoken 1000.8cb99dxxxxxxxxxxxxx9be93.9b8xxxxxxxxxxxxxxxf"


@pytest.mark.parametrize("sample", SAMPLES)
def test_sample(server: Server, sample: dict[str, Any]) -> None:
    """Against a simulator that was started this moment; a Deluge connection is a bearer of the token too."""
    request, answer = sample["request"], sample["answer"]
    response = requests.request(
        request["method"],
        request["url"].replace(ZOHO, server.url),
        headers=request.get("headers", {"Authorization": TOKEN}),
        data=json.dumps(request["body"]) if "body" in request else None,
        timeout=60,
    )
    assert (response.status_code, response.json()) == (answer["status"], answer["body"])


def test_the_sample_job_ends_as_the_status_page_prints(documents: Crm) -> None:
    body = {"cvid": "3652397000000538003", "territory": {"id": "3652397000007622003", "include_child": True}}
    job = documents.post("Leads/actions/mass_delete", body).json()["data"][0]["details"]["job_id"]
    assert job == "3652397000009565021"
    documents.advance(60)
    # The blank of the printed URL is tolerated.
    status = documents.get(f"v6/Leads/actions/mass_delete?job_id=%20{job}").json()
    assert status == {
        "data": [{"Status": "COMPLETED", "Failed_Count": 0, "Deleted_Count": 9, "Total_Count": 9}]
    }


Way = Callable[[Crm, str], requests.Response]
Ways = dict[tuple[str, str | None], Way]

# How each code of each document comes about: (document, code, message) -> a call that gets it.

DELETE, LINK = "Leads?ids=1", "Campaigns/2/Contacts?ids=3"
MASS = "Leads/actions/mass_delete"


def _record(**flags: Any) -> Way:
    def provoke(crm: Crm, version: str) -> requests.Response:
        crm.control("records", {"Leads": [{"id": "1", **flags}]})
        return crm.delete(f"{version}/Leads?ids=1")

    return provoke


def _refused(place: str, code: str, path: str) -> Way:
    def provoke(crm: Crm, version: str) -> requests.Response:
        crm.control("records", {"Leads": [{"id": "1"}], "Campaigns": [{"id": "2", "Contacts": ["3"]}]})
        crm.control("settings", {"refuse": {place: code}})
        return crm.call("POST" if "mass_delete" in path else "DELETE", f"{version}/{path}")

    return provoke


def _plain(method: str, path: str, body: Any = None) -> Way:
    def provoke(crm: Crm, version: str) -> requests.Response:
        crm.control("records", {"Campaigns": [{"id": "2", "Contacts": ["3"]}]})
        return crm.call(method, f"{version}/{path}", json=body)

    return provoke


def _no_scope(path: str) -> Way:
    def provoke(crm: Crm, version: str) -> requests.Response:
        crm.control("settings", {"scopes": ["ZohoCRM.modules.READ"]})
        return crm.delete(f"{version}/{path}")

    return provoke


def _already_scheduled(crm: Crm, version: str) -> requests.Response:
    crm.control("records", {"Leads": [{"id": "1"}]})
    crm.control("views", {"module": "Leads", "cvid": "7", "ids": ["1"]})
    crm.post(f"{version}/{MASS}", {"cvid": "7"})
    return crm.post(f"{version}/{MASS}", {"cvid": "7"})


def _unapproved_in_mass(crm: Crm, version: str) -> requests.Response:
    crm.control("records", {"Leads": [{"id": "1", "$approved": False}]})
    return crm.post(f"{version}/{MASS}", {"ids": ["1"]})


UNAPPROVED = "cannot delete record that is not approved yet"
LOCKED = "You cannot perform this operation as the record is locked."
FORMAT = "either the request body or parameters is in wrong format"
RELATED = "the related id given seems to be invalid"
WRONG_MODULE = "The module name given seems to be invalid"
NOT_IN_API = "The given module is not supported in API"
ON_DELETE: Ways = {
    ("INVALID_DATA", "record not deleted"): _plain("DELETE", DELETE),
    ("UNABLE_TO_PARSE_DATA_TYPE", FORMAT): _plain("DELETE", "Leads?ids=abc"),
    ("INVALID_MODULE", WRONG_MODULE): _plain("DELETE", "Nonsense?ids=1"),
    ("INVALID_MODULE", NOT_IN_API): _plain("DELETE", "Documents?ids=1"),
    ("INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one"): _plain(
        "DELETE", "Leads/1/Contacts/2/more"
    ),
    ("OAUTH_SCOPE_MISMATCH", "Unauthorized"): _no_scope(DELETE),
    ("NO_PERMISSION", "Permission denied to delete"): _refused("Leads.delete", "NO_PERMISSION", DELETE),
    ("INTERNAL_ERROR", "Internal Server Error"): _refused("Leads.delete", "INTERNAL_ERROR", DELETE),
    ("INVALID_REQUEST_METHOD", "The http request method type is not a valid one"): _plain("PATCH", "Leads"),
    ("AUTHORIZATION_FAILED", "User does not have sufficient privilege to delete records"): _refused(
        "Leads.delete", "AUTHORIZATION_FAILED", DELETE
    ),
    ("REQUIRED_PARAM_MISSING", "One of the expected parameter is missing"): _plain("DELETE", "Leads"),
    ("RECORD_LOCKED", UNAPPROVED): _record(**{"$in_merge": True}),
    ("RECORD_LOCKED", LOCKED): _record(Locked__s=True),
    ("NOT_APPROVED", UNAPPROVED): _record(**{"$approved": False}),
}
ON_DELINK: Ways = {
    ("INVALID_MODULE", WRONG_MODULE): _plain("DELETE", "Nonsense/2/Contacts?ids=3"),
    ("INVALID_MODULE", NOT_IN_API): _plain("DELETE", "Projects/2/Contacts?ids=3"),
    ("INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one"): _plain(
        "DELETE", "Campaigns/2/Contacts/3/more"
    ),
    ("OAUTH_SCOPE_MISMATCH", "Unauthorized"): _no_scope(LINK),
    ("NO_PERMISSION", "Permission denied to delete records"): _refused(
        "Campaigns.delink", "NO_PERMISSION", LINK
    ),
    ("INTERNAL_ERROR", "Internal Server Error"): _refused("Campaigns.delink", "INTERNAL_ERROR", LINK),
    ("INVALID_REQUEST_METHOD", "The http request method type is not a valid one"): _plain("POST", LINK),
    (
        "AUTHORIZATION_FAILED",
        "User does not have sufficient privilege to delete related records data",
    ): _refused("Campaigns.delink", "AUTHORIZATION_FAILED", LINK),
    ("INVALID_DATA", "the related id given seems to be invalid"): _plain(
        "DELETE", "Campaigns/2/Contacts?ids=4"
    ),
    ("UNABLE_TO_PARSE_DATA_TYPE", FORMAT): _plain("DELETE", "Campaigns/2/Contacts?ids=x"),
}
ON_MASS_DELETE: Ways = {
    ("INVALID_DATA", None): _plain("POST", MASS, {"ids": ["404"]}),
    ("ALREADY_SCHEDULED", None): _already_scheduled,
    ("MANDATORY_NOT_FOUND", None): _plain("POST", MASS, {}),
    ("NOT_APPROVED", None): _unapproved_in_mass,
    ("NOT_SUPPORTED", None): _plain("POST", "Activities/actions/mass_delete", {"cvid": "7"}),
    ("NO_PERMISSION", None): _refused("Leads.mass_delete", "NO_PERMISSION", MASS),
}
WAYS: dict[str, Ways] = {
    "delete-records-v2": ON_DELETE,
    "delete-records-v7": ON_DELETE,
    "delink-related-records-v7": ON_DELINK,
    "mass-delete-records-v7": ON_MASS_DELETE,
    "mass-delete-status-v6": {},
}
LISTED = [
    pytest.param(document, entry, id=f"{document}: {entry['code']} {entry['message'] or ''}")
    for document, entries in ERRORS.items()
    for entry in entries
]


@pytest.mark.parametrize(("document", "entry"), LISTED)
def test_listed_error(crm: Crm, document: str, entry: dict[str, Any]) -> None:
    """Each code can be had by data, with the HTTP status and, where one is printed, the message listed."""
    provoke = WAYS[document][entry["code"], entry["message"]]
    response = provoke(crm, document[-2:])
    assert response.status_code == entry["http"]
    assert codes(response) == [entry["code"]]
    if entry["message"] is not None:
        body = response.json()
        assert body.get("data", [body])[0]["message"] == entry["message"]
