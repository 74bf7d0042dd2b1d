"""Is a deletion's log whole, and is the deletion as its log has committed to?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.log import (
    FAILED,
    FIRST,
    FORGET_ASKED,
    FORGOTTEN,
    REFERENCE,
    WHY,
    Entry,
    content,
    link,
    own_parts,
)
from chalicelib.domain.log_commitments import (
    APPROVAL,
    END,
    IDS,
    LIMITS,
    RECORDS,
    REQUEST,
    asked_ids,
    commitment,
    digest,
    facts_of,
)
from chalicelib.domain.outcomes import Chunk


def first_broken(entries: Iterable[Entry], *, forgotten: bool = False) -> int | None:
    """The number of the first entry that is missing, out of order or altered; None where the log is whole.

    `forgotten`: parts of it may have been taken away, each with its salt.
    """
    previous, expected = "", 1
    for entry in entries:
        altered = entry.chain != link(previous, content(entry)) or not _own_fits(entry, forgotten=forgotten)
        if entry.n != expected or altered:
            return expected
        previous, expected = entry.chain, expected + 1
    return None


def was_forgotten(deletion: Deletion, entries: Iterable[Entry]) -> bool:
    """Was it forgotten, or is it at this moment, as its log says too? What only the deletion says could hide
    what was taken away.
    """
    said = set()
    if deletion.forgotten_at is not None or deletion.texts_forgotten_at is not None:
        said.add(FORGOTTEN)
    if deletion.forget_noted:
        said.add(FORGET_ASKED)
    return any(entry.what in said for entry in entries)


def differing(deletion: Deletion, entries: Iterable[Entry], chunks: Iterable[Chunk | None]) -> str:
    """What of a deletion is not as its log, which is whole, has committed to; "" where all of it is.

    `chunks`: its ids with their outcomes, in order; each is read once and only where it is needed.
    """
    listed = list(entries)
    if not listed:
        return "its log is empty"
    newest: dict[str, Entry] = {}
    for entry in listed:
        newest |= dict.fromkeys(entry.facts, entry)
    opened = listed[0]
    if WHY in opened.salts and (deletion.request.reason or "") != opened.why:
        return "its reason"
    told = (opened.event or {}).get("data", {}).get("reference")
    if REFERENCE in opened.salts and deletion.request.reference != told:
        return "its reference"
    return _facts_differ(deletion, newest) or _records_differ(deletion, newest, chunks)


def _facts_differ(deletion: Deletion, newest: Mapping[str, Entry]) -> str:
    known = {name: commitment(value) for name, value in facts_of(deletion, 1).items()}
    last = newest.get(END)
    if last is not None and END not in known:
        return _WORDS[END]
    if last is not None and (APPROVAL in known) != (APPROVAL in last.facts):
        return _WORDS[APPROVAL]
    for name, value in known.items():
        if name in newest and value != newest[name].facts[name]:
            return _WORDS[name]
    return ""


def _records_differ(deletion: Deletion, newest: Mapping[str, Entry], chunks: Iterable[Chunk | None]) -> str:
    ids, records = newest.get(IDS), newest.get(RECORDS)
    has_ids = ids is not None and IDS in ids.salts
    has_records = records is not None and RECORDS in records.salts and deletion.is_final
    if not has_ids and not has_records:
        return ""
    read = list(chunks)
    if ids is not None and has_ids:
        named = [one for chunk in read if chunk is not None for one in chunk.ids]
        if commitment(asked_ids(deletion, named), ids.salts[IDS]) != ids.facts[IDS]:
            return "its ids"
    if records is None or not has_records:
        return ""
    same = commitment(digest(read), records.salts[RECORDS]) == records.facts[RECORDS]
    return "" if same else "its ids or their outcomes"


_WORDS = {
    REQUEST: "what was asked for, or by whom",
    LIMITS: "its limits",
    APPROVAL: "its approval",
    END: "how it ended",
}


def _own_fits(entry: Entry, *, forgotten: bool) -> bool:
    """Is what the entry has as it committed to, and all of it there that was not forgotten?"""
    own = own_parts(entry.why, entry.event)
    if any(name not in entry.salts for name in own):
        return False
    if any(commitment(value, entry.salts[name]) != entry.facts.get(name) for name, value in own.items()):
        return False
    known = {WHY, REFERENCE, FAILED, FIRST}
    if any(name in known and name not in own for name in entry.salts):
        return False
    return forgotten or not any(name in known and name not in own for name in entry.facts)
