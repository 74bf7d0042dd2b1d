"""Access tokens: Zoho's errors and limits."""

import pytest
import requests

from simulator import Server
from tests.simulator.crm import CREDENTIALS, Crm


def test_a_token_is_good_for_an_hour(crm: Crm) -> None:
    answer = crm.token(refresh_token="1000.other").json()
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3600
    assert "refresh_token" not in answer
    assert crm.get("org").status_code == 200
    crm.advance(3599)
    assert crm.get("org").status_code == 200
    crm.advance(1)
    response = crm.get("org")
    assert response.status_code == 401
    assert response.json() == {
        "code": "INVALID_TOKEN",
        "details": {},
        "message": "invalid oauth token",
        "status": "error",
    }


def test_parameters_may_come_in_the_query(server: Server) -> None:
    response = requests.post(server.url + "/oauth/v2/token", params=CREDENTIALS, timeout=60)
    assert response.json()["access_token"].startswith("1000.")


def test_api_domain_is_the_address_that_the_caller_knows(server: Server) -> None:
    headers = {"Host": "zoho.test:9000"}
    response = requests.post(server.url + "/oauth/v2/token", data=CREDENTIALS, headers=headers, timeout=60)
    assert response.json()["api_domain"] == "http://zoho.test:9000"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "2000.X"}, "invalid_client"),
        ({"client_id": ""}, "invalid_client"),
        ({"client_secret": "wrong"}, "invalid_client_secret"),
        ({"refresh_token": "1000.revoked"}, "invalid_code"),
        ({"refresh_token": "abc"}, "invalid_code"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_faults_are_http_200_with_an_error(crm: Crm, changes: dict[str, str], error: str) -> None:
    response = crm.token(**changes)
    assert (response.status_code, response.json()) == (200, {"error": error})


def test_ten_tokens_in_ten_minutes(crm: Crm) -> None:
    assert all("access_token" in crm.token(refresh_token="1000.busy").json() for _ in range(10))
    denied = crm.token(refresh_token="1000.busy")
    assert denied.status_code == 200
    assert denied.json()["error"] == "Access Denied"
    assert "access_token" in crm.token(refresh_token="1000.calm").json()
    crm.advance(600)
    assert "access_token" in crm.token(refresh_token="1000.busy").json()


def test_the_throttle_may_answer_400(crm: Crm) -> None:
    crm.control("settings", {"throttle_status": 400, "tokens_per_window": 1})
    crm.token(refresh_token="1000.busy")
    assert crm.token(refresh_token="1000.busy").status_code == 400


def test_the_sixteenth_live_token_ends_the_oldest(crm: Crm) -> None:
    crm.control("settings", {"tokens_per_window": 100})
    first = crm.authorize()  # the second of this refresh token: the fixture made one
    for _ in range(14):
        crm.token()
    crm.http.headers["Authorization"] = f"Zoho-oauthtoken {first}"
    assert crm.get("org").status_code == 200
    crm.token()
    assert crm.get("org").json()["code"] == "INVALID_TOKEN"


def test_revoking(crm: Crm) -> None:
    answer = crm.http.post(crm.server.url + "/oauth/v2/token/revoke?token=1000.refresh", timeout=60)
    assert answer.json() == {"status": "success"}
    assert crm.get("org").status_code == 401
    assert crm.token().json() == {"error": "invalid_code"}


@pytest.mark.parametrize("header", [None, "Bearer 1000.x", "Basic abc"])
def test_no_zoho_token(server: Server, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    response = requests.get(server.url + "/crm/v7/org", headers=headers, timeout=60)
    assert (response.status_code, response.json()["code"]) == (401, "AUTHENTICATION_FAILURE")


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (["ZohoCRM.modules.ALL"], True),
        (["ZohoCRM.modules.DELETE"], True),
        (["ZohoCRM.modules.leads.ALL"], True),
        (["ZohoCRM.modules.leads.DELETE"], True),
        (["ZohoCRM.modules.leads.READ"], False),
        (["ZohoCRM.modules.contacts.DELETE"], False),
        (["ZohoCRM.mass_delete.DELETE"], False),
    ],
)
def test_scopes(crm: Crm, scopes: list[str], allowed: bool) -> None:
    crm.control("records", {"Leads": [{"id": "1"}]})
    crm.control("settings", {"scopes": scopes})
    response = crm.delete("Leads?ids=1")
    assert response.status_code == (200 if allowed else 401)
