"""Checks the whole chain: every head, and every object that heads name, in the bucket or a copy of it.

The stage goes on meanwhile: what is forgotten while this reads is named by a head that is written before it
goes. So what does not fit is judged last, by all heads that are there by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.evidence import canonical, checking, operators, receipt
from chalicelib.domain.evidence.chain_heads import Heads, Store, time_of
from chalicelib.domain.evidence.checking import Findings, Key
from chalicelib.domain.evidence.folder import records_name
from chalicelib.domain.evidence.head import Head
from chalicelib.domain.ids import is_deletion_id, made_at

__all__ = ["Checked", "Store", "check", "hash_of"]

#: How long an object may wait for its head.
UNTIL_ITS_HEAD = timedelta(minutes=10)


@dataclass
class Checked:
    """What was found. `last`: the newest head of the unbroken part; `objects`: how many were looked at."""

    found: Findings = field(default_factory=Findings)
    last: Head | None = None
    objects: int = 0


@dataclass
class _Seen:
    """What was seen. `forgotten`: deletions that an entry says so of, and when it last did; `bare`: those
    whose records file has no reference any more; `bodies`: what the good receipts say, by name; `waiting`:
    good objects that no head named, and the time that each says itself. Records files: those that were looked
    at (`files`), that are not there (`gone`), and that have no reference (`without`), by the deletion that
    each is of.
    """

    forgotten: dict[str, datetime] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting: dict[str, datetime] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    gone: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    without: dict[str, str] = field(default_factory=dict)


def check(
    store: Store, key: Key, keep_days: int, now: datetime | None = None, end: tuple[int, str] = (0, "")
) -> Checked:
    """Everything that does not fit. `keep_days`: records files may be gone after so many days. `now`: the
    time, where that is known; where not, the newest that the chain tells. `end`: number and hash of the
    newest head, as somebody knew them before; 0 and "" where nobody did.
    """
    done, seen = Checked(), _Seen()
    heads = Heads(store, key, done.found)
    for name in heads.read():
        _object(store, heads, done, seen, name)
    for prefix in ("receipts/", operators.PREFIX):
        for name in store.names(prefix):
            if name not in heads.named:
                _unnamed(store, key, done.found, seen, name)
    there = set(store.names("records/"))
    _files(store, done, seen, there)
    while newer := heads.read_newer():
        for name in newer:
            _object(store, heads, done, seen, name)
        _files(store, done, seen, None)
    done.objects += heads.count
    done.last = heads.last
    heads.hold_against(*end)
    newest = time_of(done.last.at) if done.last else None
    _waiting(store, heads, done.found, seen, newest)
    for name, body in seen.bodies.items():
        checking.other_stage(name, body.get("stage"), heads.stages, done.found)
    _gone(done.found, seen, keep_days, newest, now)
    _without_reference(done.found, seen)
    _without_receipt(store, heads, done.found, sorted(there - seen.files), newest)
    return done


def hash_of(read: Head) -> str:
    """What the next head names this one by: SHA-256, hex, of its payload."""
    return canonical.sha256(read.payload())


def _object(store: Store, heads: Heads, done: Checked, seen: _Seen, name: str) -> None:
    done.objects += 1
    n, digest = heads.named[name]
    data = store.read(name)
    if data is None:
        done.found.wrong(name, f"is missing: head {n} names it")
        return
    if canonical.sha256(data) != digest:
        done.found.wrong(name, f"is not what head {n} names: it was changed or replaced")
        return
    if name.startswith("receipts/"):
        body = checking.receipt_body(name, data, heads.key, done.found)
        if body is not None:
            seen.bodies[name] = body
    elif name.startswith(operators.PREFIX):
        entry = _entry(name, data, done.found)
        if entry.get("what") == operators.What.DELETION_FORGOTTEN:
            one, at = str(entry.get("target")), time_of(str(entry.get("at")))
            if _after(entry).get("records_file") == "kept":
                seen.bare.add(one)
            else:
                seen.forgotten[one] = max(at, seen.forgotten.get(one, at))
    else:
        done.found.wrong(name, f"head {n} names it, and it is neither a receipt nor an operators' entry")


def _entry(name: str, data: bytes, found: Findings) -> Mapping[str, Any]:
    try:
        entry = canonical.parsed(data)
        right = operators.name(str(entry["id"])) == name and operators.is_entry_id(str(entry["id"]))
    except (ValueError, KeyError, TypeError):
        entry, right = {}, False
    if not right:
        found.wrong(name, "is no operators' entry of that name")
        return {}
    return dict(entry)


def _after(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    after = entry.get("after")
    return after if isinstance(after, dict) else {}


def _unnamed(store: Store, key: Key, found: Findings, seen: _Seen, name: str) -> None:
    """An object that no head names: it may wait for one, where it is what its name says."""
    data = store.read(name)
    if data is None:
        return
    if name.startswith("receipts/"):
        body = checking.receipt_body(name, data, key, found)
        if body is not None:
            seen.bodies[name] = body
            seen.waiting[name] = time_of(str(body["finished_at"]))
    else:
        entry = _entry(name, data, found)
        if entry:
            seen.waiting[name] = time_of(str(entry.get("at")))


def _files(store: Store, done: Checked, seen: _Seen, there: Set[str] | None) -> None:
    """Look at the records files of the receipts that are known by now. `there`: those that there are; None
    asks for each.
    """
    for name, body in seen.bodies.items():
        file = records_name(name)
        if file in seen.files:
            continue
        seen.files.add(file)
        data = store.read(file) if there is None or file in there else None
        if data is None:
            if body["records"]["count"] is not None:
                seen.gone[file] = body
            continue
        done.objects += 1
        if checking.records_of(file, body, data, done.found):
            seen.without[file] = str(body["deletion"])


def _waiting(store: Store, heads: Heads, found: Findings, seen: _Seen, newest: datetime | None) -> None:
    """Does what no head names wait for one, or was it put there, or its head taken away?

    Where nobody knows when an object was written, what it says itself is compared with the latest time that
    is told anywhere: what waits was written within minutes.
    """
    waiting = {name: at for name, at in seen.waiting.items() if name not in heads.named}
    latest = max((*waiting.values(), *([newest] if newest else [])), default=None)
    for name, at in waiting.items():
        age = store.age(name)
        age = latest - at if age is None and latest else age
        if age is None or age < UNTIL_ITS_HEAD:
            found.notes.append(f"{name}: waits for its head")
        else:
            found.wrong(name, "stands in no head")


def _gone(
    found: Findings, seen: _Seen, keep_days: int, newest: datetime | None, now: datetime | None
) -> None:
    """Records files that are not there: what a signed entry or their time says of each, or nothing. An entry
    says nothing of an end that came after it; clocks may be off a little.
    """
    kept = timedelta(days=keep_days)
    for file, body in seen.gone.items():
        ended = time_of(body["finished_at"])
        said = seen.forgotten.get(str(body["deletion"]))
        if said is not None and ended - said < UNTIL_ITS_HEAD:
            found.notes.append(f"{file}: was forgotten, as an operators' entry says")
        elif newest and newest - ended > kept:
            found.notes.append(f"{file}: is gone, its time is over")
        elif now and now - ended > kept:
            found.notes.append(f"{file}: is not there, and its time is over by now")
        else:
            why = "is missing: no operators' entry says that it was forgotten"
            found.wrong(file, f"{why}, nor is it {keep_days} days old (--keep-days)")


def _without_reference(found: Findings, seen: _Seen) -> None:
    """Records files that have no reference any more, as an entry says or not."""
    for file, deletion in seen.without.items():
        if deletion in seen.bare or deletion in seen.forgotten:
            found.notes.append(f"{file}: its reference was forgotten")
        else:
            found.wrong(file, "names another reference than the receipt was signed for")


def _without_receipt(
    store: Store, heads: Heads, found: Findings, files: Iterable[str], newest: datetime | None
) -> None:
    """Records files of which no good receipt tells. In a copy an id says how new the deletion is at most."""
    for file in files:
        age = store.age(file)
        if age is None and newest and newest - _asked_at(file) < UNTIL_ITS_HEAD:
            words = (
                "is of a deletion that may have ended after the newest head, so it may wait for its receipt"
            )
            found.notes.append(f"{file}: {words}: make the copy again")
        elif age is not None and age < UNTIL_ITS_HEAD:
            found.notes.append(f"{file}: waits for its receipt")
        elif checking.receipt_of(file) not in heads.named:
            again = "; where the copy was made before that was written, make it again" if age is None else ""
            found.wrong(file, f"belongs to no receipt{again}")


def _asked_at(file: str) -> datetime:
    """When the deletion of a records file was asked for; for a name that is none the beginning of time."""
    one = checking.deletion_of(file)
    known = is_deletion_id(one) and file.startswith(receipt.records_prefix(one))
    return datetime.fromtimestamp(made_at(one), UTC) if known else time_of("")
