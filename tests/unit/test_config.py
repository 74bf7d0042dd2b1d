"""Settings from the environment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.config import BadSetting, Config, from_environment

NEEDED = {
    "EXPUNGE_STAGE": "prod",
    "EXPUNGE_TABLE": "expunge-prod",
    "EXPUNGE_WORK_QUEUE_URL": "https://sqs.example/expunge",
}


def test_defaults() -> None:
    found = from_environment({**NEEDED, "OTHER": "x"})
    assert found == Config("prod", "expunge-prod", "https://sqs.example/expunge")
    assert (found.sources_secret, found.links_secret) == ("expunge/prod/sources", "expunge/prod/links")
    assert (found.max_ids, found.keep_days, found.allow_custom_zoho_hosts) == (5000, 400, False)


def test_values() -> None:
    given = {
        "EXPUNGE_MAX_WAIT_SECONDS": "5",
        "EXPUNGE_SECRET_CACHE_SECONDS": "0",
        "EXPUNGE_ALLOW_CUSTOM_ZOHO_HOSTS": "true",
        "EXPUNGE_PUBLIC_URL": "http://127.0.0.1:4566/_aws/execute-api/{apiId}/{stage}",
        "EXPUNGE_TOPIC_ARN": " arn:aws:sns:us-east-1:1:t ",
        "EXPUNGE_MAX_IDS": "",
    }
    expected = replace(
        from_environment(NEEDED),
        max_wait_seconds=5,
        secret_cache_seconds=0,
        allow_custom_zoho_hosts=True,
        public_url="http://127.0.0.1:4566/_aws/execute-api/{apiId}/{stage}/",
        topic_arn="arn:aws:sns:us-east-1:1:t",
    )
    assert from_environment({**NEEDED, **given}) == expected


@pytest.mark.parametrize("variable", NEEDED)
def test_what_must_be_set(variable: str) -> None:
    for value in ({}, {variable: " "}):
        with pytest.raises(BadSetting, match=f"{variable}: is not set") as caught:
            from_environment({name: text for name, text in NEEDED.items() if name != variable} | value)
        assert caught.value.variable == variable


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("EXPUNGE_STAGE", "a/b"),
        ("EXPUNGE_MAX_IDS", "0"),
        ("EXPUNGE_MAX_IDS", "many"),
        ("EXPUNGE_MAX_IDS", "1e3"),
        ("EXPUNGE_GIVE_UP_SECONDS", "-1"),
        ("EXPUNGE_GIVE_UP_SECONDS", "9" * 12),
        ("EXPUNGE_ALLOW_CUSTOM_ZOHO_HOSTS", "yes"),
        ("EXPUNGE_ALLOW_CUSTOM_ZOHO_HOSTS", "True"),
        ("EXPUNGE_PUBLIC_URL", "127.0.0.1"),
        ("EXPUNGE_PUBLIC_URL", "https://example.com/{host}/"),
        ("EXPUNGE_PUBLIC_URL", "https://"),
        ("EXPUNGE_PUBLIC_URL", "ftp://example.com/"),
        ("EXPUNGE_PUBLIC_URL", "https://example.com/?x="),
        ("EXPUNGE_PUBLIC_URL", "https://example.com/#"),
        ("EXPUNGE_PUBLIC_URL", "https://example.com@evil.example/"),
        ("EXPUNGE_PUBLIC_URL", "https://example.com/ x"),
        ("EXPUNGE_PUBLIC_URL", "http://example.com/"),
        ("EXPUNGE_PUBLIC_URL", "http://127.0.0.1:4566/"),
    ],
)
def test_a_malformed_value_names_its_variable(variable: str, text: str) -> None:
    with pytest.raises(BadSetting, match=f"^{variable}: ") as caught:
        from_environment({**NEEDED, variable: text})
    assert caught.value.variable == variable


LOCAL: list[dict[str, str]] = [{"EXPUNGE_STAGE": "local"}, {"EXPUNGE_ALLOW_CUSTOM_ZOHO_HOSTS": "true"}]


@pytest.mark.parametrize("stage", LOCAL)
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:4566", "localhost:1", "[::1]:80"])
def test_links_may_go_over_http_on_the_local_stages_own_machine(stage: dict[str, str], host: str) -> None:
    given = {**NEEDED, **stage, "EXPUNGE_PUBLIC_URL": f"http://{host}"}
    assert from_environment(given).public_url == f"http://{host}/"


@pytest.mark.parametrize("stage", [{}, *LOCAL])
@pytest.mark.parametrize(
    "host",
    ["example.com", "127.0.0.1.example.com", "localhost.example.com", "127.0.0.1:80.example.com", "10.0.0.1"],
)
def test_links_go_over_https_to_any_other_machine(stage: dict[str, str], host: str) -> None:
    with pytest.raises(BadSetting, match="since a read link is a secret"):
        from_environment({**NEEDED, **stage, "EXPUNGE_PUBLIC_URL": f"http://{host}/"})
    given = {**NEEDED, **stage, "EXPUNGE_PUBLIC_URL": f"https://{host}/"}
    assert from_environment(given).public_url == f"https://{host}/"
