"""What an erasure has stored beside its document: the org's modules and its person map as they were when the
search began, what was found, and the map. Parts of the deletion, written with its steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.person.erasure_map import ErasureMap, assembled, hits_in, shared_in
from chalicelib.domain.person.hits import Hit, hits_of, merged
from chalicelib.domain.person.identity import Record, identity_of
from chalicelib.domain.person.matching import Wanted, kept, wanted
from chalicelib.domain.person.metadata import Module, modules_in
from chalicelib.domain.person.person_map import PersonMap, person_map_in
from chalicelib.domain.person.phones import Phones
from chalicelib.domain.person.progress import HITS, IN_A_PART, KNOWN, MAP, MOST_PARTS, ErasureProgress
from chalicelib.service.engine.step import Slice
from chalicelib.service.ports import Part, Reads

MOST_HITS = IN_A_PART * MOST_PARTS


@dataclass(frozen=True, slots=True)
class Known:
    """The org's modules and its person map, as they were when the search began."""

    modules: Mapping[str, Module]
    person_map: PersonMap

    def part(self) -> Part:
        """As it is stored."""
        modules = [each.to_json() for each in self.modules.values()]
        rules = {"person_map": self.person_map.to_json(), "put": self.person_map.put}
        return Part(KNOWN, {"modules": modules, **rules})


def known(work: Slice) -> Known:
    """What was stored of the org. Raises Unreadable."""
    stored = work.part(KNOWN)
    try:
        return Known(modules_in(stored), person_map_in(stored))
    except (AttributeError, LookupError, TypeError, ValueError) as problem:
        raise Unreadable(work.deletion.id, f"modules: {type(problem).__name__}") from problem


def wanted_of(work: Slice, person_map: PersonMap, phones: Phones) -> Wanted:
    """The identity as it is compared; of a retry what is kept of it. Raises UnreadableNumber."""
    deletion = work.deletion
    if is_retry(deletion):
        return kept(deletion.erasure["identity"], str(deletion.erasure["key"]), person_map.region)
    return wanted(identity_of(deletion.request.identity), person_map.region, phones)


def hits(work: Slice, progress: ErasureProgress) -> dict[Record, Hit]:
    """What was found so far. Raises Unreadable."""
    try:
        return merged(_hits(work.ledger, work.deletion, progress))
    except (AttributeError, LookupError, TypeError, ValueError) as problem:
        raise Unreadable(work.deletion.id, f"hits: {type(problem).__name__}") from problem


def _hits(ledger: Reads, deletion: Deletion, progress: ErasureProgress) -> list[Hit]:
    parts = [ledger.part(deletion.id, HITS + n) for n in range(progress.hit_parts)]
    return [hit for part in parts for hit in hits_of(part)]


def hit_parts(found: Iterable[Hit]) -> tuple[Part, ...]:
    """What was found, as it is stored."""
    return _parts(HITS, [each.to_json() for each in found])


def map_parts(made: ErasureMap) -> tuple[Part, ...]:
    """The map, as it is stored: entries as operators see them, each with what it was made of."""
    entries = [
        {"shown": each.to_json(), "hit": each.hit.to_json() if each.hit is not None else None}
        for each in made.entries
    ]
    return _parts(MAP, entries)


def _parts(first: int, listed: Sequence[object]) -> tuple[Part, ...]:
    cut = range(0, len(listed), IN_A_PART)
    return tuple(Part(first + n, list(listed[at : at + IN_A_PART])) for n, at in enumerate(cut))


def is_retry(deletion: Deletion) -> bool:
    """Does it go by the map of an erasure before it?"""
    return deletion.retry_of is not None


def map_hits(ledger: Reads, deletion: Deletion, progress: ErasureProgress) -> list[Hit]:
    """What the stored map was made of; of a retry with what was settled before it. Raises Unreadable."""
    try:
        if is_retry(deletion):
            return _hits(ledger, deletion, progress)
        parts = [ledger.part(deletion.id, MAP + n) for n in range(progress.map_parts)]
        return [hit for part in parts for hit in hits_in(part)]
    except (AttributeError, LookupError, TypeError, ValueError) as problem:
        raise Unreadable(deletion.id, f"map: {type(problem).__name__}") from problem


def stored_map(work: Slice, progress: ErasureProgress, person_map: PersonMap) -> ErasureMap:
    """The stored map with the shared values that are meant: what is carried out. Which values are shared its
    plan tells: records have them, too, that are not in the map.
    """
    shared = shared_in(work.deletion.erasure)
    hits = map_hits(work.ledger, work.deletion, progress)
    return assembled(hits, person_map, frozenset(progress.meant), shared)
