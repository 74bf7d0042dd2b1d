"""Is a record the person's? Its own values are compared with those of the identity, whole.

Zoho's Search answers with partial matches; none of them counts. Emails are compared trimmed and case-folded,
phones as E.164.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.domain.person.identity import Identity, Record, digest, folded, is_national, pointer
from chalicelib.domain.person.metadata import FieldOf
from chalicelib.domain.person.phones import Phones
from chalicelib.domain.zoho.metadata import EMAIL


class By(StrEnum):
    """What a record was found by."""

    EMAIL = "email"
    PHONE = "phone"
    RECORD = "record"
    LOOKUP = "lookup"


class UnreadableNumber(ValueError):
    """A phone number of the identity is none. `place`: its pointer; never the number."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


@dataclass(frozen=True, slots=True)
class Wanted:
    """The identity as it is compared: for each value the pointers of its places in the request.

    `region`: for national numbers in records; None where the org has none. `key`: where it is given, emails
    and phones are digests with this key, and what is compared with them becomes one.
    """

    emails: Mapping[str, tuple[str, ...]]
    phones: Mapping[str, tuple[str, ...]]
    records: Mapping[Record, tuple[str, ...]]
    region: str | None = None
    key: str = ""

    def by_email(self, held: str) -> tuple[str, ...]:
        """The places of the address that a field holds, none where it is not the person's."""
        return self.emails.get(self._compared("email", folded(held)), ())

    def by_phone(self, held: str, phones: Phones) -> tuple[str, ...]:
        """The places of the number that a field holds, none where it is not the person's."""
        number = phones.e164(held, self.region) if self.phones else ""
        return self.phones.get(self._compared("phone", number), ()) if number else ()

    def digests(self, key: str) -> dict[str, list[str]]:
        """A digest of each value as it is compared, in the order of their places."""
        emails = ((digest("email", value, key), places) for value, places in self.emails.items())
        phones = ((digest("phone", value, key), places) for value, places in self.phones.items())
        records = (
            (digest("record", f"{one.module}/{one.id}", key), places) for one, places in self.records.items()
        )
        return {"emails": _placed(emails), "phones": _placed(phones), "records": _placed(records)}

    def _compared(self, kind: str, value: str) -> str:
        return digest(kind, value, self.key) if self.key else value


def _placed(found: Iterable[tuple[str, tuple[str, ...]]]) -> list[str]:
    by_place = {int(place.rpartition("/")[2]): value for value, places in found for place in places}
    return [by_place[number] for number in sorted(by_place)]


def kept(digested: Any, key: str, region: str | None) -> Wanted:
    """What is compared once the identity is gone: its digests with `key`. Records are named by ids alone."""
    emails: dict[str, tuple[str, ...]] = {}
    phones: dict[str, tuple[str, ...]] = {}
    for found, kind in ((emails, "emails"), (phones, "phones")):
        for number, value in enumerate(digested[kind]):
            _add(found, value, pointer(kind, number))
    return Wanted(emails, phones, {}, region, key)


def wanted(identity: Identity, region: str | None, phones: Phones) -> Wanted:
    """The values as they are compared. Raises UnreadableNumber for a phone that is none."""
    emails: dict[str, tuple[str, ...]] = {}
    numbers: dict[str, tuple[str, ...]] = {}
    records: dict[Record, tuple[str, ...]] = {}
    for number, email in enumerate(identity.emails):
        _add(emails, folded(email), pointer("emails", number))
    for number, phone in enumerate(identity.phones):
        place = pointer("phones", number)
        e164 = phones.e164(phone, region if is_national(phone) else None)
        if not e164:
            raise UnreadableNumber(place)
        _add(numbers, e164, place)
    for number, record in enumerate(identity.records):
        _add(records, record, pointer("records", number))
    return Wanted(emails, numbers, records, region)


def _add(found: dict[Any, tuple[str, ...]], value: object, place: str) -> None:
    found[value] = (*found.get(value, ()), place)


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """A field of a record that holds a value of the identity. `values`: the value's pointers."""

    field: str
    by: By
    values: tuple[str, ...] = ()


def matches(
    values: Mapping[str, object], fields: tuple[FieldOf, ...], wanted: Wanted, phones: Phones
) -> tuple[Match, ...]:
    """Those of the record's fields that hold a value of the identity, sorted."""
    found = []
    for each in fields:
        held = values.get(each.name)
        if not isinstance(held, str) or not held.strip():
            continue
        if each.type == EMAIL:
            places = wanted.by_email(held)
            by = By.EMAIL
        else:
            places = wanted.by_phone(held, phones)
            by = By.PHONE
        if places:
            found.append(Match(each.name, by, places))
    return tuple(sorted(found))
