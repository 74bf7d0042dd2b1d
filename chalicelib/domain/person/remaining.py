"""What is still to be done with a record, by what a read of it shows: nothing is sent by memory.

Each record is read directly before its call, so a call whose answer was lost is followed by another look, and
what was done already is not done again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace

from chalicelib.domain.person.erasure_map import Entry, counts, says
from chalicelib.domain.person.guests import PARTICIPANTS, without_participants
from chalicelib.domain.person.hits import Link
from chalicelib.domain.person.identity import Record
from chalicelib.domain.person.matching import Match, Wanted, matches
from chalicelib.domain.person.metadata import Module
from chalicelib.domain.person.person_map import PARTS, Action, PersonMap, Rule
from chalicelib.domain.person.phones import Phones
from chalicelib.domain.zoho.rows import lookup_id

#: Links that are no fields: they are taken away by calls of their own.
CONTACT_ROLES = "Contact_Roles"
CAMPAIGNS = "Campaigns"
#: Calls that one entry may take, so that a call which changes nothing is not sent for ever.
MOST_TRIES = 8

NO_LONGER_MATCHES, NOT_CHANGED = "NO_LONGER_MATCHES", "RECORD_NOT_CHANGED"
#: The field of a note or an attachment that names its record, and the code where Zoho does not show it.
PARENT, PARENT_NOT_SHOWN = "Parent_Id", "PARENT_NOT_SHOWN"


@dataclass(frozen=True, slots=True)
class Context:
    """What an erasure goes by while it is carried out. `shared`: pointers of shared values with their number;
    `meant`: those of them that mean the person.
    """

    wanted: Wanted
    phones: Phones
    modules: Mapping[str, Module]
    shared: Mapping[str, int]
    meant: Set[str]

    def own_matches(self, record: Record, values: Mapping[str, object], rule: Rule) -> tuple[Match, ...]:
        """The record's fields that hold a value of the person, and say by themselves that it is theirs."""
        module = self.modules.get(record.module)
        if module is None:
            return ()
        found = matches(values, module.identifying, self.wanted, self.phones)
        if rule.match is not None:
            found = tuple(each for each in found if each.field in rule.match)
        return tuple(each for each in found if counts(each, self.shared, self.meant))

    def is_theirs(self, places: tuple[str, ...]) -> bool:
        """Do these places of one value say by themselves that it is the person's?"""
        return says(places, self.shared, self.meant)

    def still_theirs(self, entry: Entry, values: Mapping[str, object], rule: Rule) -> bool:
        """Is the record still the person's? One that the request names by its id is."""
        named = entry.hit is not None and bool(entry.hit.named)
        return named or bool(self.own_matches(entry.record, values, rule))

    def is_anothers(self, entry: Entry, values: Mapping[str, object]) -> bool:
        """Does a field that was the person's hold a value again, of a record that is not theirs any more?"""
        was = entry.hit.matches if entry.hit is not None else ()
        return any(
            not _is_empty(values.get(each.field)) for each in was if counts(each, self.shared, self.meant)
        )


def rule_for(entry: Entry, person_map: PersonMap, context: Context) -> Rule:
    """What the person map says of the entry. A record that only leads to the person, in a module whose
    records are people's, is another person's: nothing of it is cleared.
    """
    rule, module = person_map.rule(entry.record.module), context.modules.get(entry.record.module)
    own = entry.hit is not None and entry.hit.own
    of_people = module is not None and bool(module.identifying)
    return replace(rule, clear=()) if of_people and not own else rule


def field_links(entry: Entry, going: Set[Record]) -> tuple[Link, ...]:
    """The entry's links by a field of its own to a record that goes."""
    links = entry.hit.links if entry.hit is not None else ()
    others = (CONTACT_ROLES, PARTICIPANTS, CAMPAIGNS)
    return tuple(link for link in links if link.to in going and link.field not in others)


def other_links(entry: Entry, field: str, going: Set[Record]) -> tuple[Record, ...]:
    """The records that go and that the entry has in its contact roles, members or participants."""
    links = entry.hit.links if entry.hit is not None else ()
    return tuple(sorted({link.to for link in links if link.field == field and link.to in going}, key=_key))


def _key(record: Record) -> tuple[str, str]:
    return record.module, record.id


def emptied(
    entry: Entry, values: Mapping[str, object], going: Set[Record], context: Context, rule: Rule
) -> dict[str, object]:
    """The values of one update that unlinks: lookups that still lead to a record that goes, the person's own
    values where the record is theirs, and its participants without them.
    """
    links = field_links(entry, going)
    led = [link for link in links if lookup_id(values.get(link.field)) == link.to.id]
    update: dict[str, object] = {link.field: None for link in led}
    if entry.action is Action.UNLINK:
        update |= {each.field: None for each in context.own_matches(entry.record, values, rule)}
    leaving = {each.id for each in other_links(entry, PARTICIPANTS, going)}
    guests = entry.hit is not None and (leaving or entry.hit.guest) and entry.action is Action.UNLINK
    left = without_participants(values, leaving, context.is_theirs, context.wanted) if guests else None
    if left is not None:
        update[PARTICIPANTS] = left
    return update


def cleared_fields(rule: Rule, values: Mapping[str, object]) -> dict[str, object]:
    """The values of one update that empties what the person map clears."""
    return {name: None for name in rule.clear if name not in PARTS and not _is_empty(values.get(name))}


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [], {})


def going(entries: Iterable[Entry], kept_by_hold: Set[Record]) -> frozenset[Record]:
    """The records that are deleted. What a hold protects is not, and keeps its links and belongings."""
    return frozenset(
        each.record for each in entries if each.action is Action.DELETE and each.record not in kept_by_hold
    )
