"""The map of an erasure: one entry for each record, with what is done with it and why; its hash; what is
shared with others.

An approval is bound to the hash, so the same records, actions and reasons have the same hash in whatever
order they were found, and another one as soon as any of them differs. Counts are no part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain.evidence import canonical
from chalicelib.domain.outcomes import Mark
from chalicelib.domain.person import ruling
from chalicelib.domain.person.guests import PARTICIPANTS
from chalicelib.domain.person.hits import GONE, STAYS, Hit, Link, hit_of, merged
from chalicelib.domain.person.identity import Record
from chalicelib.domain.person.matching import By, Match
from chalicelib.domain.person.person_map import Action, PersonMap
from chalicelib.domain.person.ruling import matching

SHARED = "shared value"
_DONE = {
    Action.DELETE: Mark.DELETED,
    Action.UNLINK: Mark.UNLINKED,
    Action.CLEAR: Mark.CLEARED,
    Action.KEEP: Mark.KEPT,
}


@dataclass(frozen=True, slots=True, order=True)
class Why:
    """A reason for which a record is in the map."""

    field: str
    by: By


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the map. `shared_with`: how many records have the shared value that it was found by.

    `hit`: what it was made of, never shown.
    """

    record: Record
    action: Action
    why: tuple[Why, ...]
    keep_reason: str | None = None
    shared_with: int = 0
    goes_along: Mapping[str, int] = field(default_factory=dict)
    hit: Hit | None = None

    def to_json(self) -> dict[str, object]:
        """As operators see it: never a value of the identity."""
        return {
            "module": self.record.module,
            "id": self.record.id,
            "why": [{"field": each.field, "by": each.by.value} for each in self.why],
            "action": self.action.value,
            "keep_reason": self.keep_reason,
            "goes_along": dict(sorted(self.goes_along.items())),
            "shared_with": self.shared_with,
        }


@dataclass(frozen=True, slots=True)
class Shared:
    """A value that more records have than one person's. `value`: its pointer in the request."""

    value: str
    shared_with: int


