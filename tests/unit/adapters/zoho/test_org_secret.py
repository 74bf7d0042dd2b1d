"""An org's secret: defaults, choices, and a clear reason for each refusal that shows no credential."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.zoho.org_secret import BadSecret, parse_org

GOOD = {"client_id": "1000.X", "client_secret": "hush-hush", "refresh_token": "1000.Y"}
HOST = "http://127.0.0.1:9000"


def parsed(custom_hosts: bool = False, **changes: object):  # type: ignore[no-untyped-def]  # fields by their names
    secret = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    return parse_org("default", json.dumps(secret), custom_hosts=custom_hosts)


def test_defaults() -> None:
    org = parsed()
    assert (org.name, org.data_center, org.environment, org.api_version) == (
        "default",
        "us",
        "production",
        "v7",
    )
    assert (org.concurrency, org.lane, org.keep_credits) == (10, "org", 0)
    assert (org.accounts_url, org.api_url) == ("https://accounts.zoho.com", "https://www.zohoapis.com")


def test_everything_given() -> None:
    org = parsed(
        data_center="eu",
        environment="sandbox",
        api_version="v8",
        concurrency=5,
        lane="view",
        keep_credits=100,
    )
    assert (org.accounts_url, org.api_url) == ("https://accounts.zoho.eu", "https://sandbox.zohoapis.eu")
    assert (org.api_version, org.concurrency, org.lane, org.keep_credits) == ("v8", 5, "view", 100)


def test_credentials_do_not_show() -> None:
    assert "hush-hush" not in repr(parsed())
    assert "1000.Y" not in repr(parsed())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"client_id": None}, "client_id"),
        ({"client_secret": ""}, "client_secret"),
        ({"refresh_token": 7}, "refresh_token"),
        ({"refresh_token": "a b"}, "refresh_token"),
        ({"data_center": "mars"}, "data_center must be one of"),
        ({"data_center": ["us"]}, "data_center must be one of"),
        ({"data_center": "uk"}, "not confirmed"),
        ({"data_center": "ae"}, "not confirmed"),
        ({"environment": "staging"}, "environment must be one of"),
        ({"api_version": "v9"}, "api_version must be one of v2"),
        ({"api_version": 7}, "api_version"),
        ({"concurrency": 0}, "concurrency must be a whole number"),
        ({"concurrency": True}, "concurrency"),
        ({"concurrency": "10"}, "concurrency"),
        ({"keep_credits": -1}, "keep_credits"),
        ({"lane": "team"}, "lane must be one of org, module, view"),
        ({"enviroment": "sandbox"}, "unknown fields: enviroment"),
        ({"api_url": HOST}, "api_url is not allowed on this stage"),
        ({"accounts_url": "https://accounts.zoho.com"}, "accounts_url is not allowed on this stage"),
    ],
)
def test_refusals_say_why(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(BadSecret, match=reason) as caught:
        parsed(**changes)  # type: ignore[arg-type]  # fields by their names
    assert "hush-hush" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "x", "[]", "null", '{"a": 1, "a": 2}'])
def test_no_json_object(text: str) -> None:
    with pytest.raises(BadSecret, match="is not a JSON object"):
        parse_org("default", text, custom_hosts=False)


def test_hosts_by_hand_where_the_stage_allows_them() -> None:
    org = parsed(custom_hosts=True, accounts_url=HOST + "/", api_url=HOST)
    assert (org.accounts_url, org.api_url) == (HOST, HOST)
    assert parsed(custom_hosts=True, accounts_url=HOST, api_url=HOST, data_center="uk").data_center == "uk"
    with pytest.raises(BadSecret, match="api_url must be https"):
        parsed(custom_hosts=True, api_url="http://example.com")
    with pytest.raises(BadSecret, match="api_url must be a string"):
        parsed(custom_hosts=True, api_url=7)


@given(
    st.dictionaries(
        st.sampled_from([*GOOD, "data_center", "api_url", "lane", "concurrency", "x"]),
        st.none() | st.integers() | st.text(max_size=5) | st.lists(st.none(), max_size=1),
    )
)
def test_any_secret_is_an_org_or_a_reason(changes: dict[str, object]) -> None:
    with contextlib.suppress(BadSecret):
        assert parse_org("default", json.dumps({**GOOD, **changes}), custom_hosts=True).name == "default"
