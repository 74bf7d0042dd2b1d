"""Ids that were deleted a moment ago, on every ledger; and what keeping them costs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain import recent
from tests import aws
from tests.contract.ledger.test_ledger import NOW, make_table

WINDOW = 3600.0
IDS = [str(10**18 + n) for n in range(300)]


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
    with aws.dynamodb() as client:
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


class SmallPages(Table):
    """A table whose first pages end after a few items, as DynamoDB's do after 1 MB."""

    asked = 0

    def page(self, **query: Any) -> Any:
        return super().page(**query, Limit=5)

    def query(self, **query: Any) -> Iterator[Any]:
        self.asked += 1
        return super().query(**query)


def test_one_query_finds_what_a_few_or_many_sets_hold() -> None:
    with aws.dynamodb() as client:
        make_table(client)
        whole, cut = Table("t", lambda: client), SmallPages("t", lambda: client)
        stale, at = NOW - WINDOW - 2 * recent.BUCKET_SECONDS, NOW + recent.BUCKET_SECONDS
        whole.remember_deleted("default", "Leads", IDS[200:], stale, NOW)  # its time to live has not come yet
        whole.remember_deleted("default", "Leads", IDS[:90], NOW, NOW + WINDOW)
        whole.remember_deleted("default", "Leads", IDS[90:110], at, at + WINDOW)  # a few share a set
        whole.remember_deleted("default", "Leads", IDS[110:150], at, at + WINDOW)
        for some in (IDS, IDS[80:100], IDS[149:151], IDS[140:150], IDS[250:]):
            expected = set(some) & set(IDS[:150])
            assert whole.deleted_lately("default", "Leads", some, at - WINDOW, at) == expected
            assert cut.deleted_lately("default", "Leads", some, at - WINDOW, at) == expected
        cut.asked = 0
        cut.deleted_lately("default", "Leads", IDS, at - WINDOW, at)
        assert cut.asked == recent.SHARDS - 1  # a page of 5 has two shards; those left, and the shared one


class Writes(Table):
    """A table that counts its writes."""

    written = 0

    def update_if(self, *given: Any, **named: Any) -> bool:
        self.written += 1
        return super().update_if(*given, **named)


def remember(table: Table, ids: list[str], at_once: int, now: float = NOW) -> None:
    for first in range(0, len(ids), at_once):
        table.remember_deleted("default", "Leads", ids[first : first + at_once], now, now + WINDOW)


def test_few_ids_at_a_time_take_one_write_also_where_a_set_is_full() -> None:
    with aws.dynamodb() as client:
        make_table(client)
        table = Writes("t", lambda: client)
        ids = [str(10**18 + n) for n in range(3000)]
        remember(table, ids[:1000], 10)
        assert client.scan(TableName="t")["Count"] == 1
        remember(table, ids[1000:], 10)
        assert client.scan(TableName="t")["Count"] == 3
        assert table.written == 300 + 2  # each full set was met once
        other = Writes("t", lambda: client)  # a worker that begins finds the set that is not full
        remember(other, ["1", "2", "3"], 3)
        assert other.written == 3
        for some in (ids, ids[:1], ids[2999:], ids[1020:1022], ids[2500:2510]):
            assert table.deleted_lately("default", "Leads", some, NOW - WINDOW, NOW) == set(some)
        later = NOW + WINDOW + recent.BUCKET_SECONDS + 1
        remember(table, ["4", "5"], 2, later)
        assert table.deleted_lately("default", "Leads", [*ids, "4"], later - WINDOW, later) == {"4"}
        assert table.deleted_lately("default", "Leads", ["5", ids[0]], later - WINDOW, later) == {"5"}


def test_what_all_read_stays_small() -> None:
    """Who asks for one id reads all sets that are shared: they are few, and one id begins no further one."""
    with aws.dynamodb() as client:
        make_table(client)
        table = Table("t", lambda: client)
        ids = [str(10**18 + n) for n in range(recent.FEW_IDS * 200)]
        remember(table, ids, recent.FEW_IDS)
        found = [item["sk"]["S"] for item in client.scan(TableName="t")["Items"]]
        assert sum(name.startswith("GONE#Leads#16#") for name in found) == recent.SHARED_SETS
        assert len(found) == recent.SHARED_SETS + recent.SHARDS
        assert table.deleted_lately("default", "Leads", ids, NOW - WINDOW, NOW) == set(ids)
        remember(table, ids[:1100], 1, NOW + recent.BUCKET_SECONDS)
        now = f"{recent.bucket(NOW + recent.BUCKET_SECONDS):010d}"
        found = [item["sk"]["S"] for item in client.scan(TableName="t")["Items"]]
        assert [name for name in found if f"#16#{now}" in name] == [f"GONE#Leads#16#{now}"]


def test_an_id_is_kept_as_8_bytes() -> None:
    assert len(recent.digest("1" * 19)) == 8
    shards = recent.by_shard(IDS)
    assert sum(len(digests) for digests in shards.values()) == len(IDS)
    assert set(shards) == set(range(recent.SHARDS))