@dataclass(frozen=True, slots=True)
class ErasureMap:
    """Entries sorted by module and id, and the shared values in the request's order. `gone`: of a retry, what
    was deleted before it.
    """

    entries: tuple[Entry, ...]
    shared: tuple[Shared, ...]
    gone: frozenset[Record] = frozenset()

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the canonical JSON: a list of {"action", "id", "module", "why"}."""
        listed = [
            {
                "module": each.record.module,
                "id": each.record.id,
                "action": each.action.value,
                "why": [{"field": why.field, "by": why.by.value} for why in each.why],
            }
            for each in self.entries
        ]
        return canonical.sha256(canonical.to_bytes(listed))

    @property
    def deletes(self) -> int:
        """How many records are deleted."""
        return sum(each.action is Action.DELETE for each in self.entries)

    def plan(self, out_of_reach: list[dict[str, object]]) -> dict[str, object]:
        """The plan in the status document: numbers, and no id."""
        along: Counter[str] = Counter()
        for each in self.entries:
            if each.action is Action.DELETE:
                along.update(each.goes_along)
        modules = Counter(each.record.module for each in self.entries)
        return {
            "map_hash": self.hash,
            "records": len(self.entries),
            "by_module": dict(sorted(modules.items())),
            "goes_along": dict(sorted(along.items())),
            "shared": [{"value": each.value, "shared_with": each.shared_with} for each in self.shared],
            "out_of_reach": out_of_reach,
        }


def shared_values(hits: Iterable[Hit], most: int) -> dict[str, int]:
    """The pointers of values that more than `most` records have, with their number."""
    having: Counter[str] = Counter()
    for hit in hits:
        having.update({value for match in hit.matches for value in match.values})
    return {value: count for value, count in having.items() if count > most}


def assembled(
    hits: Iterable[Hit],
    person_map: PersonMap,
    meant: Set[str] = frozenset(),
    shared: Mapping[str, int] | None = None,
) -> ErasureMap:
    """The map of what was found. `meant`: pointers of shared values that do mean this person; `shared`: those
    that are shared, where more was found than the hits (None: by the hits).
    """
    found = merged(hits)
    if shared is None:
        shared = shared_values(found.values(), person_map.max_shared)
    entries: dict[Record, Entry] = {}
    for record, hit in found.items():
        if hit.named or matching(hit, person_map.rule(record.module)):
            entries[record] = _own(hit, person_map, shared, meant)
    going = {
        record
        for record, entry in entries.items()
        if entry.action is Action.DELETE and found[record].settled != STAYS
    }
    for record, entry in entries.items():
        rule, hit = person_map.rule(record.module), found[record]
        theirs = any(counts(match, shared, meant) for match in matching(hit, rule))
        if entry.action is Action.UNLINK and not theirs and ruling.nothing_to_take(hit, rule, going):
            entries[record] = replace(entry, action=Action.KEEP, keep_reason=ruling.NOTHING)
    own = frozenset(entries)  # who leads to one that only leads to the person is in no map
    for record, hit in found.items():
        links = tuple(link for link in hit.links if link.to in own)
        if record not in entries and (links or hit.guest):
            theirs = bool(hit.guest) and says(hit.guest, shared, meant)
            leads = theirs or any(link.to in going for link in links)
            entries[record] = _linked(hit, links, person_map, leads=leads)
    left = (entry for record, entry in entries.items() if not found[record].settled)
    ordered = sorted(left, key=lambda each: (each.record.module, each.record.id))
    named = sorted(shared.items(), key=lambda each: _place(each[0]))
    gone = frozenset(record for record in going if found[record].settled == GONE)
    return ErasureMap(tuple(ordered), tuple(Shared(value, count) for value, count in named), gone)


def _place(value: str) -> tuple[str, int]:
    head, _, number = value.rpartition("/")
    return head, int(number)


def counts(match: Match, shared: Mapping[str, int], meant: Set[str]) -> bool:
    """Does the match say by itself that the record is the person's? Not where its value is shared, and
    nobody has said that it is meant.
    """
    return says(match.values, shared, meant)


def says(places: tuple[str, ...], shared: Mapping[str, int], meant: Set[str]) -> bool:
    """As `counts`, of the places of one value."""
    return not any(value in shared for value in places) or any(value in meant for value in places)


def _own(hit: Hit, person_map: PersonMap, shared: Mapping[str, int], meant: Set[str]) -> Entry:
    """The entry of a record that is the person's by its own values, or by its id."""
    rule = person_map.rule(hit.record.module)
    matches = matching(hit, rule)
    why = {Why(each.field, each.by) for each in matches}
    why |= {Why("id", By.RECORD)} if hit.named else set()
    why |= {Why(link.field, By.LOOKUP) for link in hit.links} | _as_guest(hit)
    action, reason = ruling.ruled(hit, person_map)
    if action is not Action.KEEP and not hit.named and not any(counts(m, shared, meant) for m in matches):
        action, reason = Action.KEEP, SHARED
    values = {value for match in matches for value in match.values}
    most = max((shared[value] for value in values if value in shared), default=0)
    return Entry(hit.record, action, tuple(sorted(why)), reason, most, hit.goes_along, hit)


def _as_guest(hit: Hit) -> set[Why]:
    return {Why(PARTICIPANTS, By.EMAIL)} if hit.guest else set()


def _linked(hit: Hit, links: tuple[Link, ...], person_map: PersonMap, *, leads: bool) -> Entry:
    """The entry of a record that only leads to the person: it is another's, and never deleted. `leads`: to
    what goes, or to an address that is the person's alone.
    """
    rule = person_map.rule(hit.record.module)
    why = tuple(sorted({Why(link.field, By.LOOKUP) for link in links} | _as_guest(hit)))
    if rule.action is Action.KEEP:
        return Entry(hit.record, Action.KEEP, why, rule.keep_reason, hit=hit)
    if not leads:
        return Entry(hit.record, Action.KEEP, why, SHARED, hit=hit)
    return Entry(hit.record, Action.UNLINK, why, hit=hit)


def when_done(parts: Iterable[Any]) -> dict[str, Mark]:
    """What each entry of a stored map is once its action was done, by `Module/id`. Raises TypeError or
    LookupError.
    """
    entries = [each for part in parts for each in shown_in(part)]
    return {f"{each['module']}/{each['id']}": _DONE[Action(each["action"])] for each in entries}


def shared_in(plan: Mapping[str, Any]) -> dict[str, int]:
    """The shared values of a plan, with the number of records that have them."""
    return {str(each["value"]): int(each["shared_with"]) for each in plan.get("shared", ())}


def hits_in(part: Any) -> list[Hit]:
    """What the entries of a stored part of a map were made of. Raises as `hits.hit_of`, or TypeError."""
    return [hit_of(each["hit"]) for each in part]


def shown_in(part: Any) -> list[dict[str, Any]]:
    """The entries of a stored part of a map, as operators see them. Raises TypeError or KeyError."""
    return [each["shown"] for each in part]
