"""Checks the whole chain: every head, and every object that heads name, in the bucket or a copy of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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

    def age(self, name: str) -> timedelta | None:
        """How long ago the object was written; None where nobody knows, as of a copy, or there is none."""


@dataclass
class Checked:
    """What was found. `last`: the newest head of the unbroken part; `objects`: how many were looked at."""

    found: Findings = field(default_factory=Findings)
    last: Head | None = None
    objects: int = 0


@dataclass
class _Seen:
    """What the heads name: the number and the hash by object. `forgotten`: deletions that an entry says so
    of; `bare`: those whose records file has no reference any more; `bodies`: what the good receipts say, by
    name; `waiting`: good objects that no head names, and the time that each says itself.
    """

    named: dict[str, tuple[int, str]] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting: dict[str, datetime] = field(default_factory=dict)


def check(store: Store, key: Key, keep_days: int) -> Checked:
    """Everything that does not fit. `keep_days`: records files may be gone after so many days."""
    done, seen = Checked(), _Seen()
    _heads(store, key, done, seen)
    for name, (n, digest) in sorted(seen.named.items()):
        _object(store, key, done, seen, name, n, digest)
    for prefix in ("receipts/", operators.PREFIX):
        for name in store.names(prefix):
            if name not in seen.named:
                _unnamed(store, key, done.found, seen, name)
    newest = _time(done.last.at) if done.last else None
    _waiting(store, done.found, seen, newest)
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
    """A gap is not counted through: anybody can name a file as if it were the last of a million."""
    named = missing = before = 0
    for n in sorted(numbers):
        for gone in range(before + 1, min(n, before + 21 - named)):
            found.wrong(head.name(gone), "is missing")
            named += 1
        missing += n - before - 1
        before = n
    if missing > named:
        found.problems.append(f"heads/: {missing - named} more are missing")


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
        entry = canonical.parsed(data)
        right = operators.name(str(entry["id"])) == name and operators.is_entry_id(str(entry["id"]))
    except (ValueError, KeyError, TypeError):
        entry, right = {}, False
    if not right:
        found.wrong(name, "is no operators' entry of that name")
    return entry if isinstance(entry, dict) else {}


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
            seen.waiting[name] = _time(str(body["finished_at"]))
    else:
        entry = _entry(name, data, found)
        if entry:
            seen.waiting[name] = _time(str(entry.get("at")))


def _waiting(store: Store, found: Findings, seen: _Seen, newest: datetime | None) -> None:
    """Does what no head names wait for one, or was it put there, or its head taken away?

    Where nobody knows when an object was written, what it says itself is compared with the latest time that
    is told anywhere: what waits was written within minutes.
    """
    latest = max((*seen.waiting.values(), *([newest] if newest else [])), default=None)
    for name, at in seen.waiting.items():
        age = store.age(name)
        age = latest - at if age is None and latest else age
        if age is None or age < UNTIL_ITS_HEAD:
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
    _without_receipt(store, sorted(there), done.found, seen)


def _without_receipt(store: Store, files: list[str], found: Findings, seen: _Seen) -> None:
    """Records files of which no good receipt tells."""
    for file in files:
        age = store.age(file)
        if age is not None and age < UNTIL_ITS_HEAD:
            found.notes.append(f"{file}: waits for its receipt")
        elif checking.receipt_of(file) not in seen.named:
            found.wrong(file, "belongs to no receipt")


def _time(text: str) -> datetime:
    """A time of ours. What is none counts as the beginning of time: whatever follows is later."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
