"""What operators see and set about erasing people: the map of an erasure, and the person map of an org."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.callers import Caller
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Missing, Unreadable, WrongState
from chalicelib.domain.evidence.operators import Entry, What
from chalicelib.domain.person.erasure_map import shown_in
from chalicelib.domain.person.metadata import Module, by_name, module_of
from chalicelib.domain.person.person_map import PersonMap, default, kept_map, parse
from chalicelib.domain.person.progress import IN_A_PART, MAP
from chalicelib.domain.request import Operation


class People(Protocol):
    """The part of the ledger that is about erasing people."""

    def get(self, deletion_id: str) -> Deletion | None:
        """The deletion as it stands. Raises Unreadable."""

    def part(self, deletion_id: str, number: int) -> object:
        """The content of a part. Raises Unreadable where it is not there."""

    def person_map(self, org: str) -> Mapping[str, object] | None:
        """See ports.Reads."""

    def org_modules(self, org: str) -> Sequence[Mapping[str, object]] | None:
        """The org's modules (domain.person.metadata) as a worker read them last; None where none has."""

    def put_person_map(self, org: str, person_map: Mapping[str, object], noted: Entry) -> None:
        """Keep the map that an operator has put, in place of the one before, with its entry of the operators'
        log: both, or neither.
        """


@dataclass(frozen=True, slots=True)
class MapPage:
    """A page of a map. `entries`: as operators see them; `following`: the page after it, None for none."""

    deletion: Deletion
    entries: Sequence[Mapping[str, object]]
    following: int | None


def map_page(people: People, deletion_id: str, page: int) -> MapPage:
    """A page of the map of an erasure, from page 0 on; it stays readable after the end. Raises Missing for
    what is no erasure, WrongState where there is no map.
    """
    deletion = people.get(deletion_id)
    if deletion is None or deletion.request.operation is not Operation.ERASE_PERSON:
        raise Missing(deletion_id)
    if "map_hash" not in deletion.erasure:
        raise WrongState(f"it has no map: {deletion.status}")
    parts = -(-int(str(deletion.erasure["records"])) // IN_A_PART)
    if page >= parts:
        return MapPage(deletion, (), None)
    try:
        entries = shown_in(people.part(deletion_id, MAP + page))
    except (LookupError, TypeError) as problem:
        raise Unreadable(deletion_id, f"map: {type(problem).__name__}") from problem
    return MapPage(deletion, entries, page + 1 if page + 1 < parts else None)


def person_map(people: People, org: str) -> PersonMap:
    """The org's person map as it holds: as put, else its default. Raises Missing before a worker has read
    the org's modules, and WrongState where what was put cannot be read.
    """
    try:
        put = people.person_map(org)
        if put is not None:
            return kept_map(org, put)
    except Unreadable as problem:
        words = f"the person map of org {org} cannot be read ({problem.reason})"
        raise WrongState(f"{words}: put it anew, expunge person-map apply FILE") from problem
    return default(_modules(people, org).values())


def put(people: People, org: str, raw: object, caller: Caller) -> PersonMap:
    """Put the org's person map. Raises NotValid with a field for every problem, or Missing as `person_map`
    does: what cannot be checked against the org's modules is not taken.
    """
    made = parse(raw, _modules(people, org))
    before = None
    with suppress(WrongState):  # what cannot be read is put anew
        before = person_map(people, org).to_json()
    entry = caller.entry(What.PERSON_MAP_PUT, f"org/{org}", before, made.to_json())
    people.put_person_map(org, made.to_json(), entry)
    return made


def _modules(people: People, org: str) -> dict[str, Module]:
    found = people.org_modules(org)
    if found is None:
        raise Missing(f"the modules of org {org}: a worker reads them with the first erasure, a dry run too")
    try:
        return by_name(module_of(each) for each in found)
    except (AttributeError, LookupError, TypeError, ValueError):
        raise Missing(f"the modules of org {org} cannot be read: the next erasure reads them anew") from None
