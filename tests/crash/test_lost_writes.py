"""Below the ports: what boto3 makes of DynamoDB's lost answers, with the real adapter on a real API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any, cast

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from chalicelib.adapters.dynamodb.table import Table
from tests import aws
from tests.contract.ledger.test_ledger import make_table
from tests.crash import invariants
from tests.crash.layer import Died
from tests.crash.scenarios import SCENARIOS, Scenario
from tests.crash.stage import Stage

WRITES = ("update_item", "transact_write_items")


class Way(StrEnum):
    """What happens to one write on its way to DynamoDB."""

    REPEATED = "is done, its reply is lost, boto3 sends it again"
    LOST = "is done, no reply ever comes"
    NEVER = "never arrives"
    DIE = "is done, then the process dies"


@dataclass
class Client:
    """boto3's client with one write going wrong. `way` of the write number `at`."""

    inner: Any
    at: int = 0
    way: Way | None = None
    writes: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)
        return self._write(name, method) if name in WRITES else method

    def _write(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self.writes.append(name)
            way = self.way if len(self.writes) == self.at else None
            if way is Way.NEVER:
                raise ConnectTimeoutError(endpoint_url="http://dynamodb")
            answer = method(**request)
            if way is Way.DIE:
                raise Died(name)
            if way is Way.LOST:
                raise ReadTimeoutError(endpoint_url="http://dynamodb")
            # DynamoDB knows a repeated transaction by its token and answers as it did before.
            return method(**request) if way is Way.REPEATED and name == "update_item" else answer

        return call


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with aws.dynamodb() as client:
        yield client


_number = count(1)


@contextmanager
def fresh(client: Any) -> Iterator[str]:
    """A table of its own: an emulated one gets slower with everything in it."""
    name = f"t{next(_number)}"
    make_table(client, name)
    try:
        yield name
    finally:
        client.delete_table(TableName=name)


def run(dynamodb: Any, scenario: Scenario, at: int = 0, way: Way | None = None) -> list[str]:
    with fresh(dynamodb) as name:
        client = Client(dynamodb, at, way)
        stage = Stage(Table(name, lambda: cast("Any", client)), None, scenario.records, scenario.concurrency)
        scenario.run(stage)
        writes = list(client.writes)
        client.at = 0
        ended = [deletion for one in stage.accepted if (deletion := stage.ledger.get(one))]
        scenario.judge(stage, ended)
        invariants.check(stage)
    return writes


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("delete records by ids", 1),
        ("two views", 4),
        pytest.param("two views", 1, marks=pytest.mark.long),
    ],
)
def test_whatever_write_loses_its_reply_nothing_is_lost(
    dynamodb: Any, name: str, step: int, record_property: Callable[[str, object], None]
) -> None:
    """Each write in every `step`-th of the four ways, another one first each time."""
    writes = run(dynamodb, SCENARIOS[name])
    broken, ways = [], list(Way)
    for number, write in enumerate(writes, 1):
        for way in ways[number % step :: step]:
            try:
                run(dynamodb, SCENARIOS[name], number, way)
            except Exception as problem:  # noqa: BLE001 -- all of them are shown together
                broken.append(f"{write} {number} {way}: {type(problem).__name__} {problem}"[:300])
    record_property("matrix", (len(writes), len(writes) * len(Way) // step))
    assert not broken, "\n" + "\n".join(broken)


def test_a_transaction_carries_the_token_by_which_its_repeat_is_known(dynamodb: Any) -> None:
    sent: list[dict[str, Any]] = []
    client = aws.client("dynamodb")
    client.meta.events.register(
        "before-call.dynamodb.TransactWriteItems", lambda params, **_: sent.append(json.loads(params["body"]))
    )
    with fresh(dynamodb) as name:
        stage = Stage(Table(name, lambda: client), None, 3)
        stage.send(stage.order("delete_records", ids=("1",)))
        stage.rest()
    tokens = [one["ClientRequestToken"] for one in sent]
    assert len(tokens) > 2
    assert len(set(tokens)) == len(tokens)
