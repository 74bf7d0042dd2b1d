"""Salts: what keeps whoever has a hash from finding its text by trying.

They are made of a seed that the table alone keeps, so the same deletion gives the same salts each time, and
nothing can be made of them once the seed is forgotten.
"""

from __future__ import annotations

import base64
import hmac

#: Characters of a salt. One of another length would let a character of the text pass for one of its salt.
LENGTH = 22


def salt(seed: str, *names: object) -> str:
    """The salt of what `names` name: 128 bits as LENGTH characters (base64url). Raises ValueError without a
    seed.
    """
    if not seed:
        raise ValueError("there is no seed to make a salt of")
    message = "/".join(str(name) for name in names).encode()
    digest = hmac.digest(seed.encode(), message, "sha256")[:16]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
