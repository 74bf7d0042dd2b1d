"""Which key signed this, and what was done differently: every key and every variant is tried."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.keys import Profile, signing_key
from cli.sources import fingerprint
from cli.verifying import body_forms, key_forms, variants
from cli.verifying.hints import Hint
from cli.verifying.variants import Signature

#: Differences in key, body and signed text at once; more are no explanation any more.
_MOST = 2


@dataclass(frozen=True, slots=True)
class Key:
    """A key as bytes. `mark`: its fingerprint; `hint`: what is wrong about using it here, if anything."""

    secret: bytes = field(repr=False)
    mark: str
    hint: Hint | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """What signed it, and everything that was done differently; nothing for a good signature."""

    mark: str
    hints: tuple[Hint, ...]


def keyring(source: str, entries: Mapping[str, Any], previous: Mapping[str, Any]) -> list[Key]:
    """The source's keys, the same read as text, other sources' keys, and those of the secret's last version.

    Keys of the `token` profile are taken as they are.
    """
    own = list(_texts(entries.get(source)))
    found = [Key(secret, fingerprint(text)) for text in own for secret in _secret(entries[source], text)]
    if _profile(entries[source] if own else None) is not Profile.TOKEN:
        found += [
            Key(form, fingerprint(text), hint)
            for text in own
            for secret in _secret(entries[source], text)
            for form, hint in key_forms.forms(text, secret)
        ]
    for name, entry in entries.items():
        if name != source:
            found += _others(name, entry)
    for name, entry in previous.items():
        known = {text for each in entries.values() for text in _texts(each)}
        gone = [text for text in _texts(entry) if text not in known]
        found += [Key(key, fingerprint(text), _gone(name)) for text in gone for key in _secret(entry, text)]
    return found


def _gone(source: str) -> Hint:
    what = f"it was signed with a key of source {source} that was revoked by the last change"
    return Hint("revoked", what, "give the sender the present key: expunge keys rotate makes one")


def _others(name: str, entry: object) -> Iterable[Key]:
    hint = Hint(
        "other_source",
        f"it was signed with a key of source {name}",
        f"send it to v1/sources/{name}/deletions, or sign with a key of this source",
    )
    return [Key(secret, fingerprint(text), hint) for text in _texts(entry) for secret in _secret(entry, text)]


def _texts(entry: object) -> list[str]:
    listed = entry.get("keys") if isinstance(entry, dict) else None
    return [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []


def _secret(entry: object, text: str) -> list[bytes]:
    if _profile(entry) is Profile.TOKEN:
        return [text.encode()]
    try:
        return [signing_key(text)]
    except ValueError:
        return []


def _profile(entry: object) -> Profile:
    token = isinstance(entry, dict) and entry.get("profile") == Profile.TOKEN
    return Profile.TOKEN if token else Profile.STANDARD_WEBHOOKS


def match(headers: Mapping[str, str], body: bytes, keys: Iterable[Key]) -> Match | None:
    """The match with the fewest differences; None where nothing fits."""
    given = variants.signatures(headers.get("webhook-signature", ""))
    best: Match | None = None
    known = list(keys) if given else []
    for content, differences in _signed(headers, body):
        for key in known:
            hints = (key.hint, *differences) if key.hint else differences
            if len(hints) > _MOST or (best is not None and len(hints) >= len(best.hints)):
                continue
            best = _fewer(best, key, content, hints, given)
        if best is not None and not best.hints:
            break
    return best or _plain(headers, body, known, given)


def _plain(
    headers: Mapping[str, str], body: bytes, keys: Iterable[Key], given: list[Signature]
) -> Match | None:
    """The match of a hash that is no HMAC: over the key and what was signed, one after the other."""
    ids = (headers.get(name, "").encode() for name in ("webhook-id", "webhook-timestamp"))
    content = b".".join([*ids, body])
    odd = Hint("no_hmac", "the signature is a plain hash, no HMAC", "use HMAC-SHA256 with the key")
    for key in keys:
        for text in (content, body):
            for both in (key.secret + text, text + key.secret):
                for each in given:
                    if hashlib.new(each.algorithm, both).digest() == each.digest:
                        return Match(key.mark, (*each.hints, odd, *([key.hint] if key.hint else ())))
    return None


def _signed(headers: Mapping[str, str], body: bytes) -> Iterator[tuple[bytes, tuple[Hint, ...]]]:
    """What may have been signed, one after the other, as a body may be large."""
    delivery, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    for other, of_body in body_forms.bodies(body):
        for content, of_content in variants.contents(delivery, timestamp, other):
            yield content, tuple(hint for hint in (of_body, of_content) if hint)


def _fewer(
    best: Match | None, key: Key, content: bytes, hints: tuple[Hint, ...], given: list[Signature]
) -> Match | None:
    """The match of this key and content, where there is one with fewer differences than `best` has."""
    for signature in given:
        digest = hmac.digest(key.secret, content, signature.algorithm)
        if hmac.compare_digest(digest, signature.digest):
            whole = (*signature.hints, *hints)
            if best is None or len(whole) < len(best.hints):
                best = Match(key.mark, whole)
    return best


def match_bearer(header: str, keys: Iterable[Key]) -> Match | None:
    """The same for a bearer value."""
    scheme, _, value = header.partition(" ")
    hints: list[Hint] = []
    if scheme.lower() != "bearer":
        hints.append(Hint("scheme", "the header is no Bearer", "send Authorization: Bearer and the value"))
        value = value or header
    plain = value.strip().strip("\"'")
    if plain != value:
        hints.append(Hint("quoted", "there are quotes or blanks around the value", "send the bare value"))
    given = hashlib.sha256(plain.encode("utf-8", "surrogatepass")).digest()
    for key in keys:
        if hmac.compare_digest(hashlib.sha256(key.secret).digest(), given):
            return Match(key.mark, (*hints, key.hint) if key.hint else tuple(hints))
    return None
