"""Ids that were deleted a moment ago, on every ledger; and what keeping them costs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.adapters.table import Table
from chalicelib.domain import recent
from tests.contract.ledger.test_ledger import NOW, make_table
from tests.fake_ledger import FakeLedger

WINDOW = 3600.0
IDS = [str(10**18 + n) for n in range(300)]


@pytest.fixture(params=["memory", "table"])
def ledger(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        yield FakeLedger()
        return
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        make_table(client)
        yield Table("t", lambda: client)


def test_what_was_deleted_is_known_within_the_window(ledger: Any) -> None:
    assert ledger.deleted_lately("default", "Leads", IDS, NOW - WINDOW, NOW) == set()
    ledger.remember_deleted("default", "Leads", IDS[:200], NOW, NOW + WINDOW)
    ledger.remember_deleted("default", "Leads", ["x y", "ä"], NOW + 1000, NOW + 1000 + WINDOW)
    at = NOW + 1200
    assert ledger.deleted_lately("default", "Leads", IDS, at - WINDOW, at) == set(IDS[:200])
    assert ledger.deleted_lately("default", "Leads", ["ä", "7"], at - WINDOW, at) == {"ä"}
    assert ledger.deleted_lately("default", "Contacts", IDS, at - WINDOW, at) == set()
    assert ledger.deleted_lately("eu", "Leads", IDS, at - WINDOW, at) == set()
    later = NOW + WINDOW + recent.BUCKET_SECONDS + 1
    assert ledger.deleted_lately("default", "Leads", IDS, later - WINDOW, later) == set()


def test_sets_are_small_and_few() -> None:
    """A source that deletes without end: no set grows above its bound, whatever is asked costs little."""
    chance = random.Random(1)
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        make_table(client)
        table = Table("t", lambda: client)
        for wave in range(60):
            ids = [str(chance.randrange(10**18, 10**19)) for _ in range(2500)]
            table.remember_deleted("default", "Leads", ids, NOW + wave, NOW + WINDOW)
        found = client.scan(TableName="t")["Items"]
        sizes = [sum(len(pack["B"]) for pack in item["packs"]["L"]) for item in found]
        assert len(found) == recent.SHARDS
        assert max(sizes) <= (recent.MOST + 2500 // recent.SHARDS * 2) * recent.DIGEST_BYTES <= 12_000
        assert {item["expires_at"]["N"] for item in found} == {str(int(NOW + WINDOW))}
        query = client.query(
            TableName="t",
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": {"S": "ORG#default"}, ":sk": {"S": "GONE#Leads#03#"}},
        )
        assert query["Count"] == 1


def test_an_id_is_kept_as_8_bytes() -> None:
    assert len(recent.digest("1" * 19)) == 8
    shards = recent.by_shard(IDS)
    assert sum(len(digests) for digests in shards.values()) == len(IDS)
    assert set(shards) == set(range(recent.SHARDS))
