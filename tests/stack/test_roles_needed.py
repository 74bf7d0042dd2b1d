"""Takes one action away from one role at a time: the function's job is impossible until it is back."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import pytest
import requests

from local import stack as local_stack
from local.running import RunningStack
from local.settings import Settings
from tests.stack.conftest import Events
from tests.stack.roles import LOGICAL, Role

pytestmark = pytest.mark.stack

PATIENCE_SECONDS = 2.5  # a deletion of one record takes a tenth of that
numbers = itertools.count(71)


class Place:
    """A stack of its own whose functions look at their secrets again on every call."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack = stack
        self.events = Events(stack)
        self.roles = {function: Role(stack, function) for function in LOGICAL}

    def send(self) -> requests.Response:
        """Asks for the deletion of a record that was just put there."""
        record = f"365239700000{next(numbers):07}"
        body = {"Leads": [{"id": record, "Last_Name": "Nobody"}]}
        requests.post(self.stack["zoho_url"] + "/_sim/records", json=body, timeout=60).raise_for_status()
        return self.stack.send({"operation": "delete_records", "module": "Leads", "ids": [record]})

    def accepted(self) -> str:
        """The same until it is accepted, as a failed look at a secret is remembered for a second; the id."""
        limit = time.monotonic() + 60
        while (answer := self.send()).status_code == 503 and time.monotonic() < limit:
            time.sleep(0.2)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def finished(self, deletion: str, seconds: float = PATIENCE_SECONDS) -> bool:
        """Whether the final event comes while nobody wakes the poll."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            self.events.listen()
            if any(event["type"].endswith("completed") for event in self.events.of(deletion)):
                return True
        return False

    def mends(self, deletion: str) -> None:
        """The deletion still ends as it should."""
        final = self.events.final(deletion, wake_every=1.0)
        assert final["data"]["counts"]["deleted"] == 1, final


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    # A function that fails in the middle keeps its lease of the deletion: short, not to wait for its end.
    overrides = {
        "EXPUNGE_SECRET_CACHE_SECONDS": "0",
        "EXPUNGE_LEASE_SECONDS": "4",
        "EXPUNGE_SLICE_SECONDS": "2",
    }
    settings = Settings(tmp_path_factory.mktemp("needed"), overrides=overrides)
    try:
        yield Place(RunningStack(local_stack.up(settings)))
    finally:
        local_stack.down(settings)


def test_with_whole_roles_work_finishes_a_deletion(place: Place) -> None:
    with place.roles["poll"].without("dynamodb:Query"):
        assert place.finished(place.accepted(), seconds=120)


def test_with_whole_roles_the_poll_alone_finishes_a_deletion(place: Place) -> None:
    with place.roles["api"].without("sqs:SendMessage"):
        deletion = place.accepted()
    place.mends(deletion)


@pytest.mark.parametrize("action", ["dynamodb:PutItem", "secretsmanager:GetSecretValue"])
def test_api_accepts_nothing_without(place: Place, action: str) -> None:
    with place.roles["api"].without(action):
        answer = place.send()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_api_knows_no_repeat_without_reading(place: Place) -> None:
    body = {"operation": "delete_records", "module": "Leads", "ids": ["365239700000999999"]}
    delivery = f"repeat-{next(numbers)}"
    place.accepted()  # a failed look at a secret is over
    first = place.stack.send(body, delivery=delivery)
    with place.roles["api"].without("dynamodb:GetItem"):
        unknown = place.stack.send(body, delivery=delivery)
    again = place.stack.send(body, delivery=delivery)
    assert (first.status_code, unknown.status_code, again.status_code) == (202, 503, 202)
    assert (again.headers["Idempotent-Replayed"], again.json()) == ("true", first.json())


def test_api_nudges_nobody_without_sending(place: Place) -> None:
    with place.roles["poll"].without("dynamodb:Query"), place.roles["api"].without("sqs:SendMessage"):
        deletion = place.accepted()
        assert not place.finished(deletion)
    place.mends(deletion)


@pytest.mark.parametrize(
    "action",
    [
        "dynamodb:BatchGetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
        "secretsmanager:GetSecretValue",
        "sns:Publish",
    ],
)
def test_work_finishes_nothing_without(place: Place, action: str) -> None:
    with place.roles["poll"].without("dynamodb:Query"), place.roles["work"].without(action):
        deletion = place.accepted()
        assert not place.finished(deletion)
    place.mends(deletion)


@pytest.mark.parametrize(
    "action", ["dynamodb:Query", "dynamodb:UpdateItem", "secretsmanager:GetSecretValue", "sns:Publish"]
)
def test_poll_finishes_nothing_without(place: Place, action: str) -> None:
    with place.roles["api"].without("sqs:SendMessage"), place.roles["poll"].without(action):
        deletion = place.accepted()
        woken = place.stack.wake("poll")
        assert woken["failed"] == (action == "dynamodb:Query")
        with place.roles["work"].without("dynamodb:UpdateItem"):  # a nudge of the poll's does not help either
            assert not place.finished(deletion)
    place.mends(deletion)


def test_retention_finds_nothing_without_a_query(place: Place) -> None:
    assert place.stack.wake("retention")["failed"] is False
    with place.roles["retention"].without("dynamodb:Query"):
        assert place.stack.wake("retention")["failed"] is True
