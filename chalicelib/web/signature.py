"""Who sent this? Standard Webhooks signatures and bearer values over the raw bytes (contract section 2).

Pure: no clock, no I/O, no parsing of the body. Of our own because the published verifier takes float
timestamps and ids with a dot, tries any number of signatures and lets malformed headers escape as other
errors. Whatever is wrong, the one error is Unauthorized; its `reason` is for logs and metrics only and never
for the answer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NewType

from chalicelib.domain.keys import Candidates

DeliveryId = NewType("DeliveryId", str)

TOLERANCE_SECONDS = 300  # either way, as Standard Webhooks proposes
MOST_SIGNATURES = 5  # a rotating sender sends two
MOST_HEADER = 2048  # characters; five signatures and some of other versions are below 1,000

#: Visible characters without a dot: the signed content joins id, timestamp and body by dots, so an id with
#: one could be read as another id and timestamp.
_ID = re.compile(r"[!-\-/-~]{1,256}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE_BYTES = hashlib.sha256().digest_size

Reason = Literal[
    "no_header",
    "header_too_long",
    "bad_id",
    "bad_timestamp",
    "too_old",
    "too_new",
    "bad_signature",
    "no_match",
    "unknown_source",
    "no_caller",
]


class Unauthorized(Exception):  # named as the answer it becomes
    """The sender did not prove who it is. `reason` stays inside.

    `may_change`: another key could turn it into a yes. It depends on what was sent alone, never on whether
    there is such a source.
    """

    def __init__(self, reason: Reason, *, may_change: bool = False) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.may_change = may_change


@dataclass(frozen=True, slots=True)
class Proof:
    """What a request proves: `signed` is the delivery that one of the signing keys signed, None where none
    did; `borne` says that one of the bearer values came. The reasons say why not, for the log.
    """

    signed: DeliveryId | None
    borne: bool
    why_not_signed: Reason | None
    why_not_borne: Reason | None

    @property
    def may_change(self) -> bool:
        """Was it well made, so that only the keys were the wrong ones?"""
        return "no_match" in (self.why_not_signed, self.why_not_borne)


def prove(headers: Mapping[str, str], body: bytes, keys: Candidates, now: float) -> Proof:
    """Check a request both ways, whichever its source uses. Never raises."""
    signed, why_not_signed = None, None
    try:
        signed = verify(headers, body, keys.signing, now)
    except Unauthorized as problem:
        why_not_signed = problem.reason
    why_not_borne = None
    try:
        verify_bearer(headers, keys.bearer)
    except Unauthorized as problem:
        why_not_borne = problem.reason
    return Proof(signed, why_not_borne is None, why_not_signed, why_not_borne)


def verify(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: float) -> DeliveryId:
    """The delivery's id, where one of `keys` signed exactly this id, timestamp and body within the tolerance.

    `headers` by lower-cased name; `now` in seconds since the epoch. Raises Unauthorized, and nothing else.
    """
    delivery = _header(headers, "webhook-id")
    if not _ID.fullmatch(delivery):
        raise Unauthorized("bad_id")
    timestamp = _header(headers, "webhook-timestamp")
    _check_time(timestamp, now)
    signatures = _signatures(_header(headers, "webhook-signature"))
    content = _content(delivery, timestamp, body)
    matched = False
    for key in keys:
        expected = hmac.digest(key, content, "sha256")
        for signature in signatures:
            # No early exit: the time taken tells nothing about which key or signature it was.
            matched |= hmac.compare_digest(expected, signature)
    if not matched:
        raise Unauthorized("no_match")
    return DeliveryId(delivery)


def verify_bearer(headers: Mapping[str, str], keys: Sequence[bytes]) -> None:
    """Do nothing where `Authorization: Bearer <one of keys>` came. Raises Unauthorized, and nothing else.

    Digests are compared, so the lengths of the keys do not show in the time taken.
    """
    scheme, _, value = _header(headers, "authorization").partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise Unauthorized("bad_signature")
    given = hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()
    matched = False
    for key in keys:
        matched |= hmac.compare_digest(hashlib.sha256(key).digest(), given)
    if not matched:
        raise Unauthorized("no_match")


def sign(key: bytes, delivery_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` of a delivery, for senders and tests."""
    digest = hmac.digest(key, _content(delivery_id, str(timestamp), body), "sha256")
    return "v1," + base64.b64encode(digest).decode()


def _content(delivery_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{delivery_id}.{timestamp}.".encode() + body


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value:
        raise Unauthorized("no_header")
    if len(value) > MOST_HEADER:
        raise Unauthorized("header_too_long")
    return value


def _check_time(timestamp: str, now: float) -> None:
    if not _TIMESTAMP.fullmatch(timestamp):
        raise Unauthorized("bad_timestamp")
    age = now - int(timestamp)
    if age > TOLERANCE_SECONDS:
        raise Unauthorized("too_old")
    if age < -TOLERANCE_SECONDS:
        raise Unauthorized("too_new")


def _signatures(header: str) -> list[bytes]:
    """The first five v1 signatures of a space-separated list, decoded; other versions (v1a) are not ours to
    read.
    """
    entries = [entry.removeprefix("v1,") for entry in header.split(" ") if entry.startswith("v1,")]
    decoded = [value for entry in entries[:MOST_SIGNATURES] if (value := _decoded(entry)) is not None]
    if not decoded:
        raise Unauthorized("bad_signature")
    return decoded


def _decoded(text: str) -> bytes | None:
    """The 32 bytes of a signature in canonical base64; None for anything else."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    canonical = base64.b64encode(value).decode() == text
    return value if canonical and len(value) == _SIGNATURE_BYTES else None
