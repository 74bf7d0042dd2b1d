"""Where a person may still be, though nothing was found there: what the search cannot reach, said with its
place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from chalicelib.domain.person.guests import EVENTS, PARTICIPANTS
from chalicelib.domain.person.metadata import Module
from chalicelib.domain.zoho.metadata import PHONE

RESTRICTED, ENCRYPTED = "RESTRICTED_FIELD", "ENCRYPTED_FIELD"
NO_SEARCH, NOT_READABLE = "MODULE_WITHOUT_SEARCH", "MODULE_NOT_READABLE"
TOO_MANY, NO_REGION, PART = "TOO_MANY_RECORDS", "NO_REGION", "PART_OF_RECORDS"
NO_LINKS = "LINKS_NOT_READ"
GUESTS = "GUESTS_BY_ADDRESS"
#: Of a retry, about all modules (WHOLE_ORG).
NOT_SEARCHED, WHOLE_ORG = "NOT_SEARCHED", "*"
#: Of a record that the request names; its place in the request stands for the field.
NOT_SHOWN = "NAMED_RECORD_NOT_SHOWN"

MEANINGS = {
    RESTRICTED: "Zoho withholds this personal field from the API, so nobody can be found by it: the person"
    " may still be there",
    ENCRYPTED: "this field is encrypted and Zoho's Search does not reach it: the person may still be there",
    NO_SEARCH: "Zoho's Search does not take this module, so unapproved and converted records may be missed:"
    " the person may still be there",
    NOT_READABLE: "the org's token may not read this module: the person may still be there",
    TOO_MANY: "Zoho names no more records of one value in this module: the person may still be there",
    NO_LINKS: "what leads from this module to the person's records, or from them to it, could not be read"
    " as a whole: the person may still be there",
    NO_REGION: "phone numbers without a country code cannot be compared, as the org's person map has no"
    " region: the person may still be there",
    GUESTS: "guests of an event who are there by their address alone are found only where Zoho's search for a"
    " word shows them, or where the event is listed under a record of the person: the person may still be"
    " there",
    NOT_SEARCHED: "a retry goes by the entries of its map, as the identity is not kept: what was entered"
    " since is not looked for, so ask for the erasure again as a dry run",
    NOT_SHOWN: "Zoho shows no record of this id in this module, so nothing is done about it. That is no proof"
    " that it is deleted: it may lie in the recycle bin, belong to another module or org, or be hidden from"
    " the connected user",
    PART: "this module holds parts of other records, such as rows of subforms, which are not searched by"
    " themselves: the person may still be there",
}


@dataclass(frozen=True, slots=True, order=True)
class Unreached:
    """A module, or one of its fields ("" for all of it), that was not searched as a whole; or a record that
    was not shown (`field`: its place in the request).
    """

    code: str
    module: str
    field: str = ""

    def to_json(self) -> dict[str, object]:
        """As operators see it."""
        return {
            "code": self.code,
            "module": self.module,
            "field": self.field or None,
            "meaning": MEANINGS[self.code],
        }


def by_metadata(
    found: Iterable[Module], *, emails: bool, phones: bool, region: str | None
) -> list[Unreached]:
    """What the org's metadata says that cannot be reached. `emails`, `phones`: are such looked for?"""
    unreached: list[Unreached] = []
    found = list(found)
    of_people = {each.name for each in found if each.identifying}
    for module in found:
        if not module.readable:
            unreached.append(Unreached(NOT_READABLE, module.name))
        elif module.part:
            unreached += [Unreached(PART, module.name)] if _may_hold_them(module, of_people) else []
        else:
            unreached += _of(module, without_region=phones and region is None)
            unreached += [Unreached(GUESTS, EVENTS, PARTICIPANTS)] if emails and module.name == EVENTS else []
    return sorted(unreached)


def _may_hold_them(module: Module, of_people: Set[str]) -> bool:
    """May its rows, which are not looked through, name a person or lead to one? They always lead to what
    they are a part of, and go with it.
    """
    leads = (each for each in module.lookups if each.name != "Parent_Id" and not module.linking)
    return bool(module.identifying) or any(not each.to or of_people & set(each.to) for each in leads)


def _of(module: Module, *, without_region: bool) -> Iterator[Unreached]:
    for each in module.identifying:
        if each.restricted:
            yield Unreached(RESTRICTED, module.name, each.name)
        elif each.encrypted and not (module.searched and each.searchable):
            yield Unreached(ENCRYPTED, module.name, each.name)
    if module.identifying and not module.searched:
        yield Unreached(NO_SEARCH, module.name)
    if without_region and module.of_type(PHONE):
        yield Unreached(NO_REGION, module.name)


def shown(unreached: Iterable[Unreached]) -> list[dict[str, object]]:
    """Each once, sorted, as operators see them."""
    return [each.to_json() for each in sorted(set(unreached))]
