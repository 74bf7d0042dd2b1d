"""Is a record the person's? Its own values are compared with those of the identity, whole.

Zoho's Search answers with partial matches; none of them counts. Emails are compared trimmed and case-folded,
phones as E.164.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.domain.person.identity import Identity, Record, folded, is_national, pointer
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

    `region`: for national numbers in records; None where the org has none.
    """

    emails: Mapping[str, tuple[str, ...]]
    phones: Mapping[str, tuple[str, ...]]
    records: Mapping[Record, tuple[str, ...]]
    region: str | None = None


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
    values: Mapping[str, Any], fields: tuple[FieldOf, ...], sought: Wanted, phones: Phones
) -> tuple[Match, ...]:
    """Those of the record's fields that hold a value of the identity, sorted."""
    found = []
    for each in fields:
        held = values.get(each.name)
        if not isinstance(held, str) or not held.strip():
            continue
        if each.type == EMAIL:
            places = sought.emails.get(folded(held), ())
            by = By.EMAIL
        else:
            places = sought.phones.get(phones.e164(held, sought.region), ()) if sought.phones else ()
            by = By.PHONE
        if places:
            found.append(Match(each.name, by, places))
    return tuple(sorted(found))
