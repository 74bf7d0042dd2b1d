"""Mass delete: by ids at once, by view as a job that takes time."""

from typing import Any

import pytest

from tests.simulator.crm import Crm, codes

START, STATUS = "Leads/actions/mass_delete", "Leads/actions/mass_delete?job_id="


@pytest.fixture
def view(crm: Crm) -> str:
    """A view of ten leads."""
    crm.control("records", {"Leads": [{"id": str(n), "Kind": "x"} for n in range(1, 11)]})
    criteria = {"comparator": "equal", "field": {"api_name": "Kind"}, "value": "x"}
    crm.control("views", {"module": "Leads", "cvid": "77", "criteria": criteria})
    return "77"


def start(crm: Crm, **body: Any) -> str:
    response = crm.post(START, {"cvid": "77", **body})
    assert response.status_code == 200, response.text
    return str(response.json()["data"][0]["details"]["job_id"])


def status(crm: Crm, job: str) -> tuple[str, int, int, int]:
    found = crm.get(STATUS + job).json()["data"][0]
    return found["Status"], found["Total_Count"], found["Deleted_Count"], found["Failed_Count"]


def test_ids_at_once(crm: Crm) -> None:
    crm.control("records", {"Leads": [{"id": str(n)} for n in range(1, 6)]})
    mixed = crm.post(START, {"ids": ["1", 2, "404", "x"]})
    assert (mixed.status_code, codes(mixed)) == (207, ["SUCCESS", "SUCCESS", "INVALID_DATA", "INVALID_DATA"])
    assert mixed.json()["data"][2]["details"] == {"api_name": "ids", "json_path": "$.ids[2]", "id": "404"}
    # No Content-Type is needed: the official client sends none.
    plain = crm.http.post(f"{crm.server.url}/crm/v8/{START}", data='{"ids": [3]}', timeout=60)
    assert codes(plain) == ["SUCCESS"]
    assert crm.post(START, {"ids": ["1"]}).status_code == 400


def test_at_most_500_ids(crm: Crm) -> None:
    crm.control("records", {"Leads": [{"id": str(n)} for n in range(1, 502)]})
    ids = [str(n) for n in range(1, 502)]
    assert codes(crm.post(START, {"ids": ids})) == ["LIMIT_EXCEEDED"]
    assert crm.post(START, {"ids": ids[:500]}).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "MANDATORY_NOT_FOUND"),
        ({"ids": []}, "MANDATORY_NOT_FOUND"),
        ({"ids": "1,2"}, "INVALID_DATA"),
        ({"ids": {"1": 1}}, "INVALID_DATA"),
        ({"cvid": "404"}, "INVALID_DATA"),
        ({"cvid": "x"}, "INVALID_DATA"),
        ({"cvid": None}, "INVALID_DATA"),
        ({"cvid": "77", "criteria": {}}, "INVALID_DATA"),
        ({"ids": ["1"], "cvid": "77"}, "AMBIGUITY_DURING_PROCESSING"),
        ({"ids": ["1"], "territory": {"id": "5"}}, "AMBIGUITY_DURING_PROCESSING"),
        ({"cvid": "77", "territory": {"id": "404"}}, "INVALID_DATA"),
        ({"cvid": "77", "territory": "5"}, "INVALID_DATA"),
        ({"cvid": "77", "territory": {"id": "5", "include_child": "yes"}}, "INVALID_DATA"),
        (["1"], "UNABLE_TO_PARSE_DATA_TYPE"),
    ],
)
def test_refused_bodies(crm: Crm, view: str, body: Any, code: str) -> None:
    response = crm.post(START, body)
    assert (response.status_code, codes(response)) == (400, [code])
    assert crm.see("state")["jobs"] == []


def test_a_body_that_is_not_json(crm: Crm) -> None:
    response = crm.http.post(f"{crm.server.url}/crm/v7/{START}", data="{", timeout=60)
    assert codes(response) == ["UNABLE_TO_PARSE_DATA_TYPE"]


