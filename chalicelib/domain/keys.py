"""The keys of sources: how they are written, which of them a request is checked with, and whose they are.

A request is checked with as many keys, whatever its address names: a source, an entry that cannot be used, or
nothing. So neither the answer nor the work tells which it was.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.domain.key_strength import BEARER_BITS, SIGNING_BITS, weakness

#: More keys than any rotation needs; each costs an HMAC per request.
MOST_KEYS = 10
#: Bytes in a signing key, as Standard Webhooks demands: 24 (192 bits) are beyond guessing, and HMAC-SHA256
#: would hash anything above its 64-byte block down again.
KEY_BYTES = range(24, 65)
_BEARER = r"[!-~]{16,256}"
_WHSEC = "whsec_"


class Profile(StrEnum):
    """How a source proves who it is (contract section 2)."""

    STANDARD_WEBHOOKS = "standard-webhooks"
    TOKEN = "token"  # noqa: S105  # the name of a profile


def signing_key(text: str) -> bytes:
    """The key in `whsec_` and strict, canonical base64 of 24 to 64 bytes.

    Raises ValueError with words that do not repeat the key.
    """
    if not text.startswith(_WHSEC):
        raise ValueError("a key must start with whsec_")
    encoded = text.removeprefix(_WHSEC)
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a key must be base64 after whsec_") from None
    if base64.b64encode(key).decode() != encoded:
        raise ValueError("a key must be canonical base64 after whsec_")
    if len(key) not in KEY_BYTES:
        raise ValueError(f"a key must be {KEY_BYTES[0]} to {KEY_BYTES[-1]} bytes long")
    return key


def bearer_value(text: str) -> bytes:
    """The bearer value of the token profile, 16 to 256 visible characters. Raises ValueError as above."""
    if not re.fullmatch(_BEARER, text):
        raise ValueError("a key must be 16 to 256 visible characters")
    return text.encode()


def key_of(profile: Profile, text: str, source: str) -> bytes:
    """The key that `text` is on `profile`. Raises ValueError as above.

    A bearer value that can be guessed is none: it travels with each request and is all that protects it.
    """
    if profile is not Profile.TOKEN:
        return signing_key(text)
    key = bearer_value(text)
    weak = weak_key(profile, text, source)
    if weak:
        raise ValueError(weak)
    return key


def weak_key(profile: Profile, text: str, source: str) -> str:
    """Why a key can be guessed, with what to do; "" where nothing speaks against it."""
    words = (source, *source.split("-"))
    weak = weakness(text, words, BEARER_BITS if profile is Profile.TOKEN else SIGNING_BITS)
    return weak and f"a key must be random, and this one {weak}; expunge keys rotate makes a good one"


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a request is checked with: always MOST_KEYS of each kind."""

    signing: tuple[bytes, ...] = field(repr=False)
    bearer: tuple[bytes, ...] = field(repr=False)


#: In the place of keys that are not there. Nobody knows them, so nothing matches them.
_NOBODY = tuple(secrets.token_bytes(32) for _ in range(MOST_KEYS))
_NO_KEY = _WHSEC + base64.b64encode(_NOBODY[0]).decode()


def candidates(entry: object) -> Candidates:
    """The keys of an entry of the secret, usable or not, and decoys for what is missing.

    Never raises: of an entry that is broken it takes the keys that are there, so that whoever knows one is
    told, and nobody else. `entry`: None where no source has the name.
    """
    texts = texts_of(entry)[:MOST_KEYS]
    padded = [*texts, *[_NO_KEY] * (MOST_KEYS - len(texts))]
    profile = entry.get("profile", Profile.STANDARD_WEBHOOKS) if isinstance(entry, Mapping) else None
    signing = [_signing(text) for text in padded]
    bearer = [_bearer(text) for text in padded]
    real = range(len(texts))
    return Candidates(
        _filled(signing, real if profile != Profile.TOKEN else range(0)),
        _filled(bearer, real if profile != Profile.STANDARD_WEBHOOKS else range(0)),
    )


def texts_of(entry: object) -> list[str]:
    """The keys as they stand in an entry; none where there is no list of them."""
    listed = entry.get("keys") if isinstance(entry, Mapping) else None
    return [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []


def scope_of(entries: Mapping[str, object], name: str) -> str:
    """The source in whose deliveries those of `name` count: itself, or the first with which it shares a key.

    What is signed does not name the source. Sources that share a key share their delivery ids, so that what
    was signed once makes one deletion, wherever it is sent.
    """
    other = owner_before(entries, name)
    return name if other is None else scope_of(entries, other)


def owner_before(entries: Mapping[str, object], name: str) -> str | None:
    """The first source before `name` that has one of its keys, in any form; None where they are its own."""
    own = _forms(entries[name])
    for other, entry in entries.items():
        if other == name:
            break
        if own & _forms(entry):
            return other
    return None


def _filled(found: list[bytes | None], real: range) -> tuple[bytes, ...]:
    return tuple(key if at in real and key else _NOBODY[at] for at, key in enumerate(found))


def _signing(text: str) -> bytes | None:
    try:
        return signing_key(text)
    except ValueError:
        return None


def _bearer(text: str) -> bytes | None:
    try:
        return bearer_value(text)
    except ValueError:
        return None


def _forms(entry: object) -> set[bytes]:
    """The keys of an entry as they stand there, without their prefix, and as the bytes that sign: one source
    may bear what another signs with.
    """
    texts = texts_of(entry)
    bare = [text.removeprefix(_WHSEC) for text in texts]
    found = {text.encode("utf-8", "surrogatepass") for text in (*texts, *bare)}
    return found | {key for text in texts if (key := _signing(text))}
