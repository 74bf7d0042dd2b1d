"""The Merkle tree hash of RFC 6962, section 2.1, with SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_LEAF, _NODE = b"\x00", b"\x01"


def root(leaves: Iterable[bytes]) -> str:
    """The tree's hash, hex; of no leaves the hash of nothing.

    Level by level: neighbours make a node, and the last one of an odd number goes up as it is. That gives the
    RFC's tree, whose left half is the largest power of two.
    """
    level = [hashlib.sha256(_LEAF + leaf).digest() for leaf in leaves]
    if not level:
        return hashlib.sha256().hexdigest()
    while len(level) > 1:
        pairs = [
            hashlib.sha256(_NODE + level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)
        ]
        level = pairs + (level[-1:] if len(level) % 2 else [])
    return level[0].hex()
