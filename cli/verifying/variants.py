"""What senders do a little differently: signed texts and signatures, each with its hint."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from cli.verifying.hints import Hint

_ALGORITHMS = {16: "md5", 20: "sha1", 32: "sha256", 48: "sha384", 64: "sha512"}


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature, decoded; its length tells the hash function."""

    digest: bytes
    algorithm: str
    hints: tuple[Hint, ...]


_SEPARATORS = {
    "nothing": b"", "colons": b":", "bars": b"|", "line breaks": b"\n", "commas": b",", "blanks": b" ",
    "hyphens": b"-", "underlines": b"_", "semicolons": b";", "slashes": b"/", "&": b"&", "CR LF": b"\r\n",
}  # fmt: skip


def contents(delivery: str, timestamp: str, body: bytes) -> list[tuple[bytes, Hint | None]]:
    """What the signature may be over, the right thing first."""
    right = "sign {webhook-id}.{webhook-timestamp}.{body}: the two headers as sent, joined by dots"
    start = delivery.encode(), timestamp.encode()
    found: list[tuple[bytes, Hint | None]] = [(b".".join([*start, body]), None)]
    for code, words, parts in (
        ("no_timestamp", "webhook-id and body, without the timestamp", [start[0], body]),
        ("no_id", "timestamp and body, without webhook-id", [start[1], body]),
        ("order", "timestamp, webhook-id and body, in this order", [start[1], start[0], body]),
        ("body_only", "the body alone", [body]),
    ):
        found.append((b".".join(parts), Hint(code, f"what was signed is {words}", right)))
    found += [
        (each, Hint("order", "what was signed has its parts in another order", right))
        for each in (
            b".".join([body, *start]),
            b".".join([*start[::-1], body]),
            b".".join([body, *start[::-1]]),
            b".".join([start[0], body, start[1]]),
        )
    ]
    what = "what was signed has a hash of the body in the place of the body"
    hashed = hashlib.sha256(body)
    for text in (hashed.hexdigest().encode(), base64.b64encode(hashed.digest())):
        found.append((b".".join([*start, text]), Hint("body_hash", what, right)))
    for words, between in _SEPARATORS.items():
        what = f"the parts of what was signed are joined by {words}, not by dots"
        found.append((between.join([*start, body]), Hint("separator", what, right)))
    what = "what was signed has v1 or v0 before it, as other schemes do"
    for version in (b"v1", b"v0"):
        for between in (b":", b"."):
            found.append((between.join([version, start[1], body]), Hint("other_scheme", what, right)))
            found.append((between.join([version, *start, body]), Hint("other_scheme", what, right)))
    if len(timestamp) == 10 and timestamp.isdigit():
        words = "what was signed has the timestamp in milliseconds, the header has it in seconds"
        signed = b".".join([start[0], timestamp.encode() + b"000", body])
        found.append((signed, Hint("timestamp_unit", words, "sign the timestamp as the header has it")))
    if len(timestamp) == 13 and timestamp.isdigit():
        words = "what was signed has the timestamp in seconds, the header has it in milliseconds"
        signed = b".".join([start[0], timestamp[:-3].encode(), body])
        found.append((signed, Hint("timestamp_unit", words, "send webhook-timestamp in seconds")))
    return found


def signatures(header: str) -> list[Signature]:
    """Every signature in the header that can be made out, with what is odd about its form."""
    found: dict[bytes, Signature] = {}
    for word in header.replace(",v1,", " v1,").replace(", ", " ").split():
        for digest, hints in _forms_of(word.strip("\"'")):
            algorithm = _ALGORITHMS.get(len(digest))
            if algorithm is None:
                continue
            if algorithm != "sha256":
                what = f"the signature is an HMAC-{algorithm.upper()}"
                odd = (*hints, Hint("algorithm", what, "use HMAC-SHA256"))
            else:
                odd = hints
            held = found.get(digest)
            if held is None or len(odd) < len(held.hints):
                found[digest] = Signature(digest, algorithm, odd)
    return list(found.values())


_V1 = Hint("no_v1", "the signature does not start with v1,", "write v1, before the base64 of the signature")
_BASE64 = 'write v1, and the standard base64 of the 32 bytes (Deluge: hmacsha256(key, text, "base64"))'


def _forms_of(word: str) -> Iterator[tuple[bytes, tuple[Hint, ...]]]:
    prefix: tuple[Hint, ...] = (_V1,)
    text = word
    for start in ("v1,", "v1=", "v1:", "V1,", "v0=", "v1a,", "sha256=", "sha-256=", "hmac-sha256=", "t1="):
        if word.startswith(start):
            prefix, text = () if start == "v1," else (_V1,), word.removeprefix(start)
            break
    for code, words, digest in _decoded(text):
        yield digest, (*prefix, Hint(code, f"the signature is {words}", _BASE64)) if code else prefix


def _decoded(text: str) -> Iterator[tuple[str, str, bytes]]:
    """(code, words, bytes) for each way to read a signature; the right way has no code."""
    padded = text + "=" * (-len(text) % 4)
    plain = _base64(padded)
    if plain is not None:
        yield ("" if padded == text else "unpadded"), "base64 without the = at its end", plain
        inner = _hex(plain.decode("latin-1"))
        if inner is not None:
            yield "base64_of_hex", "the base64 of its hexadecimal text", inner
    other = _base64(padded.replace("-", "+").replace("_", "/"))
    if other is not None and other != plain:
        yield "base64url", "base64 for addresses (- and _ instead of + and /)", other
    given = _hex(text)
    if given is not None:
        yield "hex", "hexadecimal", given
    yield from _wrapped(text, plain)


def _wrapped(text: str, plain: bytes | None) -> Iterator[tuple[str, str, bytes]]:
    """A signature that was encoded once too often."""
    if plain is not None:
        twice = _base64(plain.decode("latin-1"))
        if twice is not None:
            yield "base64_twice", "in base64 twice", twice
    if "%" in text:
        escaped = _base64(unquote(text))
        if escaped is not None:
            yield "percent_encoded", "percent-encoded base64 (%2B, %2F, %3D)", escaped


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _hex(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text) if text.isalnum() else None
    except ValueError:
        return None
