"""The journal of a send: what is sent under which delivery id, and what the service answered.

JSON, a line each: first the plan, written whole before anything is sent, then an answer a line. Each line
is on the disk before the command goes on, so that whatever ends the command, the next one sends what is left
under the same ids, and the service deletes nothing twice. A last line that was cut off counts as not written.
It holds links that let who has them read outcomes, so it is for its owner's eyes only.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from cli.target import Refused

VERSION = 1


@dataclass(frozen=True)
class Part:
    """One request: ids `first` to `first` + `count` of the input, its delivery id, SHA-256 of its body."""

    number: int
    first: int
    count: int
    delivery: str
    digest: str


@dataclass(frozen=True)
class Answer:
    """What the service said to a part."""

    part: int
    id: str
    link: str
    replayed: bool


@dataclass
class Journal:
    """A journal that this process alone may write. `plan`: what the parts are of, for comparison; `accepted`:
    ids that the service has taken.
    """

    path: Path
    plan: Mapping[str, Any]
    parts: tuple[Part, ...]
    answers: dict[int, Answer] = field(default_factory=dict)
    accepted: int = 0
    _sink: BinaryIO | None = None

    def answered(self, answer: Answer) -> None:
        """Write an answer; on the disk when this returns."""
        if self._sink is None:
            raise ValueError("a journal that was only read")
        self._sink.write(_line({"answer": asdict(answer)}))
        self._sink.flush()
        os.fsync(self._sink.fileno())
        self.answers[answer.part] = answer
        self.accepted += self.parts[answer.part - 1].count

    @property
    def left(self) -> list[Part]:
        """Parts without an answer."""
        return [part for part in self.parts if part.number not in self.answers]


def read(path: Path) -> Journal:
    """A journal, to be looked at only. Raises Refused where it is none."""
    return _parsed(path, path.read_bytes())[0]


def is_one(path: Path) -> bool:
    """Whether a journal lies there."""
    try:
        with path.open("rb") as source:
            return source.read(64).startswith(b'{"journal":"expunge send"')
    except OSError:
        return False


def create(path: Path, plan: Mapping[str, Any], parts: tuple[Part, ...]) -> None:
    """Write a new journal: whole or not at all, and never over another one (FileExistsError)."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.new")
    head = {"journal": "expunge send", "version": VERSION, "plan": dict(plan)}
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as sink:
            sink.write(_line({**head, "parts": [asdict(part) for part in parts]}))
            sink.flush()
            os.fsync(sink.fileno())
        os.link(aside, path)  # unlike a rename, this fails where there is one
    finally:
        aside.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextmanager
def opened(path: Path) -> Iterator[Journal]:
    """The journal, for this process alone. Raises Refused where another command has it or it is none."""
    with path.open("r+b") as sink:
        try:
            fcntl.flock(sink, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise Refused(f"another command is sending with {path}: wait until it has ended") from problem
        journal, whole = _parsed(path, sink.read())
        sink.truncate(whole)
        sink.seek(whole)
        journal._sink = sink  # noqa: SLF001  # this module's own
        yield journal


def _parsed(path: Path, data: bytes) -> tuple[Journal, int]:
    """The journal, and how many of its bytes are whole lines."""
    whole = data.rfind(b"\n") + 1
    try:
        head, *rest = [json.loads(line) for line in data[:whole].splitlines()]
        if head["version"] != VERSION:
            raise Refused(f"{path} was written by another version of expunge: finish it with that version")
        parts = tuple(Part(**part) for part in head["parts"])
        answers = {each["answer"]["part"]: Answer(**each["answer"]) for each in rest}
        accepted = sum(parts[number - 1].count for number in answers)
        return Journal(path, head["plan"], parts, answers, accepted), whole
    except (ValueError, KeyError, TypeError, IndexError) as problem:
        raise Refused(f"{path} is no journal of expunge send: give another --state FILE") from problem


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"
