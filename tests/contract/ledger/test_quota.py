"""The tally of a source, in memory and in the table: the same answers, whatever comes at once."""

from __future__ import annotations

import json
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
from chalicelib.domain.quota import Count, Counted, Full, Span
from chalicelib.service.ports import Ledger
from tests.contract.ledger.busy import WRITES, conflict
from tests.contract.ledger.test_ledger import NOW, accept, deletion, make_table, table_on
from tests.fake_ledger import FakeLedger


class Atomic:
    """A client whose writes are atomic, as DynamoDB's are: moto's are not where several threads write."""

    def __init__(self, client: Any) -> None:
        self._client, self._lock = client, threading.Lock()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in WRITES:
            return call

        def write(**request: Any) -> Any:
            with self._lock:
                return call(**request)

        return write


@pytest.fixture(params=["memory", "table", "busy table"])
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    if request.param == "memory":
        yield FakeLedger()
        return
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        make_table(client)
        yield table_on(Atomic(client), busy=request.param == "busy table")


def count(records: int = 5, key: str = "a", at: float = NOW, **limits: Any) -> Count:
    return Count("web", records, at, key, **{"per_day": 50, **limits})


def test_an_empty_day_is_an_empty_tally(ledger: Ledger) -> None:
    assert ledger.tally("web", quota.day_of(NOW)) == quota.Tally()


def test_what_fits_is_counted_and_what_does_not_changes_nothing(ledger: Ledger) -> None:
    assert ledger.count(count(45)) == Counted(0)
    full = ledger.count(count(6, "b"))
    assert isinstance(full, Full)
    assert (full.span, full.limit, full.named) == (Span.DAY, 50, 45)
    assert ledger.count(count(5, "c")) == Counted(45)
    tally = ledger.tally("web", quota.day_of(NOW))
    assert (tally.day, dict(tally.hours)) == (50, {count().hour: 50})


def test_a_request_larger_than_an_empty_day_does_not_fit(ledger: Ledger) -> None:
    assert isinstance(ledger.count(count(51)), Full)
    assert isinstance(ledger.count(count(6, per_day=None, per_hour=5)), Full)


def test_hours_are_counted_apart(ledger: Ledger) -> None:
    assert ledger.count(count(5, per_hour=5)) == Counted(0)
    full = ledger.count(count(1, "b", per_hour=5))
    assert isinstance(full, Full)
    assert full.span is Span.HOUR
    assert ledger.count(count(5, "c", NOW + full.retry_after, per_hour=5)) == Counted(5)


def test_sources_and_days_are_counted_apart(ledger: Ledger) -> None:
    ledger.count(count(50))
    assert ledger.count(replace(count(50), source="shop")) == Counted(0)
    assert ledger.count(count(50, at=NOW + quota.DAY)) == Counted(0)


def test_copies_count_once_and_what_they_rely_on_stays(ledger: Ledger) -> None:
    assert ledger.count(count(50)) == Counted(0)
    assert ledger.count(count(50, at=NOW + 1)) == Counted(0, own=False)
    assert ledger.count(count(50, at=NOW + 2)) == Counted(0, own=False)
    ledger.uncount(count(50))
    assert ledger.tally("web", quota.day_of(NOW)).day == 50


def test_the_same_write_sent_again_counts_once(ledger: Ledger) -> None:
    assert ledger.count(count(7)) == ledger.count(count(7)) == Counted(0)
    assert ledger.tally("web", quota.day_of(NOW)).day == 7


def test_a_repeat_of_long_ago_counts_and_is_given_back_once(ledger: Ledger) -> None:
    ledger.count(count(7))
    late = count(7, at=NOW + 60)
    assert ledger.count(late) == Counted(7)
    ledger.uncount(late)
    ledger.uncount(late)
    assert ledger.tally("web", quota.day_of(NOW)).day == 7


def test_of_40_requests_of_5_by_16_threads_exactly_10_fit_into_50(ledger: Ledger) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda n: ledger.count(count(5, f"{n}")), range(40)))
    passed = [one for one in found if isinstance(one, Counted)]
    assert sorted(one.before for one in passed) == list(range(0, 50, 5))
    assert ledger.tally("web", quota.day_of(NOW)).day == 50


def test_copies_at_once_count_once(ledger: Ledger) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda n: ledger.count(count(50, by=f"del_{n}")), range(40)))
    assert sum(one.own for one in found if isinstance(one, Counted)) == 1
    assert not [one for one in found if isinstance(one, Full)]
    assert ledger.tally("web", quota.day_of(NOW)).day == 50


# --- conflicts, which the local AWS has none of --------------------------------------------------------

#: For how long a transaction holds its items here (seconds): what DynamoDB takes at the slow end.
HELD = 0.02


class Conflicting:
    """A DynamoDB where a transaction holds its items for a while, and others' writes of them are refused."""

    def __init__(self, client: Any) -> None:
        self.refused = 0
        self._client, self._lock = client, threading.Lock()
        self._held: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in WRITES:
            return call

        def write(**request: Any) -> Any:
            actions = request.get("TransactItems")
            if actions is None:
                self._refuse_held(name, {_key(request)}, 0)
                return call(**request)
            with self._holding(name, {_key(part) for each in actions for part in each.values()}):
                time.sleep(HELD)
                return call(**request)

        return write

    def _refuse_held(self, name: str, keys: set[str], actions: int) -> None:
        with self._lock:
            if self._held & keys:
                self.refused += 1
                raise conflict(name, actions)

    @contextmanager
    def _holding(self, name: str, keys: set[str]) -> Iterator[None]:
        with self._lock:
            if self._held & keys:
                self.refused += 1
                raise conflict(name, len(keys))
            self._held |= keys
        try:
            yield
        finally:
            with self._lock:
                self._held -= keys


def _key(request: Any) -> str:
    found = request.get("Key") or request["Item"]
    return json.dumps([found["pk"], found["sk"]])


@pytest.mark.slow
def test_50_accepts_a_second_of_one_source_meet_no_conflict() -> None:
    """Nothing holds a tally but single updates, so none is refused, however long transactions last."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        make_table(client)
        held: Any = Conflicting(Atomic(client))
        table = Table("t", lambda: held)

        def one(n: int) -> Counted | Full:
            time.sleep(n / 50)
            found = table.count(count(5, f"{n}", per_day=10**6))
            accept(table, deletion(f"del_{n}"), f"d{n}")
            return found

        with ThreadPoolExecutor(64) as pool:
            found = list(pool.map(one, range(100)))
        assert all(isinstance(each, Counted) for each in found)
        assert table.tally("web", quota.day_of(NOW)).day == 500
        assert held.refused == 0


def test_a_count_that_is_refused_now_and_then_is_tried_again() -> None:
    """Seven of ten writes of the tally are refused at random; each request is counted once all the same."""
    chance = random.Random(7)

    class Refusing:
        def __init__(self, client: Any) -> None:
            self._client = client

        def __getattr__(self, name: str) -> Any:
            call = getattr(self._client, name)
            if name != "update_item":
                return call

            def write(**request: Any) -> Any:
                if chance.random() < 0.7:
                    raise conflict(name)
                return call(**request)

            return write

    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        make_table(client)
        refusing: Any = Refusing(client)
        table = Table("t", lambda: refusing, sleep=lambda _: None)
        for n in range(50):
            assert table.count(count(1, f"{n}")) == Counted(n)
