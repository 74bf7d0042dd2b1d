"""Checks a receipt with its records, offline: with the key and the files, and nothing else.

Whether a signature is good is asked of the caller, who has a library for it. Nothing here raises for what a
file holds: whatever does not fit is a line for people.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.evidence import canonical, dsse, head, receipt, records, salts
from chalicelib.domain.evidence.dsse import Envelope, NoEnvelope
from chalicelib.domain.evidence.head import Head, NoHead
from chalicelib.domain.evidence.records import NoRecords

PUBLIC_KEY = "public-key.pem"


@dataclass(frozen=True, slots=True)
class Key:
    """The verification key. `keyid`: SHA-256 of its DER, hex. `fits(signature, signed)`: is that a good
    signature of those bytes?
    """

    keyid: str
    fits: Callable[[bytes, bytes], bool]


@dataclass
class Findings:
    """What does not fit (`problems`), and what cannot be said or is worth knowing (`notes`), in lines."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def wrong(self, name: str, why: str) -> None:
        """Something does not fit."""
        self.problems.append(f"{name}: {why}")


def envelope(name: str, data: bytes, kind: str, key: Key, found: Findings) -> Envelope | None:
    """The signed envelope in `data`; None, and what is wrong is noted, where it is none of this kind and
    key.
    """
    try:
        opened = dsse.opened(data)
    except NoEnvelope as problem:
        found.wrong(name, str(problem))
        return None
    if opened.kind != kind:
        found.wrong(name, f"is signed as {opened.kind}, not as {kind}")
    elif opened.keyid != key.keyid:
        found.wrong(name, f"is signed with the key {opened.keyid[:16]}..., not with {PUBLIC_KEY}")
    elif not key.fits(opened.signature, opened.signed):
        found.wrong(name, "the signature does not fit: it was changed after it was signed")
    else:
        return opened
    return None


def receipt_body(name: str, data: bytes, key: Key, found: Findings) -> dict[str, Any] | None:
    """What the receipt says, where its signature is good and its name is its own."""
    opened = envelope(name, data, dsse.RECEIPT, key, found)
    if opened is None:
        return None
    try:
        body = canonical.parsed(opened.payload)
        right = canonical.to_bytes(body) == opened.payload and body["version"] == receipt.VERSION
        deletion = str(body["deletion"])
        _shaped(body)
    except (ValueError, KeyError, TypeError) as problem:
        found.wrong(name, f"is no receipt ({type(problem).__name__})")
        return None
    if not right:
        found.wrong(name, "is no receipt of a version that is known here")
        return None
    if receipt.name(deletion, receipt.number(name)) != name:
        found.wrong(name, f"is the receipt of {deletion}: it lies under another one's name")
        return None
    return dict(body)


def _shaped(body: Mapping[str, Any]) -> None:
    """Raises where what is read of a receipt is not there."""
    count, root = body["records"]["count"], body["records"]["root"]
    if not ((count is None and root is None) or (isinstance(count, int) and isinstance(root, str))):
        raise TypeError("records")
    _ = body["status"], body["finished_at"], body["counts"], body["reference_sha256"]


def other_stage(name: str, stage: object, stages: Collection[str], found: Findings) -> None:
    """A problem where the object `name` is of another stage than the heads beside it (`stages`)."""
    if stages and stage not in stages:
        found.wrong(name, f"is of stage {stage}, and the heads are of stage {', '.join(sorted(stages))}")


def deletion_of(name: str) -> str:
    """The deletion in the name of a receipt or of a records file."""
    return name.rpartition("/")[2].partition(".")[0]


def receipt_of(records_name: str) -> str:
    """Where the receipt of the records file of this name lies."""
    return records_name.replace("records/", "receipts/", 1).removesuffix(".jsonl.gz") + ".json"


def records_of(name: str, body: Mapping[str, Any], data: bytes, found: Findings) -> bool:
    """Does the records file `data` belong to the receipt that says `body`? True where the reference that it
    was signed for is gone: whether it was forgotten is for the caller to say.
    """
    try:
        file = records.unpacked(data)
    except NoRecords as problem:
        found.wrong(name, str(problem))
        return False
    said = body["records"]
    if said["count"] is None:
        found.wrong(name, "the receipt says that the records are not known")
    elif len(file.lines) != said["count"]:
        found.wrong(name, f"holds {len(file.lines)} records, the receipt says {said['count']}")
    elif file.root != said["root"]:
        found.wrong(name, "holds other records, or other outcomes, than the receipt was signed for")
    else:
        _salts(name, file.lines, found)
    if body["reference_sha256"] and file.first == records.first_line(None, None):
        return True
    _reference(name, body, file.first, found)
    return False


def _salts(name: str, lines: tuple[bytes, ...], found: Findings) -> None:
    """Each line is a record of its own, with a salt of its own."""
    try:
        known = {str(canonical.parsed(line)["salt"]) for line in lines}
    except (ValueError, KeyError, TypeError):
        found.wrong(name, "holds a line that is no record")
        return
    if len(known) != len(lines):
        found.wrong(name, "two records have the same salt")


def _reference(name: str, body: Mapping[str, Any], first: bytes, found: Findings) -> None:
    """No root covers the first line: it has to be the very bytes that Expunge writes of this reference."""
    try:
        line = canonical.parsed(first)
        salt, reference = line["reference_salt"], line["reference"]
        none = salt is None and reference is None
        told = None if none else canonical.salted(salt, reference)
        right = told == body["reference_sha256"] and first == records.first_line(salt, reference)
        right = right and (none or len(salt) == salts.LENGTH)
    except (ValueError, KeyError, TypeError):
        right = False
    if not right:
        found.wrong(name, "names another reference than the receipt was signed for")


def head_body(name: str, data: bytes, key: Key, found: Findings) -> Head | None:
    """The head, where its signature is good and its number is that of its name."""
    opened = envelope(name, data, dsse.HEAD, key, found)
    if opened is None:
        return None
    try:
        read = head.read(opened.payload)
    except NoHead as problem:
        found.wrong(name, str(problem))
        return None
    if head.name(read.n) != name:
        found.wrong(name, f"is the head {read.n}: it lies under another one's name")
        return None
    if not read.entries:
        found.wrong(name, "names nothing: Expunge writes no such head")
    return read
