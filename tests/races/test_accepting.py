"""Many requests of one source at once, over the whole route, where DynamoDB refuses writes that meet."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain import quota
from chalicelib.service.intake.accept import Acceptance
from chalicelib.web.routes import PublicEndpoints
from tests.contract.ledger.busy import WRITES, conflict
from tests.contract.ledger.test_ledger import make_table
from tests.contract.ledger.test_quota import Conflicting
from tests.fakes import LEADS, NOW, SOURCES, House, Reply
from tests.races.linear import Linear

REQUESTS, A_SECOND, THREADS, IDS = 100, 50, 32, 5


class Meddling:
    """A DynamoDB where one of ten writes is refused besides, as others' transactions hold their items."""

    def __init__(self, client: Any) -> None:
        self.refused = 0
        self._client, self._chance, self._lock = client, random.Random(50), threading.Lock()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in WRITES:
            return call

        def write(**request: Any) -> Any:
            with self._lock:
                refuse = self._chance.random() < 0.1
                self.refused += refuse
            if refuse:
                raise conflict(name, len(request.get("TransactItems", ())))
            return call(**request)

        return write


@contextmanager
def doors(client: Any) -> Iterator[list[House]]:
    """An api function for each thread, over one table; its day takes 400 records."""
    table = Table("t", lambda: client)
    entry = {**SOURCES["crm"], "max_records_per_day": 400}
    made = []
    for n in range(THREADS):
        house = House({**SOURCES, "crm": entry})
        house._random = n << 64
        acceptance = Acceptance(table, house.nudges, house._bytes, "test", 400)
        house.endpoints = PublicEndpoints(replace(house.intake, outside=acceptance), house.endpoints.reading)
        made.append(house)
    yield made


@pytest.mark.slow
def test_50_requests_a_second_of_one_source_meet_conflicts_and_none_is_503() -> None:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        make_table(client)
        meddling: Any = Meddling(Conflicting(Linear(client)))
        with doors(meddling) as houses, ThreadPoolExecutor(THREADS) as pool:
            free = threading.Lock()
            began = time.monotonic()

            def one(n: int) -> Reply:
                time.sleep(max(0.0, n / A_SECOND - (time.monotonic() - began)))
                with free:
                    house = houses.pop()
                try:
                    ids = [str(n * IDS + k) for k in range(1, IDS + 1)]
                    return house.post({**LEADS, "ids": ids}, delivery=f"m{n}")
                finally:
                    with free:
                        houses.append(house)

            replies = list(pool.map(one, range(REQUESTS)))
        assert meddling.refused > REQUESTS // 10
        statuses = sorted(reply.status for reply in replies)
        assert statuses == [202] * 80 + [429] * 20
        table = Table("t", lambda: client)
        assert table.tally("crm", quota.day_of(NOW)).day == 400
        found = client.scan(TableName="t", ConsistentRead=True)["Items"]
        stored = {item["pk"]["S"] for item in found if item["sk"]["S"] == "META"}
        assert len(stored) == 80
