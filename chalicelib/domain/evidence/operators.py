"""The operators' log: each change that a person makes, as an entry that is stored with the change itself.

In the table an entry is whole. The object that stands in a head has salted hashes in the place of record ids
and of whatever may be free text; the salts stay in the table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

from chalicelib.domain import ids
from chalicelib.domain.document import iso
from chalicelib.domain.evidence import canonical
from chalicelib.domain.evidence.salts import salt
from chalicelib.domain.ids import RANDOM_BYTES, deletion_id

VERSION = 1
PREFIX = "operators/"


class What(StrEnum):
    """What was done."""

    HOLD_SET = "hold.set"
    HOLD_REMOVED = "hold.removed"
    PAUSE_SET = "pause.set"
    PAUSE_ENDED = "pause.ended"
    DELETION_APPROVED = "deletion.approved"
    DELETION_CANCELLED = "deletion.cancelled"
    DELETION_RESOLVED = "deletion.resolved"
    DELETION_RETRIED = "deletion.retried"
    DELETION_RESTORED = "deletion.restored"
    DELETION_PERMANENT = "deletion.permanent"
    DELETION_FORGOTTEN = "deletion.forgotten"
    POLICY_PUT = "policy.put"
    POLICY_REMOVED = "policy.removed"
    POLICY_RUN = "policy.run"
    SOURCE_CHANGED = "source.changed"
    SOURCE_CANCELLED = "source.cancelled"
    KEY_MADE = "key.made"
    KEY_REVOKED = "key.revoked"
    PERSON_MAP_PUT = "person_map.put"


#: What is shown in the place of an entry that cannot be read. It is never stored, sealed or taken for one.
UNREADABLE: Final = "unreadable"
#: What a command may tell by itself: what it changed in a secret.
TOLD = frozenset({What.SOURCE_CHANGED, What.KEY_MADE, What.KEY_REVOKED})
#: Values that are hashed whatever they look like.
_PRIVATE = frozenset({"reason", "note", "record_id", "ids", "reference", "keep_reason", "identity"})
#: A name, not a text: no blank, no `@`, and no digits that could be a record's id or a telephone number.
_PLAIN = re.compile(r"[A-Za-z0-9_.:/*+-]{0,100}")
_DIGITS = re.compile(r"[0-9]{6}")
#: Ids of ours, times, and who somebody is for AWS.
_SAFE = re.compile(
    r"(?:del_|op_)[0-9A-Z]{26}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,12}Z|arn:aws[a-z-]*:(?:iam|sts):[!-~]+"
)
_DIGIT_ONLY = re.compile(r"[0-9]+")
#: Characters of what may lie in the place of an entry's id.
LONGEST_KEY = 1024
_ENTRY_ID = re.compile(r"op_[0-7][0-9A-HJKMNP-TV-Z]{25}")


@dataclass(frozen=True, slots=True)
class Entry:
    """`by` (an ARN, or "expunge") did `what` to `target` at `at` (seconds since the epoch). `before` and
    `after` are plain JSON, None where there is nothing. `seed`: what the salts are made of.
    """

    id: str
    at: float
    by: str
    what: What | Literal["unreadable"]
    target: str
    before: Any = None
    after: Any = None
    seed: str = ""


def shown(entry: Entry) -> dict[str, Any]:
    """The entry as operators see it."""
    return {
        "id": entry.id,
        "at": iso(entry.at),
        "by": entry.by,
        "what": str(entry.what),
        "target": entry.target,
        "before": entry.before,
        "after": entry.after,
    }


def sealed(entry: Entry) -> bytes:
    """The bytes of the object: the entry with salted hashes in the place of what is private. Raises
    ValueError for one that stands for what cannot be read.
    """
    if entry.what == UNREADABLE:
        raise ValueError("what cannot be read is no entry")
    body = {
        **shown(entry),
        "version": VERSION,
        "target": _target(entry),
        "before": _sealed(entry.before, entry.seed, "before"),
        "after": _sealed(entry.after, entry.seed, "after"),
    }
    return canonical.to_bytes(body)


def entry_id(at: float, random: bytes) -> str:
    """The id of an entry made at `at` (seconds since the epoch) with 10 bytes of `random`."""
    return "op_" + deletion_id(at, random).removeprefix("del_")


def made_at(entry_id: str) -> float:
    """When the entry was made, as its id tells (seconds since the epoch). Raises ValueError for what is no id
    of an entry.
    """
    if not is_entry_id(entry_id):
        raise ValueError("no id of an entry")
    return ids.made_at(entry_id.removeprefix("op_"))


def first_id(at: float) -> str:
    """What no id of an entry that was made at `at` or later comes before."""
    return entry_id(max(0.0, at), bytes(RANDOM_BYTES))


def is_entry_id(text: str) -> bool:
    """True where `text` could be the id of an entry."""
    return _ENTRY_ID.fullmatch(text) is not None


def may_begin_at(text: str) -> bool:
    """May a page of the log begin before `text`? Before an entry, also before what lies there and is none."""
    return text.startswith("op_") and len(text) <= LONGEST_KEY


def name(entry_id: str) -> str:
    """Where the object of an entry lies."""
    return f"{PREFIX}{entry_id}.json"


def _target(entry: Entry) -> Any:
    """The target; each of its parts that could be private is hashed: a hold's record id, say."""
    parts = entry.target.split("/")
    return "/".join(_text(part, entry.seed, f"target/{at}") for at, part in enumerate(parts))


def _sealed(value: Any, seed: str, path: str, *, private: bool = False) -> Any:
    if isinstance(value, Mapping):
        return {
            _text(str(key), seed, f"{path}/name"): _sealed(
                each, seed, f"{path}/{key}", private=private or key in _PRIVATE
            )
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_sealed(each, seed, f"{path}/{at}", private=private) for at, each in enumerate(value)]
    if isinstance(value, str):
        return _text(value, seed, path, private=private)
    if private and value is not None:
        return _text(canonical.to_bytes(value).decode(), seed, path, private=True)
    return value


def _text(text: str, seed: str, path: str, *, private: bool = False) -> str:
    """`text`, or its salted hash where it may be somebody's."""
    named = _PLAIN.fullmatch(text) and not _DIGITS.search(text) and not _DIGIT_ONLY.fullmatch(text)
    if not private and (_SAFE.fullmatch(text) or named):
        return text
    return f"sha256:{canonical.salted(salt(seed, path), text)}" if text else text
