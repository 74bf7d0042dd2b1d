"""The chain of heads: each names what was written since the one before, and the hash of that one.

Whoever knows the newest head's hash can show that nothing before it was taken away or put in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.domain.evidence import canonical

VERSION = 1
PREFIX = "heads/"
#: The most entries of one head: the rest goes into the next.
MOST_ENTRIES = 2_000


class NoHead(ValueError):
    """A payload that is no head; the message says why."""


@dataclass(frozen=True, slots=True)
class Head:
    """`previous`: SHA-256, hex, of the payload before; empty for the first. `entries`: the SHA-256, hex, of
    each object's bytes by the object's name.
    """

    n: int
    previous: str
    at: str
    stage: str
    entries: Mapping[str, str]

    def payload(self) -> bytes:
        """The bytes that are signed."""
        entries = [{"object": name, "sha256": digest} for name, digest in self.entries.items()]
        return canonical.to_bytes(
            {
                "version": VERSION,
                "n": self.n,
                "previous": self.previous,
                "at": self.at,
                "stage": self.stage,
                "entries": entries,
            }
        )


def name(n: int) -> str:
    """Where the n-th head lies."""
    return f"{PREFIX}{n:012}.json"


def number(object_name: str) -> int | None:
    """The number in the name of a head; None where it is no head's name."""
    digits = object_name.removeprefix(PREFIX).removesuffix(".json")
    if not digits.isdecimal() or not digits.isascii() or name(int(digits)) != object_name:
        return None
    return int(digits)


def read(payload: bytes) -> Head:
    """The head that `payload` is. Raises NoHead."""
    try:
        body = canonical.parsed(payload)
        names = [str(each["object"]) for each in body["entries"]]
        head = Head(
            n=int(body["n"]),
            previous=str(body["previous"]),
            at=str(body["at"]),
            stage=str(body["stage"]),
            entries=dict(zip(names, (str(each["sha256"]) for each in body["entries"]), strict=True)),
        )
        same = head.payload() == payload
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise NoHead(f"is no head ({type(problem).__name__})") from problem
    if len(set(names)) != len(names):
        raise NoHead("names an object twice")
    if not same:
        raise NoHead("is a head, but not written as Expunge writes it, or of another version")
    return head


def following(last: Head | None, at: str, stage: str, entries: Iterable[tuple[str, str]]) -> Head:
    """The head after `last` (None: the first one)."""
    n, previous = (last.n + 1, canonical.sha256(last.payload())) if last else (1, "")
    return Head(n, previous, at, stage, dict(sorted(entries)))
