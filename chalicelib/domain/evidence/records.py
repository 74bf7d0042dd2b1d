"""The records file of a receipt: which records it speaks of, each with a salt of its own, and its root.

First a line with the reference and its salt, then a line for each id. The root covers the lines that hold
ids; the receipt has it, so that a line can be shown to belong to the receipt, and the file can be forgotten
without breaking it.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import named
from chalicelib.domain.evidence import merkle
from chalicelib.domain.evidence.salts import salt
from chalicelib.domain.outcomes import Chunk, Mark, outcome_name

#: The most that a file may hold unpacked (bytes): what a deletion of the most ids can fill, several times.
MOST_BYTES = 512 * 1024 * 1024
#: How each file begins: no name, no time, no system that it was made on.
_BEGINNING = bytes.fromhex("1f8b08000000000000ff")


class NoRecords(ValueError):
    """The bytes are no records file; the message says why."""


@dataclass(frozen=True, slots=True)
class Records:
    """`first`: the line of the reference; `lines`: one for each id. All as bytes, without line feeds."""

    first: bytes
    lines: tuple[bytes, ...]

    @property
    def root(self) -> str:
        """The Merkle root over the lines that hold ids."""
        return merkle.root(self.lines)

    def packed(self) -> bytes:
        """The file: gzip, the same bytes each time."""
        out = io.BytesIO()
        with gzip.GzipFile(filename="", fileobj=out, mode="wb", compresslevel=6, mtime=0) as file:
            file.write(b"\n".join((self.first, *self.lines, b"")))
        return out.getvalue()


def unpacked(data: bytes) -> Records:
    """The records in a file's bytes. Raises NoRecords."""
    if not data.startswith(_BEGINNING):
        raise NoRecords("does not begin as such a file does")
    unpacking = zlib.decompressobj(wbits=31)
    try:
        text = unpacking.decompress(data, MOST_BYTES)
    except zlib.error as problem:
        raise NoRecords("cannot be unpacked: it was changed") from problem
    if not unpacking.eof or unpacking.unused_data:
        raise NoRecords("is cut off, has something after its end, or is too long")
    first, *lines = text.split(b"\n")
    if not lines or lines.pop() != b"":
        raise NoRecords("does not end with a line feed")
    return Records(first, tuple(lines))


def of(deletion: Deletion, chunks: Iterable[Chunk]) -> Records:
    """The records of a final deletion, in the order of `GET .../records`.

    The salts go by the end that the deletion has reached: another end gives others.
    """
    seed, end = deletion.seed, deletion.finished_at
    lines: list[bytes] = []
    for chunk in chunks:
        for position, record_id in enumerate(chunk.ids):
            line = {
                "salt": salt(seed, "record", end, len(lines)),
                **named(deletion, record_id),
                "outcome": outcome_name(Mark(chunk.marks[position])),
                "code": chunk.codes.get(position, ("", ""))[0] or None,
            }
            lines.append(_line(line))
    reference = deletion.request.reference
    return Records(first_line(reference_salt(deletion), reference), tuple(lines))


def without_reference(file: Records) -> Records:
    """The file after its reference was forgotten: the root stays, as it is over the lines that hold ids."""
    return replace(file, first=first_line(None, None))


def first_line(known: str | None, reference: str | None) -> bytes:
    """The line of the reference, with its salt."""
    return _line({"reference_salt": known, "reference": reference})


def reference_salt(deletion: Deletion) -> str | None:
    """The salt of the reference's hash; None without a reference."""
    if deletion.request.reference is None or not deletion.seed:
        return None
    return salt(deletion.seed, "reference", deletion.finished_at)


def _line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
