"""Secrets: kept for their time, fetched anew now and then, and unusable without a word of what they hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.adapters import aws
from chalicelib.adapters.secrets import FAILURE_SECONDS, REFETCH_BURST, REFETCH_SECONDS, Secret
from chalicelib.domain.errors import SecretUnusable, Unavailable


class Manager:
    """A Secrets Manager client that answers with `value` or raises it."""

    def __init__(self, value: object) -> None:
        self.value = value
        self.calls = 0

    def get_secret_value(self, SecretId: str) -> dict[str, Any]:  # noqa: N803  # boto3's name
        assert SecretId == "expunge/test/sources"
        self.calls += 1
        if isinstance(self.value, Exception):
            raise self.value
        return {"SecretString": self.value} if isinstance(self.value, str) else {"SecretBinary": self.value}


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def secret(value: object, keep: int = 300) -> tuple[Secret, Manager, Clock]:
    manager, clock = Manager(value), Clock()
    return Secret("expunge/test/sources", lambda: manager, keep, clock), manager, clock


def failing(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "CANARY"}}, "GetSecretValue")


def test_it_is_fetched_once_and_kept() -> None:
    found, manager, _ = secret(json.dumps({"crm": {"keys": []}}))
    first = found.value()
    assert first == {"crm": {"keys": []}}
    assert found.value() is first
    assert manager.calls == 1


def test_keeping_for_0_seconds_fetches_each_time() -> None:
    found, manager, _ = secret("{}", keep=0)
    found.value()
    found.value()
    assert manager.calls == 2


def test_a_fresh_one_is_fetched_a_few_times_and_then_once_in_a_while() -> None:
    found, manager, clock = secret("{}")
    found.value()
    manager.value = '{"new": 1}'
    assert found.value() == {}
    assert [found.fresh() for _ in range(REFETCH_BURST)] == [{"new": 1}] * REFETCH_BURST
    assert found.value() == {"new": 1}
    assert found.fresh() is None
    clock.now += REFETCH_SECONDS
    assert found.fresh() == {"new": 1}
    assert found.fresh() is None
    assert manager.calls == REFETCH_BURST + 2


def test_what_is_kept_stays_good_when_a_fresh_one_cannot_be_had() -> None:
    found, manager, _ = secret("{}")
    found.value()
    manager.value = failing("InternalServiceError")
    with pytest.raises(Unavailable):
        found.fresh()
    assert found.value() == {}


@pytest.mark.parametrize("value", ["", "CANARY", "[]", '"x"', "null", b"\xff\xfe", "[" * 100_000])
def test_what_is_no_json_object_is_unusable(value: object) -> None:
    found, _, _ = secret(value)
    with pytest.raises(SecretUnusable) as caught:
        found.value()
    assert "CANARY" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("problem", "kind", "reason"),
    [
        (failing("ResourceNotFoundException"), SecretUnusable, "ResourceNotFoundException"),
        (failing("AccessDeniedException"), Unavailable, "AccessDeniedException"),
        (failing("ThrottlingException"), Unavailable, "ThrottlingException"),
        (EndpointConnectionError(endpoint_url="http://x"), Unavailable, "EndpointConnectionError"),
    ],
)
def test_why_it_cannot_be_had(problem: Exception, kind: type[Unavailable], reason: str) -> None:
    found, _, _ = secret(problem)
    with pytest.raises(Unavailable) as caught:
        found.value()
    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert caught.value.what == "expunge/test/sources"


def test_a_failure_is_remembered_for_a_moment() -> None:
    found, manager, clock = secret(failing("ResourceNotFoundException"))
    for _ in range(3):
        with pytest.raises(SecretUnusable):
            found.value()
    assert manager.calls == 1
    manager.value = "{}"
    clock.now += FAILURE_SECONDS
    assert found.value() == {}


def test_a_mended_secret_counts_a_moment_later_and_not_when_its_time_is_over() -> None:
    found, manager, clock = secret("not JSON")
    with pytest.raises(SecretUnusable):
        found.value()
    manager.value = '{"mended": true}'
    clock.now += FAILURE_SECONDS
    assert found.value() == {"mended": True}
    assert found.value() == {"mended": True}
    assert manager.calls == 2


def test_a_client_is_made_once_with_timeouts_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    aws._client.cache_clear()
    made = aws.client("secretsmanager")
    assert made is aws.client("secretsmanager")
    assert made.meta.endpoint_url == "http://127.0.0.1:9"
    assert (made.meta.config.connect_timeout, made.meta.config.read_timeout) == (2, 5)
    assert made.meta.config.retries == {"mode": "standard", "total_max_attempts": 3}
    aws._client.cache_clear()
