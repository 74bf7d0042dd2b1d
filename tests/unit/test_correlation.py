"""One id from the answer of the API to the last line of a worker: in the log, and in each message."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.app import Chalice

from chalicelib import bootstrap, handlers, observability
from chalicelib.adapters.queue import WorkQueue, correlation_of, deletion_of
from chalicelib.service.engine.deps import Deps
from chalicelib.web.http import Answer
from chalicelib.web.routes import answered
from tests.unit.service.world import World

CONTEXT = SimpleNamespace(
    function_name="f", aws_request_id="inv-1", get_remaining_time_in_millis=lambda: 60_000
)
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    stream = io.StringIO()
    handlers = [each for each in observability.logger.handlers if isinstance(each, logging.StreamHandler)]
    before = [handler.setStream(stream) for handler in handlers]
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for handler, old in zip(handlers, before, strict=True):
        if old is not None:
            handler.setStream(old)


class Sqs:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> None:  # noqa: N803
        self.bodies.append(MessageBody)


@pytest.fixture
def sqs() -> Sqs:
    return Sqs()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, sqs: Sqs) -> World:
    """A service whose functions are the real ones, with the real queue adapter and the real log."""
    world = World(["1", "2"])
    queue = WorkQueue("url", lambda: sqs, observability.note, observability.correlation)  # type: ignore[arg-type, return-value]  # a client of SQS as far as it is used
    deps: Deps = replace(
        world.deps,
        nudges=queue,
        report=observability.note,
        measure=observability.measure,
        about=observability.about,
        ends_at=world.now + 60,
    )
    monkeypatch.setattr(bootstrap, "deps_until", lambda _context: deps)
    monkeypatch.setattr(bootstrap, "turns", lambda: None)
    world.deps = deps
    return world


def record(body: str, message_id: str = "m-1") -> dict[str, Any]:
    return {"messageId": message_id, "body": body}


def test_the_api_logs_and_sends_the_requests_id(lines: Lines, sqs: Sqs) -> None:
    queue = WorkQueue("url", lambda: sqs, observability.note, observability.correlation)  # type: ignore[arg-type, return-value]  # a client of SQS as far as it is used
    app = Chalice("expunge", configure_logs=False)

    def door(_request: object) -> Answer:
        observability.note("Accepted", deletion="del_1")
        queue.nudge("del_1")
        return Answer(202, {})

    @app.route("/x", methods=["GET"])
    def route() -> Any:
        return answered(app, lambda: door)

    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": "/x", "requestId": "req-1", "identity": {}},
        "headers": {},
        "multiValueHeaders": {},
        "multiValueQueryStringParameters": None,
        "queryStringParameters": None,
        "pathParameters": {},
        "stageVariables": {},
        "body": None,
        "isBase64Encoded": False,
    }
    observability.invocation(app)(event, CONTEXT)
    assert [line["correlation_id"] for line in lines() if line["message"] == "Accepted"] == ["req-1"]
    assert (deletion_of(sqs.bodies[0]), correlation_of(sqs.bodies[0])) == ("del_1", "req-1")


def test_work_goes_on_under_the_id_of_the_message(world: World, sqs: Sqs, lines: Lines) -> None:
    one, two = world.accept(ids=("1",)), world.accept(ids=("2",))
    world.zoho.locked = {"2"}
    event = {
        "Records": [
            record(json.dumps({"deletion": one, "correlation": "req-1"}), "m-1"),
            record(json.dumps({"deletion": two, "correlation": "req-2"}), "m-2"),
            record(json.dumps({"nonsense": CANARY}), "m-3"),
        ]
    }
    handlers.work(event, CONTEXT)
    [ended] = [line for line in lines() if line["message"] == "deletion_finished"]
    assert (ended["deletion_id"], ended["correlation_id"], ended["invocation"]) == (one, "req-1", "inv-1")
    assert [json.loads(body) for body in sqs.bodies] == [{"deletion": two, "correlation": "req-2"}]
    assert CANARY not in json.dumps(lines())


def test_the_poll_names_what_it_moves(world: World, sqs: Sqs, lines: Lines) -> None:
    one = world.accept(ids=("1",))
    handlers.poll({}, CONTEXT)
    [ended] = [line for line in lines() if line["message"] == "deletion_finished"]
    assert (ended["deletion_id"], ended["correlation_id"]) == (one, one)


def test_an_invocation_starts_under_an_id_of_its_own(lines: Lines) -> None:
    observability.about("del_1", "req-1")
    observability.invocation(lambda *_: observability.note("Woken"))({}, CONTEXT)
    [line] = lines()
    assert line["correlation_id"] == "inv-1"
    assert "deletion_id" not in line


@pytest.mark.parametrize("value", ["", None, 5, "a b", "x" * 65, 'a"b', "<script>"])
def test_what_is_no_id_is_not_carried_on(value: object) -> None:
    assert correlation_of(json.dumps({"deletion": "del_1", "correlation": value})) == ""
    assert correlation_of("not json") == correlation_of("[1]") == ""


CANARY = "CANARY-7f3a"
