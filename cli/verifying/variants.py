"""What senders do a little differently: keys, bodies, signed texts and signatures, each with its hint."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus

EXACT = "sign the exact bytes that you send: build the body once, sign it, send that same text"
_ALGORITHMS = {20: "sha1", 32: "sha256", 48: "sha384", 64: "sha512"}
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing that the sender did differently: a code, what it is, what to do."""

    code: str
    what: str
    do: str


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature, decoded; its length tells the hash function."""

    digest: bytes
    algorithm: str
    hints: tuple[Hint, ...]


def bodies(body: bytes) -> list[tuple[bytes, Hint | None]]:
    """The body, and what may have been signed in its place; each once, the likeliest first."""
    found: dict[bytes, Hint | None] = {body: None}
    for code, words, other in _bodies(body):
        found.setdefault(other, Hint(code, f"what was signed is the body {words}", EXACT))
    return list(found.items())


def _bodies(body: bytes) -> Iterator[tuple[str, str, bytes]]:
    yield "trailing_newline", "with a line break at its end", body + b"\n"
    yield "trailing_newline", "with CR LF at its end", body + b"\r\n"
    yield "trailing_newline", "without the white space at its end", body.rstrip()
    yield "line_ends", "with LF instead of CR LF", body.replace(b"\r\n", b"\n")
    yield "line_ends", "with CR LF instead of LF", body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield "bom", "without its byte order mark", body.removeprefix(_BOM)
    yield "bom", "with a byte order mark before it", _BOM + body
    yield from _written_again(body)
    yield from _forms(body)
    yield "base64_body", "in base64", base64.b64encode(body)
    yield "empty_body", "left out", b""


def _written_again(body: bytes) -> Iterator[tuple[str, str, bytes]]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    for words, text in _written(value):
        yield "reserialised", f"written again as {words}", text.encode("utf-8", "surrogatepass")
    text = json.dumps(body.decode("utf-8", "replace"))
    yield "reserialised", "as a JSON text within JSON (quoted once more)", text.encode()


def _written(value: Any) -> Iterator[tuple[str, str]]:
    for ascii_only in (False, True):
        for order, keys in (("", False), (" with sorted names", True)):
            more: Any = {"ensure_ascii": ascii_only, "sort_keys": keys}
            yield f"compact JSON{order}", json.dumps(value, separators=(",", ":"), **more)
            yield f"JSON with blanks{order}", json.dumps(value, **more)
            for indent in (2, 4):
                yield f"pretty JSON ({indent} blanks){order}", json.dumps(value, indent=indent, **more)


def _forms(body: bytes) -> Iterator[tuple[str, str, bytes]]:
    text = body.decode("utf-8", "replace")
    yield "form_decoded", "percent-decoded, as a form is read", unquote_plus(text).encode()
    yield "form_decoded", "percent-decoded", unquote(text).encode()
    pairs = dict(parse_qsl(text, keep_blank_values=True))
    if pairs and not text.lstrip().startswith("{"):
        for words, written in _written(pairs):
            yield "form_decoded", f"as {words}, but a form was sent", written.encode()


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
    for start in ("v1,", "v1=", "v1:", "sha256=", "t1="):
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
