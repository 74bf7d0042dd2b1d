"""Capability URLs: whoever has the link may read that one deletion, and nothing else (contract section 3).

The token is an HMAC of the deletion's id under a secret of its own. Nothing is stored, a replay gives the
same link, and a key that is taken out of the secret ends all links that were made with it.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from chalicelib.domain.errors import SecretUnusable

SHORTEST_KEY = 16  # characters; the template makes 32 or more
_ENCODED = r"[A-Za-z0-9_-]{43}"  # 32 bytes, base64url without padding


def keys_from(secret: Mapping[str, Any]) -> tuple[bytes, ...]:
    """The keys in the links secret, the one for new links first.

    Takes {"keys": [new, old...]} and {"new": "...", "old": [...]}. Raises SecretUnusable, without any value.
    """
    values = secret.get("keys") if "keys" in secret else [secret.get("new"), *_old(secret.get("old"))]
    if not isinstance(values, list) or not values:
        raise SecretUnusable("links secret", "has no keys")
    if not all(isinstance(value, str) and len(value) >= SHORTEST_KEY for value in values):
        raise SecretUnusable("links secret", f"a key is not a text of {SHORTEST_KEY} characters or more")
    return tuple(value.encode() for value in values)


def _old(value: Any) -> list[Any]:
    if not value:
        return []
    return value if isinstance(value, list) else [value]


def token(deletion_id: str, keys: Sequence[bytes]) -> str:
    """The token for new links to this deletion: 43 characters that need no escaping in a URL."""
    return _token(deletion_id, keys[0])


def is_good(deletion_id: str, given: str, keys: Sequence[bytes]) -> bool:
    """True where `given` was made for this deletion with any of `keys`; the time taken tells nothing."""
    if not re.fullmatch(_ENCODED, given):
        return False
    good = False
    for key in keys:
        good |= hmac.compare_digest(_token(deletion_id, key).encode(), given.encode())
    return good


def link(base: str, deletion_id: str, keys: Sequence[bytes]) -> str:
    """The whole capability URL; `base` ends in "/"."""
    return f"{base}v1/deletions/{quote(deletion_id, safe='')}?token={token(deletion_id, keys)}"


def _token(deletion_id: str, key: bytes) -> str:
    digest = hmac.digest(key, deletion_id.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def reference_digest(reference: str, key: bytes) -> str:
    """What a deletion is found by once its reference is forgotten: HMAC-SHA256, 32 hex digits, keyed with a
    key of the links secret, which whoever reads the table does not have.
    """
    return hmac.digest(key, b"reference\n" + reference.encode(errors="replace"), "sha256")[:16].hex()
