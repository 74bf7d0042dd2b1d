"""What a search has found: a record with all that ties it to the person. Stored while the search goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain.person.identity import Record
from chalicelib.domain.person.matching import By, Match

#: What became of a record before a retry: it is gone, or it stays as it is.
GONE, STAYS = "gone", "stays"


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """What leads from a record to another one of the person's (`to`).

    `field`: a lookup, or the related list or part that holds the link (Contact_Roles, Campaigns,
    Participants).
    """

    field: str
    to: Record


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that is, or leads to, the person's. `matches`: its own fields that hold a value. `named`: the
    pointers by which the request names it. `goes_along`: how many records of each related list go with it.
    `guest`: the pointers of addresses that are among its participants with no record of their own.
    `settled`: of a retry, what became of the record before it: GONE or STAYS; "" where it is to be done.
    """

    record: Record
    matches: tuple[Match, ...] = ()
    named: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    goes_along: Mapping[str, int] = field(default_factory=dict)
    settled: str = ""
    guest: tuple[str, ...] = ()

    @property
    def own(self) -> bool:
        """Is it the person's by itself, and not only by a link?"""
        return bool(self.matches or self.named)

    def to_json(self) -> dict[str, object]:
        """As it is stored; what it does not have is left out."""
        shown: dict[str, object] = {"m": self.record.module, "i": self.record.id}
        if self.matches:
            shown["f"] = [[each.field, each.by.value, list(each.values)] for each in self.matches]
        if self.named:
            shown["n"] = list(self.named)
        if self.links:
            shown["l"] = [[each.field, each.to.module, each.to.id] for each in self.links]
        if self.goes_along:
            shown["g"] = dict(self.goes_along)
        if self.guest:
            shown["p"] = list(self.guest)
        if self.settled:
            shown["s"] = self.settled
        return shown


def hit_of(stored: Mapping[str, Any]) -> Hit:
    """The hit that `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    return Hit(
        Record(stored["m"], stored["i"]),
        tuple(Match(name, By(by), tuple(values)) for name, by, values in stored.get("f", ())),
        tuple(stored.get("n", ())),
        tuple(Link(name, Record(module, one)) for name, module, one in stored.get("l", ())),
        {str(name): int(count) for name, count in stored.get("g", {}).items()},
        str(stored.get("s", "")),
        tuple(stored.get("p", ())),
    )


def hits_of(part: Any) -> list[Hit]:
    """The hits of a stored part. Raises as `hit_of`."""
    return [hit_of(each) for each in part]


def merged(found: Iterable[Hit]) -> dict[Record, Hit]:
    """The hits by their records: what several searches have found of one record is put together."""
    known: dict[Record, Hit] = {}
    for hit in found:
        before = known.get(hit.record)
        known[hit.record] = hit if before is None else _both(before, hit)
    return known


def _both(one: Hit, other: Hit) -> Hit:
    return replace(
        one,
        matches=tuple(sorted({*one.matches, *other.matches})),
        named=tuple(sorted({*one.named, *other.named})),
        links=tuple(sorted({*one.links, *other.links}, key=_order)),
        goes_along={**one.goes_along, **other.goes_along},
        guest=tuple(sorted({*one.guest, *other.guest})),
    )


def _order(link: Link) -> tuple[str, str, str]:
    return link.field, link.to.module, link.to.id
