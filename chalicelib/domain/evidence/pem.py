"""The verification key as it lies in the bucket: PEM of its DER (RFC 7468)."""

from __future__ import annotations

import base64
import textwrap


def to_pem(der: bytes) -> bytes:
    """The text form of a public key."""
    lines = textwrap.wrap(base64.b64encode(der).decode(), 64)
    return "\n".join(("-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", "")).encode()
