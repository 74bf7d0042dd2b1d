"""Self clients: grant codes and what becomes of them."""

from typing import Any

import pytest
import requests

from tests.simulator.crm import CREDENTIALS, Crm

CODE = {name: CREDENTIALS[name] for name in ("client_id", "client_secret")}


def made(crm: Crm, **more: Any) -> str:
    return str(crm.control("grants", more)["code"])


def exchange(crm: Crm, made_code: str, **changes: str) -> Any:
    form = {**CODE, "grant_type": "authorization_code", "code": made_code, **changes}
    response: requests.Response = crm.http.post(crm.server.url + "/oauth/v2/token", data=form, timeout=60)
    assert response.status_code == 200
    return response.json()


def test_a_code_becomes_a_refresh_token_once(crm: Crm) -> None:
    code = made(crm)
    first = exchange(crm, code)
    assert set(first) == {
        "access_token", "refresh_token", "scope", "api_domain", "token_type", "expires_in"
    }  # fmt: skip
    again = crm.token(refresh_token=first["refresh_token"]).json()
    assert again["access_token"] != first["access_token"]
    assert "refresh_token" not in again
    assert exchange(crm, code) == {"error": "invalid_code"}


def test_a_code_ends(crm: Crm) -> None:
    short, long = made(crm), made(crm, minutes=10)
    crm.advance(180)
    assert exchange(crm, short) == {"error": "invalid_code"}
    assert "refresh_token" in exchange(crm, long)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "1000.never.made"}, "invalid_code"),
        ({"code": ""}, "invalid_code"),
        ({"client_id": "1000.SOMEBODY"}, "invalid_code"),
        ({"client_id": "2000.X"}, "invalid_client"),
        ({"client_secret": "wrong"}, "invalid_client_secret"),
    ],
)
def test_what_is_refused_spends_no_code(crm: Crm, changes: dict[str, str], error: str) -> None:
    code = made(crm, client_id=CREDENTIALS["client_id"])
    assert exchange(crm, code, **changes) == {"error": error}
    assert "refresh_token" in exchange(crm, code)


def test_a_token_can_do_what_its_code_was_made_for(crm: Crm) -> None:
    got = exchange(crm, made(crm, scopes=["ZohoCRM.org.READ", "ZohoCRM.modules.leads.READ"]))
    assert got["scope"] == "ZohoCRM.org.READ ZohoCRM.modules.leads.READ"
    renewed = crm.token(refresh_token=got["refresh_token"]).json()
    assert renewed["scope"] == got["scope"]
    for each in (got, renewed):
        crm.http.headers["Authorization"] = f"Zoho-oauthtoken {each['access_token']}"
        assert crm.get("org").status_code == 200
        assert crm.get("users?type=CurrentUser").json()["code"] == "OAUTH_SCOPE_MISMATCH"


def test_ten_codes_in_ten_minutes(crm: Crm) -> None:
    codes = [made(crm, minutes=10) for _ in range(11)]
    assert all("refresh_token" in exchange(crm, each) for each in codes[:10])
    assert exchange(crm, codes[10])["error"] == "Access Denied"
    crm.advance(600)
    assert "refresh_token" in exchange(crm, made(crm))


def test_the_twenty_first_refresh_token_ends_the_oldest(crm: Crm) -> None:
    crm.control("settings", {"token_window_seconds": 0})
    tokens = [exchange(crm, made(crm))["refresh_token"] for _ in range(20)]
    assert "access_token" in crm.token(refresh_token=tokens[0]).json()
    exchange(crm, made(crm))
    assert crm.token(refresh_token=tokens[0]).json() == {"error": "invalid_code"}
    assert "access_token" in crm.token(refresh_token=tokens[1]).json()


@pytest.mark.parametrize(
    "body", [{"minutes": 11}, {"minutes": True}, {"scopes": "all"}, {"client_id": 1}, [1]]
)
def test_a_grant_that_cannot_be_made(crm: Crm, body: Any) -> None:
    response = crm.http.post(f"{crm.server.url}/_sim/grants", json=body, timeout=60)
    assert response.status_code == 400
