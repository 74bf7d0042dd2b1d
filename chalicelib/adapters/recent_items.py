"""Sets of ids that were deleted a moment ago: `ORG#{org}` / `GONE#{module}#{shard}#{bucket}`.

An update costs as much as the item is large, so a set is small and full early: at most about 8 KB.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.adapters import items
from chalicelib.adapters.dynamo import Dynamo
from chalicelib.domain import recent


class RecentItems(Dynamo):
    """See ids_guard.Recent."""

    def remember_deleted(self, org: str, scope: str, ids: Sequence[str], now: float, until: float) -> None:
        """See ids_guard.Recent."""
        for shard, digests in recent.by_shard(ids).items():
            self.update_if(
                items.org_key(org, _name(scope, shard, recent.bucket(now))),
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

    def deleted_lately(self, org: str, scope: str, ids: Sequence[str], since: float, now: float) -> set[str]:
        """See ids_guard.Recent."""
        kept: set[bytes] = set()
        for shard in recent.by_shard(ids):
            found = self.query(
                KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues={
                    ":pk": items.org_key(org, "")["pk"],
                    ":first": {"S": _name(scope, shard, recent.bucket(since))},
                    ":last": {"S": _name(scope, shard, recent.bucket(now))},
                },
            )
            kept |= {one for item in found for pack in item["packs"]["L"] for one in _digests(pack["B"])}
        return {one for one in ids if recent.digest(one) in kept}


def _name(scope: str, shard: int, bucket: int) -> str:
    """Names of modules and fields hold no `#`."""
    return f"GONE#{scope}#{shard:02d}#{bucket:010d}"


def _digests(pack: Any) -> list[bytes]:
    data = bytes(getattr(pack, "value", pack))
    return [data[i : i + recent.DIGEST_BYTES] for i in range(0, len(data), recent.DIGEST_BYTES)]