def test_life_of_a_job(crm: Crm, view: str) -> None:
    job = start(crm)
    assert status(crm, job) == ("SCHEDULED", 10, 0, 0)
    crm.advance(0.5)
    assert status(crm, job) == ("RUNNING", 10, 0, 0)
    crm.advance(1)
    assert status(crm, job) == ("RUNNING", 10, 5, 0)
    assert crm.get("Leads/actions/count?cvid=77").json() == {"count": 5}
    crm.advance(1)
    assert status(crm, job) == ("COMPLETED", 10, 10, 0)
    assert crm.get("Leads/actions/count?cvid=77").json() == {"count": 0}
    crm.advance(3000)
    assert status(crm, job) == ("COMPLETED", 10, 10, 0)


def test_queued(crm: Crm, view: str) -> None:
    crm.control("settings", {"job_queued_seconds": 3})
    job = start(crm)
    crm.advance(1)
    assert status(crm, job)[0] == "QUEUED"


def test_the_job_is_over_what_matched_when_it_was_scheduled(crm: Crm, view: str) -> None:
    job = start(crm)
    crm.control("records", {"Leads": [{"id": "11", "Kind": "x"}, {"id": "10", "Kind": "y"}]})
    crm.delete("Leads?ids=1")
    crm.advance(60)
    # Record 1 was gone before the job came to it; 10 has left the view and goes all the same.
    assert status(crm, job) == ("COMPLETED", 10, 9, 1)
    assert [record["id"] for record in crm.see("records?module=Leads")] == ["11"]


def test_locked_and_unapproved_records_fail(crm: Crm, view: str) -> None:
    crm.control("records", {"Leads": [{"id": "3", "Locked__s": True}, {"id": "4", "$approved": False}]})
    job = start(crm)
    crm.advance(60)
    assert status(crm, job) == ("COMPLETED", 10, 8, 2)


def test_an_empty_view(crm: Crm) -> None:
    crm.control("views", {"module": "Leads", "cvid": "77", "ids": ["404"]})
    response = crm.post(START, {"cvid": "77"})
    assert response.status_code == 400
    assert response.json()["code"] == "NO_RECORDS_FOUND"


def test_territories(crm: Crm, view: str) -> None:
    crm.control(
        "territories",
        [{"id": "50", "parent": None}, {"id": "51", "parent": "50"}, {"id": "52", "parent": "51"}],
    )
    places = {"1": ["50"], "2": ["51"], "3": [{"id": "52"}], "4": ["60"]}
    crm.control("records", {"Leads": [{"id": n, "Territories": places[n]} for n in places]})
    job = start(crm, territory={"id": 50})
    crm.advance(60)
    assert status(crm, job)[:3] == ("COMPLETED", 1, 1)
    job = start(crm, territory={"id": "50", "include_child": True})
    crm.advance(60)
    assert status(crm, job)[:3] == ("COMPLETED", 2, 2)
    assert crm.see("state")["records"]["Leads"] == 7


@pytest.mark.parametrize(
    ("scope", "module", "cvid", "blocked"),
    [
        ("org", "Contacts", "88", True),
        ("module", "Contacts", "88", False),
        ("module", "Leads", "78", True),
        ("view", "Leads", "78", False),
        ("view", "Leads", "77", True),
    ],
)
def test_one_job_at_a_time(crm: Crm, view: str, scope: str, module: str, cvid: str, blocked: bool) -> None:
    crm.control("records", {"Contacts": [{"id": "20"}]})
    crm.control(
        "views",
        [
            {"module": "Contacts", "cvid": "88", "ids": ["20"]},
            {"module": "Leads", "cvid": "78", "ids": ["1"]},
        ],
    )
    crm.control("settings", {"already_scheduled_scope": scope})
    start(crm)
    path, body = f"{module}/actions/mass_delete", {"cvid": cvid}
    assert codes(crm.post(path, body)) == (["ALREADY_SCHEDULED"] if blocked else ["SUCCESS"])
    crm.control("settings", {"already_scheduled_status": 202})
    crm.advance(1)
    assert crm.post(START, {"cvid": "77"}).status_code == 202
    assert codes(crm.post(START, {"ids": ["5"]})) == ["SUCCESS"]
    crm.control("settings", {"already_scheduled_for_ids": True})
    assert codes(crm.post(START, {"ids": ["6"]})) == ["ALREADY_SCHEDULED"]
    crm.advance(60)
    assert codes(crm.post(START, {"cvid": "77"})) == ["NO_RECORDS_FOUND"]


