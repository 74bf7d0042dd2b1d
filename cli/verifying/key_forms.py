"""What senders make of a key: its text in place of its bytes, read with what surrounds it, decoded twice."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator

from cli.verifying.hints import Hint

_PREFIX = "whsec_"
_DO = "take the part after whsec_, decode it from base64 once, and sign with the bytes that come out"
_BARE = "give the sender the key alone: no blank, line break, quote or other word before or after it"
_TEXT = Hint("text_key", "it was signed with the key's text instead of its bytes", _DO)
_LEFT_ON = Hint("key_prefix", "whsec_ was decoded together with the key", _DO)
_V1 = Hint("key_prefix", "v1, stands before the key: that belongs to the signature", _BARE)
_TWICE = Hint("decoded_twice", "the key was decoded from base64 twice", _DO)
_HEX = Hint("key_hex", "it was signed with the key's hexadecimal text", _DO)
_HASHED = Hint("key_hashed", "it was signed with a hash of the key", _DO)
_AROUND = Hint("key_blank", "a blank, a line break or a quote at the key was taken for a part of it", _BARE)
_SURROUNDINGS = (
    ("", "\n"), ("", "\r\n"), ("", "\r"), ("", " "), ("", "\t"), (" ", ""), ("\n", ""), (" ", " "),
    ("\ufeff", ""),
    ('"', '"'), ("'", "'"), ("<", ">"), ("", ","), ("", ";"), ("", "\\n"),
)  # fmt: skip


def forms(text: str, secret: bytes) -> list[tuple[bytes, Hint]]:
    """Bytes that the key `text` (`whsec_` and base64 of `secret`) is taken for, each once, the likeliest
    first, and what was done differently.
    """
    found: dict[bytes, Hint] = {}
    for form, hint in _forms(text, secret):
        if form and form != secret:
            found.setdefault(form, hint)
    return list(found.items())


def _forms(text: str, secret: bytes) -> Iterator[tuple[bytes, Hint]]:
    encoded = text.removeprefix(_PREFIX)
    for each in (text, encoded):
        yield each.encode(), _TEXT
    yield from _v1(text, encoded)
    yield from ((form, _LEFT_ON) for form in _decoded(text))
    yield from ((form, _TWICE) for form in _decoded(secret.decode("latin-1")))
    yield from _surrounded(text, encoded, secret)
    yield secret.hex().encode(), _HEX
    yield secret.hex().upper().encode(), _HEX
    for whole in (text.encode(), encoded.encode(), secret):
        digest = hashlib.sha256(whole)
        yield digest.digest(), _HASHED
        yield digest.hexdigest().encode(), _HASHED


def _v1(*texts: str) -> Iterator[tuple[bytes, Hint]]:
    for prefix in ("v1,", "v1 ", "v1=", "v1:", "v1"):
        for each in texts:
            yield f"{prefix}{each}".encode(), _V1
            yield from ((form, _V1) for form in _decoded(prefix + each))


def _surrounded(text: str, encoded: str, secret: bytes) -> Iterator[tuple[bytes, Hint]]:
    for before, after in _SURROUNDINGS:
        for each in (text, encoded):
            around = f"{before}{each}{after}"
            yield around.encode(), _AROUND
            yield from ((form, _AROUND) for form in _decoded(around))
        yield before.encode() + secret + after.encode(), _AROUND


def _decoded(text: str) -> Iterator[bytes]:
    """What decoders make of a text that is not quite base64: some pass over what is none of its letters
    (Python, PHP), some also take those for addresses (Node), some end at the first = sign.
    """
    for letters in (text, text.replace("-", "+").replace("_", "/")):
        plain = re.sub(r"[^A-Za-z0-9+/]", "", letters.partition("=")[0])
        whole = plain[: len(plain) - 1] if len(plain) % 4 == 1 else plain
        yield base64.b64decode(whole + "=" * (-len(whole) % 4))
        for padding in ("", "=", "=="):
            try:
                yield base64.b64decode(letters + padding)
            except (binascii.Error, ValueError):
                continue
