"""A retry of an erasure: its map is what the map before left undone. The identity is gone by then, so nobody
is looked for; each record is compared with what is kept of the identity, directly before its call.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.outcomes import Mark
from chalicelib.domain.person.hits import GONE, STAYS, Hit
from chalicelib.domain.person.out_of_reach import NOT_SEARCHED, WHOLE_ORG, Unreached
from chalicelib.domain.person.person_map import PersonMap, default, kept_map
from chalicelib.domain.person.progress import KNOWN, ErasureProgress, Phase, progress_of
from chalicelib.service.engine.step import Commit, Slice, Step
from chalicelib.service.person import stored
from chalicelib.service.ports import Part

_LEFT = (Mark.FAILED, Mark.UNKNOWN)
_WENT = (Mark.DELETED, Mark.ABSENT)


def begin(work: Slice, progress: ErasureProgress) -> Step:
    """Take over the map that is retried, with what became of its records. Raises Unreadable."""
    before = work.ledger.get(work.deletion.retry_of or "")
    if before is None or "identity" not in before.erasure or before.texts_forgotten_at is not None:
        raise Unreadable(work.deletion.id, "the map that is retried was forgotten")
    theirs = progress_of(before)
    parts = stored.hit_parts(_as_it_ended(work, before, theirs))
    deletion = replace(
        work.deletion,
        erasure={
            "identity": before.erasure["identity"],
            "key": before.erasure.get("key") or before.seed,
            "shared": before.erasure["shared"],
        },
    )
    after = progress.on_to(Phase.JUDGE).without_reach(*theirs.not_reached, Unreached(NOT_SEARCHED, WHOLE_ORG))
    after = replace(after, hit_parts=len(parts))
    return Commit(
        replace(deletion, progress=after.to_json(), updated_at=work.now),
        parts=(*parts, Part(KNOWN, work.ledger.part(before.id, KNOWN))),
        running="a map is retried",
        proven=True,
    )


def _as_it_ended(work: Slice, before: Deletion, progress: ErasureProgress) -> list[Hit]:
    chunk = work.ledger.chunk(before.id, 0)
    marks = {one: Mark(mark) for one, mark in zip(chunk.ids, chunk.marks, strict=True)}

    def ended(hit: Hit) -> Hit:
        mark = marks.get(f"{hit.record.module}/{hit.record.id}")
        if mark is None or hit.settled:
            return hit
        return replace(hit, settled="" if mark in _LEFT else GONE if mark in _WENT else STAYS)

    return [ended(hit) for hit in stored.map_hits(work.ledger, before, progress)]


def person_map_now(work: Slice, known: stored.Known) -> PersonMap:
    """The org's person map as it is now, for the modules that were known when the map was made."""
    org = work.deletion.request.org
    put = work.ledger.person_map(org)
    return kept_map(org, put) if put is not None else default(known.modules.values())
