"""How far an erasure is, as its deletion keeps it. Pure; plain JSON when it is stored."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.person.out_of_reach import Unreached


class Phase(StrEnum):
    """What is done now. The first seven read only; they are gone through again before anything is sent."""

    MODULES = "modules"  # the org's modules and their fields
    SEARCH = "search"  # every module for every value
    NAMED = "named"  # the records that the request names by id
    LINKS = "links"  # who leads to the person's records, by lookups
    LISTS = "lists"  # ... and by contact roles, campaigns, participants
    COUNT = "count"  # what belongs to the person's records
    JUDGE = "judge"  # the map is made, limits and approval are asked
    UNLINK = "unlink"
    CLEAR = "clear"
    DELETE = "delete"
    VERIFY = "verify"  # searched again, and what is found is read


#: The numbers of an erasure's parts (ports.Part): what was known of the org, what was found, the map.
KNOWN, HITS, MAP = 0, 1, 101
#: Hits or entries in one part, and parts of each kind: more than a person has, and one chunk of outcomes.
IN_A_PART, MOST_PARTS = 500, 10
#: Searches that show, after the last step, that nothing is found any more.
VERIFICATIONS = 2


@dataclass(frozen=True, slots=True)
class ErasureProgress:
    """Where it stands, besides the marks of its entries.

    `at`: the next module, question, hit or entry of the phase; `page`, `after`: where a question goes on.
    `hit_parts`, `map_parts`: parts that are stored of what was found and of the map. `unreached`: as [code,
    module, field]. `mapped`: the hash of the map that is stored. `approved`: the hash of the map that may be
    carried out, "" where none is; `ruled`: the digest of the person map's rules for its modules; `meant`: the
    shared values that are meant. `open`: ledger numbers of calls with an intent and no answer, with the
    entries that they are about (`about`). `tries`: the same call (`doing`) for the entry at hand, again and
    again. `verified`: verifications that have ended, `verifying`: one is going on; `found`: what they found,
    as [module, id]. `stopped`: a refusal of every call, as (code, message): nothing more is sent. `code`,
    `message`: what stood in its way last.
    """

    phase: Phase = Phase.MODULES
    at: int = 0
    page: int = 1
    after: str | None = None
    hit_parts: int = 0
    map_parts: int = 0
    unreached: tuple[tuple[str, str, str], ...] = ()
    mapped: str = ""
    approved: str = ""
    ruled: str = ""
    meant: tuple[str, ...] = ()
    open: tuple[int, ...] = ()
    about: tuple[int, ...] = ()
    tries: int = 0
    doing: str = ""
    verified: int = 0
    verifying: bool = False
    found: tuple[tuple[str, str], ...] = ()
    stopped: tuple[str, str] | None = None
    code: str = ""
    message: str = ""

    def to_json(self) -> dict[str, object]:
        """As it is stored in the deletion."""
        return asdict(self)

    def on_to(self, phase: Phase) -> ErasureProgress:
        """At the beginning of a phase."""
        return replace(self, phase=phase, at=0, page=1, after=None, tries=0)

    def without_reach(self, *more: Unreached) -> ErasureProgress:
        """With more places that were not reached, each once."""
        added = {(each.code, each.module, each.field) for each in more}
        return replace(self, unreached=tuple(sorted({*self.unreached, *added})))

    @property
    def not_reached(self) -> list[Unreached]:
        """The places that were not reached."""
        return [Unreached(*each) for each in self.unreached]


_TUPLES = {"unreached": True, "found": True, "meant": False, "open": False, "about": False}


def progress_of(deletion: Deletion) -> ErasureProgress:
    """The stored progress, or a fresh one. Raises TypeError or ValueError for one of another version."""
    stored: dict[str, Any] = dict(deletion.progress)
    known = {each.name for each in fields(ErasureProgress)}
    if not stored.keys() <= known:
        raise TypeError("a progress of another version")
    for name, nested in _TUPLES.items():
        if name in stored:
            stored[name] = tuple(tuple(each) if nested else each for each in stored[name])
    if stored.get("stopped") is not None:
        stored["stopped"] = tuple(stored["stopped"])
    if "phase" in stored:
        stored["phase"] = Phase(stored["phase"])
    return ErasureProgress(**stored)
