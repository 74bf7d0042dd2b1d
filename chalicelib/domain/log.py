"""The deletion's log: what happened, when, why and by whom, chained by hash, and what of it leaves as an
event.

An entry's hash covers its own content and the hash of the one before, so an altered, removed or reordered
entry shows. The hash is published and some of the content is not (why, and by whom): a salt that stays in the
log keeps whoever has the event from finding that by trying. Entries with an `event` are published as
CloudEvents 1.0 (contract section 5); the others stay in the log, so the numbers of published events grow but
may leave gaps.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import document, iso
from chalicelib.domain.status import Status

SERVICE = "expunge"

#: The last part of the event type where it is not the status itself.
_TYPE = {Status.RUNNING: "started"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `event` is the CloudEvent but for its `chain`, None for what is not published."""

    n: int
    what: str
    at: float
    by: str
    why: str
    chain: str
    event: Mapping[str, Any] | None = None
    salt: str = ""


def append(
    deletion: Deletion,
    what: str,
    now: float,
    *,
    stage: str,
    why: str = "",
    by: str = SERVICE,
    public: bool = True,
    failed_ids: Iterable[str] = (),
) -> tuple[Deletion, Entry]:
    """The deletion with one more entry in its log, and that entry.

    `what` is the last part of the event type. `failed_ids`: the first 100 of them, for the event's data.
    """
    n = deletion.events + 1
    event = _event(deletion, n, what, now, stage, list(failed_ids)) if public else None
    salt = _salt(deletion, n)
    chain = link(deletion.chain, content(n, what, now, by, why, event, salt))
    return replace(deletion, events=n, chain=chain), Entry(n, what, now, by, why, chain, event, salt)


def first(deletion: Deletion, stage: str) -> tuple[Deletion, Entry]:
    """The deletion with the entry that says it was accepted."""
    by = deletion.asked_by or f"source:{deletion.source}"
    return append(
        deletion, "accepted", deletion.created_at, stage=stage, by=by, why=deletion.request.reason or ""
    )


def event_name(status: Status) -> str:
    """The last part of the event type for a change to `status`."""
    return _TYPE.get(status, status.value)


def content(
    n: int, what: str, at: float, by: str, why: str, event: Mapping[str, Any] | None, salt: str
) -> dict[str, Any]:
    """What the hash of an entry covers. Entries of deletions that have no seed have no salt."""
    salted = {"salt": salt} if salt else {}
    return {"n": n, "what": what, "at": at, "by": by, "why": why, "event": event, **salted}


def _salt(deletion: Deletion, n: int) -> str:
    """32 hex digits, other ones for each entry; empty where the deletion has no seed."""
    return hmac.digest(deletion.seed.encode(), str(n).encode(), "sha256")[:16].hex() if deletion.seed else ""


def link(previous: str, body: Mapping[str, Any]) -> str:
    """The hash of an entry: SHA-256, hex, over the previous hash and the canonical JSON of its content."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def first_broken(entries: Iterable[Entry]) -> int | None:
    """The number of the first entry that is missing, out of order or altered; None where the log is whole."""
    previous, expected = "", 1
    for entry in entries:
        body = content(entry.n, entry.what, entry.at, entry.by, entry.why, entry.event, entry.salt)
        if entry.n != expected or entry.chain != link(previous, body):
            return expected
        previous, expected = entry.chain, expected + 1
    return None


def message(entry: Entry) -> str:
    """The JSON text that is published for an entry with an event."""
    return json.dumps(
        {**(entry.event or {}), "chain": entry.chain}, separators=(",", ":"), ensure_ascii=False
    )


def attributes(event: Mapping[str, Any]) -> dict[str, str]:
    """The message attributes that subscribers filter by: nothing personal in them."""
    data = event["data"]
    names = ("status", "module", "operation", "source", "org")
    return {"type": str(event["type"]), **{name: str(data[name]) for name in names}}


def _event(
    deletion: Deletion, n: int, what: str, now: float, stage: str, failed_ids: list[str]
) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{deletion.id}/{n}",
        "source": f"urn:expunge:{stage}",
        "type": f"expunge.deletion.{what}",
        "subject": deletion.id,
        "time": iso(now),
        "datacontenttype": "application/json",
        "sequence": str(n),
        "data": {**document(deletion), "failed_ids": failed_ids[:100]},
    }
