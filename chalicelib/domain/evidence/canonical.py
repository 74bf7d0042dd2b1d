"""JSON as it is hashed and signed: the same bytes for the same content."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def to_bytes(value: Any) -> bytes:
    """UTF-8 JSON with sorted names and no blanks. Raises UnicodeEncodeError for text that has no UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def parsed(data: bytes) -> Any:
    """The JSON value in `data`, which may come from anybody. Raises ValueError for whatever is none, also for
    one that is nested too deep to be read.
    """
    try:
        return json.loads(data)
    except RecursionError as problem:
        raise ValueError("is nested too deep") from problem


def sha256(data: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()


def salted(salt: str, text: str) -> str:
    """SHA-256, hex, of the UTF-8 of the salt followed by the text."""
    return sha256(f"{salt}{text}".encode())
