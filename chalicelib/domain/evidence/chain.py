"""Checks the whole chain: every head, and every object that heads name, in the bucket or a copy of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from chalicelib.domain.evidence import canonical, checking, head, operators
from chalicelib.domain.evidence.checking import Findings, Key
from chalicelib.domain.evidence.folder import records_name
from chalicelib.domain.evidence.head import Head

#: How long an object may wait for its head.
UNTIL_ITS_HEAD = timedelta(minutes=10)


class Store(Protocol):
    """The objects of the bucket, or of a copy."""

    def names(self, prefix: str) -> Iterable[str]:
        """The names that begin so."""

    def read(self, name: str) -> bytes | None:
        """The object; None where there is none."""


@dataclass
class Checked:
    """What was found. `last`: the newest head of the unbroken part; `objects`: how many were looked at."""

    found: Findings = field(default_factory=Findings)
    last: Head | None = None
    objects: int = 0


@dataclass
class _Seen:
    """What the heads name: the number and the hash by object. `forgotten`: deletions that an entry says so
    of; `bodies`: what the good receipts say, by name.
    """

    named: dict[str, tuple[int, str]] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)


def check(store: Store, key: Key, keep_days: int) -> Checked:
    """Everything that does not fit. `keep_days`: records files may be gone after so many days."""
    done, seen = Checked(), _Seen()
    _heads(store, key, done, seen)
    for name, (n, digest) in sorted(seen.named.items()):
        _object(store, key, done, seen, name, n, digest)
    newest = _time(done.last.at) if done.last else None
    for prefix in ("receipts/", operators.PREFIX):
        for name in store.names(prefix):
            if name not in seen.named:
                _unnamed(store, key, done.found, name, newest)
    _records(store, done, seen, newest, keep_days)
    return done


def hash_of(read: Head) -> str:
    """What the next head names this one by: SHA-256, hex, of its payload."""
    return canonical.sha256(read.payload())


def _heads(store: Store, key: Key, done: Checked, seen: _Seen) -> None:
    numbers: list[int] = []
    for name in store.names(head.PREFIX):
        n = head.number(name)
        if n is None or n < 1:
            done.found.wrong(name, "is not the name of a head")
        else:
            numbers.append(n)
    before: Head | None = None
    unbroken = True
    _gaps(numbers, done.found)
    for n in sorted(numbers):
        name = head.name(n)
        done.objects += 1
        read = checking.head_body(name, store.read(name) or b"", key, done.found)
        if read is None:
            before, unbroken = None, False
            continue
        _follows(name, read, before, done.found)
        for entry, digest in read.entries.items():
            if entry in seen.named:
                done.found.wrong(name, f"names {entry}, which head {seen.named[entry][0]} names already")
            seen.named.setdefault(entry, (n, digest))
        unbroken = unbroken and n == (done.last.n if done.last else 0) + 1
        before = read
        if unbroken:
            done.last = read


def _gaps(numbers: list[int], found: Findings) -> None:
    missing = sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))
    for n in missing[:20]:
        found.wrong(head.name(n), "is missing")
    if len(missing) > 20:
        found.problems.append(f"heads/: {len(missing) - 20} more are missing")


def _follows(name: str, read: Head, before: Head | None, found: Findings) -> None:
    if read.n == 1:
        if read.previous:
            found.wrong(name, "is the first head and names one before it")
    elif before is not None and before.n == read.n - 1:
        if read.previous != canonical.sha256(before.payload()):
            found.wrong(name, f"does not follow head {before.n}: one of them was replaced")
        if _time(read.at) < _time(before.at):
            found.wrong(name, f"is older than head {before.n}")


def _object(store: Store, key: Key, done: Checked, seen: _Seen, name: str, n: int, digest: str) -> None:
    done.objects += 1
    data = store.read(name)
    if data is None:
        done.found.wrong(name, f"is missing: head {n} names it")
        return
    if canonical.sha256(data) != digest:
        done.found.wrong(name, f"is not what head {n} names: it was changed or replaced")
        return
    if name.startswith("receipts/"):
        body = checking.receipt_body(name, data, key, done.found)
        if body is not None:
            seen.bodies[name] = body
    elif name.startswith(operators.PREFIX):
        entry = _entry(name, data, done.found)
        if entry.get("what") == operators.What.DELETION_FORGOTTEN:
            kept = _after(entry).get("records_file") == "kept"
            gone = {str(entry.get("target"))}
            if kept:
                seen.bare |= gone
            else:
                seen.forgotten |= gone
    else:
        done.found.wrong(name, f"head {n} names it, and it is neither a receipt nor an operators' entry")


def _entry(name: str, data: bytes, found: Findings) -> Mapping[str, Any]:
    try:
        entry = json.loads(data)
        right = operators.name(str(entry["id"])) == name and operators.is_entry_id(str(entry["id"]))
    except (ValueError, KeyError, TypeError):
        entry, right = {}, False
    if not right:
        found.wrong(name, "is no operators' entry of that name")
    return entry if isinstance(entry, dict) else {}


def _after(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    after = entry.get("after")
    return after if isinstance(after, dict) else {}


def _unnamed(store: Store, key: Key, found: Findings, name: str, newest: datetime | None) -> None:
    """An object that no head names: it may have been written just now, else it does not belong there."""
    data = store.read(name)
    if data is None:
        return
    at: Any = None
    if name.startswith("receipts/"):
        body = checking.receipt_body(name, data, key, found)
        at = body and body["finished_at"]
    else:
        at = _entry(name, data, found).get("at")
    if at is None:
        return
    if newest is None or _time(str(at)) > newest - UNTIL_ITS_HEAD:
        found.notes.append(f"{name}: waits for its head")
    else:
        found.wrong(name, "stands in no head")


def _records(store: Store, done: Checked, seen: _Seen, newest: datetime | None, keep_days: int) -> None:
    there = set(store.names("records/"))
    for name, body in seen.bodies.items():
        file, deletion = records_name(name), str(body["deletion"])
        known = body["records"]["count"] is not None
        if file in there:
            done.objects += 1
            there.discard(file)
            may_be_bare = deletion in seen.bare | seen.forgotten
            checking.records_of(file, body, store.read(file) or b"", done.found, forgotten=may_be_bare)
        elif known and deletion in seen.forgotten:
            done.found.notes.append(f"{file}: was forgotten, as an operators' entry says")
        elif known and newest and newest - _time(body["finished_at"]) > timedelta(days=keep_days):
            done.found.notes.append(f"{file}: is gone, its time is over")
        elif known:
            done.found.wrong(file, "is missing, and no operators' entry says that it was forgotten")


def _time(text: str) -> datetime:
    """A time of ours. What is none counts as the beginning of time: whatever follows is later."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat("1970-01-01T00:00:00Z")
