"""The heads of a chain, read in their order, and what they name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from chalicelib.domain.evidence import canonical, checking, head
from chalicelib.domain.evidence.checking import Findings, Key
from chalicelib.domain.evidence.head import Head


class Store(Protocol):
    """The objects of the bucket, or of a copy."""

    def names(self, prefix: str) -> Iterable[str]:
        """The names that begin so."""

    def read(self, name: str) -> bytes | None:
        """The object; None where there is none."""

    def age(self, name: str) -> timedelta | None:
        """How long ago the object was written; None where nobody knows, as of a copy, or there is none."""


@dataclass
class Heads:
    """`named`: the number of the head and the hash, by object. `last`: the newest head of the unbroken part;
    `count`: how many were looked at; `newest`: the largest number among them; `stages`: that of the first
    good one.
    """

    store: Store
    key: Key
    found: Findings
    named: dict[str, tuple[int, str]] = field(default_factory=dict)
    last: Head | None = None
    count: int = 0
    newest: int = 0
    stages: tuple[str, ...] = ()
    _before: Head | None = None
    _unbroken: bool = True

    def read(self) -> list[str]:
        """Read all that are there; what they name."""
        numbers: list[int] = []
        for name in self.store.names(head.PREFIX):
            n = head.number(name)
            if n is None or n < 1:
                self.found.wrong(name, "is not the name of a head")
            else:
                numbers.append(n)
        _gaps(numbers, self.found)
        for n in sorted(numbers):
            self._take(n, self.store.read(head.name(n)) or b"")
        return sorted(self.named)

    def read_newer(self) -> list[str]:
        """Read those that were written since; what they name."""
        known = set(self.named)
        while (data := self.store.read(head.name(self.newest + 1))) is not None:
            self._take(self.newest + 1, data)
        return sorted(self.named.keys() - known)

    def hold_against(self, n: int, known: str) -> None:
        """What does not fit to the newest head that somebody knew before: its number (0: nobody did) and the
        hash of its payload. The end of a chain shows by itself neither that more was there, nor that it was
        made anew.
        """
        if n > self.newest:
            words = f"is missing: head {n} was there before, so the end of the chain was cut off"
            self.found.wrong(head.name(self.newest + 1), words)
        elif n:
            data = self.store.read(head.name(n)) or b""
            read = checking.head_body(head.name(n), data, self.key, Findings())
            if read is not None and canonical.sha256(read.payload()) != known:
                self.found.wrong(head.name(n), f"is not the head {n} that was there before: it was replaced")

    def _take(self, n: int, data: bytes) -> None:
        name = head.name(n)
        self.count += 1
        self.newest = n
        read = checking.head_body(name, data, self.key, self.found)
        if read is None:
            self._before, self._unbroken = None, False
            return
        _follows(name, read, self._before, self.found)
        checking.other_stage(name, read.stage, self.stages, self.found)
        self.stages = self.stages or (read.stage,)
        for entry, digest in read.entries.items():
            if entry in self.named:
                self.found.wrong(name, f"names {entry}, which head {self.named[entry][0]} names already")
            self.named.setdefault(entry, (n, digest))
        self._unbroken = self._unbroken and n == (self.last.n if self.last else 0) + 1
        self._before = read
        if self._unbroken:
            self.last = read


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
        if time_of(read.at) < time_of(before.at):
            found.wrong(name, f"is older than head {before.n}")


def time_of(text: str) -> datetime:
    """A time of ours. What is none counts as the beginning of time: whatever follows is later."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
