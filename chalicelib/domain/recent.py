"""Ids that we deleted a moment ago, kept small: a few bytes each, in sets by time.

An id is kept as 8 bytes of a hash. Two ids that share them cost a read of Zoho and nothing else, because a
recent id is only ever a reason to look first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from chalicelib.domain import modules

#: Seconds of one set.
BUCKET_SECONDS = 300
#: A set is cut by the hash, so that who asks for one id reads little.
SHARDS = 16
#: Ids that one set takes. Further ids are not remembered: they are deleted as any other id.
MOST = 1024
DIGEST_BYTES = 8
#: A few ids of one request share a set, so that they take one write: so many ids at most.
FEW_IDS = 50
#: Such sets of one time: the next one is begun where one is full. Who asks for one id reads all of them.
SHARED_SETS = 8


def digest(one: str) -> bytes:
    """What is kept of an id."""
    return hashlib.blake2b(one.encode(), digest_size=DIGEST_BYTES).digest()


def by_shard(ids: Iterable[str]) -> dict[int, list[bytes]]:
    """Digests of the ids by the set that they belong to."""
    found: dict[int, list[bytes]] = {}
    for one in ids:
        kept = digest(one)
        found.setdefault(kept[0] % SHARDS, []).append(kept)
    return found


def bucket(at: float) -> int:
    """The number of the set for `at` (seconds since the epoch)."""
    return int(at) // BUCKET_SECONDS


def scope(module: str, external_id_field: str | None) -> str:
    """What an id is unique in: the module, or a field of it. What holds records in common has one scope."""
    name = modules.together(module)
    return f"{name}.{external_id_field}" if external_id_field else name
