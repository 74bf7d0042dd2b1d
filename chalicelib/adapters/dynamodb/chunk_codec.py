"""Chunks of ids and their outcomes as the table stores them, and back."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from chalicelib.adapters.dynamodb.codec import pack, unpack
from chalicelib.domain.outcomes import Chunk, untouched


def chunk_marks(chunk: Chunk) -> bytes:
    """Marks, codes (equal texts once) and record ids of a chunk; its ids are written once, apart."""
    texts = {words: n for n, words in enumerate(dict.fromkeys(chunk.codes.values()))}
    codes = [[i, texts[words]] for i, words in sorted(chunk.codes.items())]
    state: dict[str, object] = {"m": chunk.marks, "t": list(texts), "c": codes}
    if chunk.records:
        state["r"] = sorted(chunk.records.items())
    return pack(state)


def chunk_ids(chunk: Chunk) -> bytes:
    """The ids of a chunk; with their times of `until` where they have any, equal ones in a row once."""
    if not chunk.until:
        return pack(list(chunk.ids))
    times = [[len(list(equal)), at] for at, equal in groupby(chunk.until)]
    return pack({"ids": list(chunk.ids), "until": times})


def chunk_from(number: int, ids: Any, marks: Any | None) -> Chunk:
    """A chunk from its two stored parts; None for the marks where nothing has become of its ids yet."""
    stored = unpack(ids)
    listed, times = (stored["ids"], stored["until"]) if isinstance(stored, dict) else (stored, [])
    named = tuple(listed)
    until = tuple(float(at) for count, at in times for _ in range(count))
    if until and len(until) != len(named):
        raise ValueError("not one time for each id")
    if marks is None:
        return untouched(number, named, until)
    state = unpack(marks)
    if len(state["m"]) != len(named):
        raise ValueError("not one mark for each id")
    texts = [(str(code), str(message)) for code, message in state["t"]]
    codes = {int(i): texts[n] for i, n in state["c"]}
    # Without "r" it was written before record ids were kept, or its ids are record ids themselves.
    records = {int(i): str(record) for i, record in state.get("r", ())}
    return Chunk(number, named, str(state["m"]), codes, records, until)
