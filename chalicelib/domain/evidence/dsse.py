"""Signed envelopes in the form of DSSE, with one signature each (github.com/secure-systems-lab/dsse).

What is signed is not the payload alone but `pae` of it, which names its type too: a receipt can never pass
for a head. The signature is ECDSA over P-256 with SHA-256, DER.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from chalicelib.domain.evidence import canonical

RECEIPT = "application/vnd.expunge.receipt+json"
HEAD = "application/vnd.expunge.head+json"


class NoEnvelope(ValueError):
    """The bytes are not an envelope with one signature; the message says why."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """`payload`: the bytes that were signed, `kind`: their type, `keyid`: SHA-256 of the key's DER, hex,
    `signature`: DER.
    """

    payload: bytes
    kind: str
    keyid: str
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is over."""
        return pae(self.kind, self.payload)

    def to_bytes(self) -> bytes:
        """The envelope as it is stored."""
        body = {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": self.kind,
            "signatures": [{"keyid": self.keyid, "sig": base64.b64encode(self.signature).decode()}],
        }
        return json.dumps(body, separators=(",", ":")).encode()


def pae(kind: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is signed."""
    named = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(named), named, len(payload), payload)


def opened(data: bytes) -> Envelope:
    """The envelope that `data` is, byte for byte as `to_bytes` writes it. Raises NoEnvelope.

    Anything else, an added space or a field that nothing reads, would be bytes that no signature covers.
    """
    try:
        body = canonical.parsed(data)
        (signature,) = body["signatures"]
        found = Envelope(
            payload=base64.b64decode(body["payload"], validate=True),
            kind=str(body["payloadType"]),
            keyid=str(signature["keyid"]),
            signature=base64.b64decode(signature["sig"], validate=True),
        )
        same = found.to_bytes() == data
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as problem:
        raise NoEnvelope(f"is no envelope with one signature ({type(problem).__name__})") from problem
    if not same:
        raise NoEnvelope("is an envelope, but not written as Expunge writes it")
    return found
