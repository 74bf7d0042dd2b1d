"""Sets of ids that were deleted a moment ago: `ORG#{org}` / `GONE#{module}#{shard}#{bucket}`.

An update costs as much as the item is large, so a set is small and full early: at most about 8 KB. A few ids
at a time share one set until it is full, then the next one: one write instead of one for each shard. The next
ones have a number behind their bucket.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import Any, TypeVar

from chalicelib.adapters.dynamodb import items
from chalicelib.adapters.dynamodb.dynamo import Dynamo
from chalicelib.domain import recent
from chalicelib.domain.errors import Rejected

#: Requests of one wave under way at once; connections that are kept are as many (botocore's default is 10).
MOST_AT_ONCE = 8
#: Who needs more shards than these asks for all of them by one query. It reads 1 MB at most; what does not
#: fit, which is seldom, is then asked for shard by shard.
FEW = 3
#: The shard that small writes share.
SHARED = recent.SHARDS
#: Greater than whatever stands behind a bucket.
BEHIND = "~"

T = TypeVar("T")


class RecentItems(Dynamo):
    """See deps.Recent. `begun`: for each org and scope the bucket last written to, and its shared set that is
    not full as far as this worker knows.
    """

    begun: dict[tuple[str, str], tuple[int, int]]

    def remember_deleted(self, org: str, scope: str, ids: Sequence[str], now: float, until: float) -> None:
        """See deps.Recent."""
        bucket = recent.bucket(now)

        def remember(shard: int, digests: list[bytes], nth: int = 0) -> bool:
            key = items.org_key(org, _name(scope, shard, bucket, nth))
            try:
                return written(key, digests)
            except Rejected as problem:  # a set that is none takes nothing more: it keeps no other from it
                self.report("guard_unavailable", item=items.place(key), reason=problem.reason)
                return False

        def written(key: items.Item, digests: list[bytes]) -> bool:
            return self.update_if(
                key,
                "SET packs = list_append(if_not_exists(packs, :none), :pack), expires_at = :until,"
                " kept = if_not_exists(kept, :zero) + :more",
                "attribute_not_exists(kept) OR kept < :most",
                {
                    ":none": {"L": []},
                    ":pack": {"L": [{"B": b"".join(digests[: recent.MOST])}]},
                    ":until": items.number(int(until)),
                    ":zero": items.number(0),
                    ":more": items.number(len(digests)),
                    ":most": items.number(recent.MOST),
                },
            )

        by_shard = recent.by_shard(ids)
        if len(ids) <= recent.FEW_IDS:
            known, first = self.begun.get((org, scope), (bucket, 0))
            # What a write of its own takes as well begins no further set, as all read it.
            last = recent.SHARED_SETS if len(by_shard) > 1 else 1
            for nth in range(first if known == bucket else 0, last):
                if remember(SHARED, [recent.digest(one) for one in ids], nth):
                    self.begun[org, scope] = bucket, nth
                    return
        _at_once([partial(remember, shard, digests) for shard, digests in by_shard.items()])

    def deleted_lately(self, org: str, scope: str, ids: Sequence[str], since: float, now: float) -> set[str]:
        """See deps.Recent."""

        def between(first: int, last: int) -> dict[str, Any]:
            return {
                "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
                "ExpressionAttributeValues": {
                    ":pk": items.org_key(org, "")["pk"],
                    ":first": {"S": _name(scope, first, recent.bucket(since))},
                    ":last": {"S": _name(scope, last, recent.bucket(now)) + BEHIND},
                },
            }

        def kept_in(shard: int) -> list[items.Item]:
            return list(self.query(**between(shard, shard)))

        sets: list[items.Item] = []
        shards = [*sorted(recent.by_shard(ids)), SHARED]
        if len(shards) > FEW + 1:
            sets, end = self.page(**between(shards[0], shards[-1]))
            shards = [shard for shard in shards if end and shard >= _shard(end)]
        sets += chain.from_iterable(_at_once([partial(kept_in, shard) for shard in shards]))
        live = self.readable_of(sets, _set)
        oldest = recent.bucket(since)  # others are gone soon
        kept = {one for bucket, digests in live if bucket >= oldest for one in digests}
        return {one for one in ids if recent.digest(one) in kept}


def _at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """What they return; several of them wait for the table at the same time."""
    if len(calls) <= 1:
        return [call() for call in calls]
    with ThreadPoolExecutor(min(len(calls), MOST_AT_ONCE)) as pool:
        return list(pool.map(lambda call: call(), calls))


def _name(scope: str, shard: int, bucket: int, nth: int = 0) -> str:
    """Names of modules and fields hold no `#`."""
    return f"GONE#{scope}#{shard:02d}#{bucket:010d}" + (f"#{nth}" if nth else "")


def _shard(item: items.Item) -> int:
    return int(item["sk"]["S"].split("#")[2])


def _set(item: items.Item) -> tuple[int, list[bytes]]:
    """The bucket of a set, and what it holds. Raises codec.MALFORMED."""
    packs = [pack["B"] for pack in item["packs"]["L"]]
    return int(item["sk"]["S"].split("#")[3]), [one for pack in packs for one in _digests(pack)]


def _digests(pack: Any) -> list[bytes]:
    data = bytes(getattr(pack, "value", pack))
    return [data[i : i + recent.DIGEST_BYTES] for i in range(0, len(data), recent.DIGEST_BYTES)]
