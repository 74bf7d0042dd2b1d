"""Whom a request is about: the values that identify a person, checked and trimmed (contract section 1).

The identity is personal data. Nothing here puts a value into a problem, a log or an error: problems name the
place only.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain import modules
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Field
from chalicelib.domain.ids import RECORD_ID_WORDS, is_record_id

#: Values that one request may name, of all kinds together.
MOST_VALUES = 20
LONGEST_EMAIL = 254
LONGEST_PHONE = 40
KINDS = ("emails", "phones", "records")
#: What of a text cannot be part of an email address, whoever takes it: blanks and control characters.
_NO_EMAIL = re.compile(r"[\s\x00-\x1f\x7f]")
_PHONE = re.compile(r"\+?[0-9 ()./\u00a0-]+")
_DIGITS = range(4, 16)
PHONE_WORDS = "must be a phone number: E.164 such as +436601234567, or national with the org's region"


@dataclass(frozen=True, slots=True)
class Record:
    """A record that is named by its id. `module`: canonical."""

    module: str
    id: str


@dataclass(frozen=True, slots=True)
class Identity:
    """The values of one person, trimmed, in the order given; a value's pointer (`/identity/emails/0`) names
    its place in the request.
    """

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()

    def to_json(self) -> dict[str, object]:
        """As it is stored: plain JSON."""
        records = [{"module": each.module, "id": each.id} for each in self.records]
        return {"emails": list(self.emails), "phones": list(self.phones), "records": records}


def pointer(kind: str, number: int) -> str:
    """The place of a value in the request (JSON Pointer)."""
    return f"/identity/{kind}/{number}"


def identity_of(stored: Mapping[str, Any] | None) -> Identity:
    """The identity that `to_json` wrote; an empty one where it is gone."""
    stored = stored or {}
    records = tuple(Record(each["module"], each["id"]) for each in stored.get("records", ()))
    return Identity(tuple(stored.get("emails", ())), tuple(stored.get("phones", ())), records)


def folded(text: str) -> str:
    """An email address as it is compared: trimmed and case-folded.

    One character becomes one: a folding that makes two of one would take two mailboxes for the same.
    """
    return "".join(_one(letter) for letter in text.strip())


def _one(letter: str) -> str:
    small = letter.casefold()
    return small if len(small) == 1 else letter


def problems(raw: object) -> Iterator[Field]:
    """Each place at which the `identity` of a body is not as the contract wants it."""
    if not isinstance(raw, Mapping):
        yield Field("/identity", "must be an object")
        return
    for name in raw:
        if name not in KINDS:
            known = ", ".join(KINDS)
            yield Field(f"/identity/{str(name)[:100]}", f"is not a known field; known are {known}")
    lists = {kind: raw[kind] for kind in KINDS if kind in raw}
    for kind, values in lists.items():
        if not isinstance(values, list):
            yield Field(f"/identity/{kind}", "must be a list")
    good = {kind: values for kind, values in lists.items() if isinstance(values, list)}
    yield from _of_all(good)


def _of_all(lists: Mapping[str, list[Any]]) -> Iterator[Field]:
    named = sum(map(len, lists.values()))
    if not named:
        yield Field("/identity", "must name at least one value")
    elif named > MOST_VALUES:
        yield Field("/identity", f"may name {MOST_VALUES} values at most, of all kinds together")
    else:
        for kind, values in lists.items():
            yield from _wrong_values(kind, values)


def _wrong_values(kind: str, values: Any) -> Iterator[Field]:
    check = {"emails": email_problem, "phones": phone_problem}.get(kind)
    for number, value in enumerate(values):
        path = pointer(kind, number)
        if check is None:
            yield from _record_problems(value, path)
        elif words := check(value):
            yield Field(path, words)


def email_problem(value: object) -> str:
    """Why this cannot be an email address; "" where it can."""
    if not isinstance(value, str):
        return "must be a string"
    text = value.strip()
    if len(text) > LONGEST_EMAIL:
        return f"may have {LONGEST_EMAIL} characters at most"
    local, at, host = text.partition("@")
    if not at or "@" in host:
        return "must hold one @"
    return "" if local and host and not _NO_EMAIL.search(text) else "must be an email address"


def phone_problem(value: object) -> str:
    """Why this cannot be a phone number; "" where it may be one. Whether it is one, a worker finds out: it
    alone knows numbering plans.
    """
    if not isinstance(value, str):
        return "must be a string"
    text = value.strip()
    good = len(text) <= LONGEST_PHONE and _PHONE.fullmatch(text)
    return "" if good and sum(letter.isdigit() for letter in text) in _DIGITS else PHONE_WORDS


def is_national(phone: str) -> bool:
    """Does reading it need to know a region?"""
    return not phone.startswith("+")


def _record_problems(value: object, path: str) -> Iterator[Field]:
    if not isinstance(value, Mapping):
        yield Field(path, "must be an object")
        return
    for name in value:
        if name not in ("module", "id"):
            yield Field(f"{path}/{str(name)[:100]}", "is not a known field; known are id, module")
    for name in ("module", "id"):
        if name not in value:
            yield Field(f"{path}/{name}", "is missing")
    if "module" in value and (words := modules.problem_of(_trimmed(value["module"]))):
        yield Field(f"{path}/module", words)
    if "id" in value and (words := _id_problem(_trimmed(value["id"]))):
        yield Field(f"{path}/id", words)


def _id_problem(given: object) -> str:
    if isinstance(given, int | float) and not isinstance(given, bool):
        return "must be a string: send ids as strings"
    return "" if is_record_id(given) else RECORD_ID_WORDS


def _trimmed(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def built(raw: Mapping[str, Any]) -> Identity:
    """The identity of a body without problems."""
    return Identity(
        emails=tuple(each.strip() for each in raw.get("emails", ())),
        phones=tuple(each.strip() for each in raw.get("phones", ())),
        records=tuple(
            Record(modules.canonical(each["module"].strip()), each["id"].strip())
            for each in raw.get("records", ())
        ),
    )


def digest(kind: str, value: str, key: str) -> str:
    """The HMAC-SHA256 (hex) of a value with `key`. `kind`: email, phone or record."""
    return hmac.digest(key.encode(), f"{kind}\n{value}".encode(), hashlib.sha256).hex()


def digests(identity: Identity, key: str) -> dict[str, list[str]]:
    """What is kept once the deletion is final: a digest of each value, in the order given."""
    return {
        "emails": [digest("email", folded(each), key) for each in identity.emails],
        "phones": [digest("phone", each, key) for each in identity.phones],
        "records": [digest("record", f"{each.module}/{each.id}", key) for each in identity.records],
    }


def taken_out(deletion: Deletion) -> Deletion:
    """The deletion without its identity: what is kept of it are digests, keyed with the deletion's seed."""
    if deletion.request.identity is None:
        return deletion
    # Where its map was made, digests of the values as they are compared are there already.
    found = deletion.erasure.get("identity") or digests(identity_of(deletion.request.identity), deletion.seed)
    return replace(
        deletion,
        request=replace(deletion.request, identity=None),
        erasure={**deletion.erasure, "identity": found},
    )
