"""Digests: short hashes of the ids of many deletions, from which `expunge find` knows which ones to read.

A hash of 3 bytes says "perhaps": about one id in 17 million has the same. What it points to is read, so a
digest can make the search longer, never its answer wrong. What hashes cannot tell for good stands in `look`
and is read each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.outcomes import Chunk
from chalicelib.domain.request import Operation

#: Bytes of a hash.
WIDTH = 3
#: Bytes of hashes and names after which a digest is full. A chunk of the most ids fits twelve times.
FULL = 180_000
#: Bytes of the name of a part, and of a deletion in `look`.
_NAME = 45
#: Operations that name their records when they are accepted, and never others.
_NAMED_AT_ONCE = frozenset(
    {
        Operation.DELETE_RECORDS,
        Operation.DELINK_RECORDS,
        Operation.RESTORE,
        Operation.DELETE_PERMANENTLY,
    }
)

#: A chunk of a deletion: the deletion's id, and the chunk's number.
Part = tuple[str, int]
#: Added to the number of a chunk: the part has its external ids, which are forgotten sooner than record ids.
EXTERNAL = 10_000_000


@dataclass(frozen=True, slots=True)
class Extent:
    """The deletions that digests tell of: accepted on the day `first` (yyyy-mm-dd, UTC) or later, and up to
    the place in the list of `day` that `created_at` and `deletion` name; "" is the beginning of that day.
    """

    first: str
    day: str
    created_at: str = ""
    deletion: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A deletion with the ids that it named or took. None stands for what cannot be read."""

    id: str
    deletion: Deletion | None
    chunks: tuple[Chunk, ...] | None


@dataclass(frozen=True, slots=True)
class Digest:
    """`parts`: the hashes of each chunk's ids, in a row. `look`: deletions to be read each time. `first`: the
    first deletion that it tells of, and its part. `expires_at`: when the last of them expires.
    """

    first: Part
    parts: Mapping[Part, bytes]
    look: frozenset[str]
    expires_at: int


def of(deletions: Iterable[Named]) -> Iterator[Digest]:
    """The digests of these deletions, each of a size that one item of the table takes; the same each time."""
    first: Part | None = None
    parts: dict[Part, bytes] = {}
    look: set[str] = set()
    size = expires_at = 0
    for named in deletions:
        expires_at = max(expires_at, named.deletion.expires_at if named.deletion else 0)
        for part, data in _parts(named):
            first = first or part
            if data is None:
                look.add(part[0])
            else:
                parts[part] = data
            size += _NAME + len(data or b"")
            if size >= FULL:
                yield Digest(first, parts, frozenset(look), expires_at)
                first, parts, look, size = None, {}, set(), 0
    if first is not None:
        yield Digest(first, parts, frozenset(look), expires_at)


def _parts(named: Named) -> Iterator[tuple[Part, bytes | None]]:
    """The hashes of each chunk; None for a deletion that has to be read."""
    deletion, chunks = named.deletion, named.chunks
    if deletion is None or chunks is None or not _told_by_its_ids(deletion):
        yield (named.id, 0), None
        return
    external = deletion.request.external_id_field is not None
    for chunk in chunks:
        ids = [record_of(deletion, each)[1] for each in (() if external else chunk.ids)]
        ids += chunk.records.values()
        if chunk.number == 0 and deletion.request.record_id:
            ids.append(deletion.request.record_id)
        yield (named.id, chunk.number), hashes(ids)
        if external:
            yield (named.id, EXTERNAL + chunk.number), hashes(chunk.ids)


def record_of(deletion: Deletion, named: str) -> tuple[str, str]:
    """Module and id of a record that a chunk of the deletion names; an erasure's are of several modules."""
    if deletion.request.operation is Operation.ERASE_PERSON:
        module, _, record = named.rpartition("/")
        return module, record
    return deletion.request.module, named


def hashes(ids: Iterable[str]) -> bytes:
    """The hashes of ids, sorted, each once, in a row."""
    return b"".join(sorted({_hash(each) for each in ids}))


def _hash(record: str) -> bytes:
    return hashlib.sha256(record.encode(errors="surrogatepass")).digest()[:WIDTH]


def candidates(digests: Iterable[Digest], record: str) -> list[str]:
    """The deletions that may have named or taken the record, as far as these digests tell."""
    wanted = _hash(record)
    found: list[str] = []
    for digest in digests:
        found += digest.look
        found += [deletion for (deletion, _), data in digest.parts.items() if _holds(data, wanted)]
    return list(dict.fromkeys(found))


def _holds(data: bytes, wanted: bytes) -> bool:
    at = data.find(wanted)
    while at >= 0 and at % WIDTH:
        at = data.find(wanted, at + 1)
    return at >= 0


def _told_by_its_ids(deletion: Deletion) -> bool:
    """Do the ids that it has now tell for good which records it named or took?"""
    request = deletion.request
    fixed = request.operation in _NAMED_AT_ONCE and request.external_id_field is None
    return (deletion.is_final or fixed) and not doubt(deletion)


def doubt(deletion: Deletion) -> str:
    """Why the deletion may have taken records that none of its ids name: `forgotten`, `not listed`, or ""."""
    if deletion.forgotten_at is not None:
        return "forgotten"
    if deletion.request.operation is not Operation.MASS_DELETE or deletion.request.dry_run:
        return ""
    started = deletion.sent_at is not None or deletion.job_id is not None
    late = any(problem.code == "START_LOST" for problem in deletion.problems)
    return "not listed" if late or deletion.unlisted or (started and not deletion.frozen) else ""


def day_of(at: float) -> str:
    """The day (yyyy-mm-dd, UTC) of a time in seconds since the epoch."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