def test_a_view_above_the_limit(crm: Crm, view: str) -> None:
    crm.control("settings", {"job_limit": 4})
    rounds = []
    for _ in range(3):
        job = start(crm)
        crm.advance(60)
        rounds.append(status(crm, job)[1:3])
    assert rounds == [(4, 4), (4, 4), (2, 2)]


@pytest.mark.parametrize("code", ["LIMIT_EXCEEDED", "RECORD_LIMIT_EXCEEDED"])
def test_a_view_above_the_limit_may_be_refused(crm: Crm, view: str, code: str) -> None:
    crm.control("settings", {"job_limit": 9, "over_limit": code})
    assert codes(crm.post(START, {"cvid": "77"})) == [code]


def test_fifty_thousand_take_ten_seconds(crm: Crm) -> None:
    crm.control("generate", {"module": "Leads", "count": 50_001, "fields": {"Kind": "x"}})
    views = crm.get("settings/custom_views?module=Leads").json()["custom_views"]
    assert [found["name"] for found in views] == ["All"]
    job = crm.post(START, {"cvid": views[0]["id"]}).json()["data"][0]["details"]["job_id"]
    crm.advance(5.5)
    assert status(crm, job) == ("RUNNING", 50_000, 25_000, 0)
    crm.advance(5)
    assert status(crm, job) == ("COMPLETED", 50_000, 50_000, 0)
    assert crm.get("Leads/actions/count").json() == {"count": 1}


def test_editions_without_the_view_form(crm: Crm, view: str) -> None:
    crm.control("settings", {"edition": "Professional"})
    refused = crm.post(START, {"cvid": "77"})
    assert (refused.status_code, codes(refused)) == (400, ["NOT_SUPPORTED"])
    assert refused.json()["message"] == "Scheduled Mass Operation feature is not available in your edition"
    assert codes(crm.post(START, {"ids": ["1"]})) == ["SUCCESS"]


def test_refusals_may_lie_in_data(crm: Crm) -> None:
    crm.control("settings", {"wrap_refusals": True})
    assert crm.post(START, {"cvid": "404"}).json()["data"][0]["code"] == "INVALID_DATA"


def test_job_ids_are_never_given_twice(crm: Crm, view: str) -> None:
    first = start(crm)
    crm.control("reset")
    crm.authorize()
    assert codes(crm.get(STATUS + first)) == ["INVALID_DATA"]
    crm.control("records", {"Leads": [{"id": "1"}]})
    crm.control("views", {"module": "Leads", "cvid": "77", "ids": ["1"]})
    assert int(start(crm)) == int(first) + 1


def test_status_errors(crm: Crm, view: str) -> None:
    job = start(crm)
    assert codes(crm.get("Leads/actions/mass_delete")) == ["MANDATORY_NOT_FOUND"]
    assert codes(crm.get(STATUS + "x")) == ["UNABLE_TO_PARSE_DATA_TYPE"]
    assert codes(crm.get(f"Contacts/actions/mass_delete?job_id={job}")) == ["INVALID_DATA"]
    unknown = crm.get(STATUS + "404")
    assert (unknown.status_code, unknown.json()["message"]) == (400, "The jobid given seems to be invalid")
    crm.control("settings", {"unknown_job": "NOT_FOUND"})
    unknown = crm.get(STATUS + "404")
    assert (unknown.status_code, codes(unknown)) == (404, ["NOT_FOUND"])


def test_meetings_are_events(crm: Crm) -> None:
    crm.control("records", {"Events": [{"id": "1"}]})
    assert codes(crm.post("Meetings/actions/mass_delete", {"ids": ["1"]})) == ["SUCCESS"]


def test_of_ids_that_are_all_gone_zoho_may_say_that_there_are_none(crm: Crm) -> None:
    crm.control("records", {"Leads": [{"id": "1"}]})
    crm.control("settings", {"none_found_for_ids": True})
    assert codes(crm.post(START, {"ids": ["404", "x"]})) == ["NO_RECORDS_FOUND"]
    assert codes(crm.post(START, {"ids": ["404", "1"]})) == ["INVALID_DATA", "SUCCESS"]
