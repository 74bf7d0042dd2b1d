"""The deletion's log: what happened, when, why and by whom, chained by hash.

An entry's hash covers its own content and the hash of the one before, so an altered, removed or reordered
entry shows. What may be personal (why, references, ids) is in it as a salted commitment, as is what the
deletion itself keeps: what was asked for, its limits, ids, outcomes, approval and end. Each salt lies beside
what it is for and goes with it when that is forgotten; the commitments stay, so the chain still verifies.
Entries with an `event` are published (domain/event.py); the others stay in the log, so the numbers of
published events grow but may leave gaps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.event import bare, event_of
from chalicelib.domain.evidence.salts import salt
from chalicelib.domain.log_commitments import (
    IDS,
    RECORDS,
    asked_ids,
    commitment,
    facts_of,
)

SERVICE = "expunge"
#: What an entry says before what is personal is taken away, and once it was.
FORGET_ASKED = "forget_asked"
FORGOTTEN = "forgotten"

#: Parts of an entry that may be personal: it commits to them under a salt.
WHY, REFERENCE, FAILED, FIRST = "why", "reference", "failed_ids", "first_ids"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `event` is the CloudEvent but for its `chain`, None for what is not published. `facts`:
    commitments by the names above; `salts`: those of the ones that have one and are not forgotten.
    """

    n: int
    what: str
    at: float
    by: str
    why: str
    chain: str
    event: Mapping[str, Any] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    salts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_published(self) -> bool:
        """Does it leave as an event?"""
        return self.event is not None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the ids of a deletion that has ended: those that failed, the first 100 of which its
    event names, and the digest of all (`digest`).
    """

    failed_ids: Sequence[str] = ()
    records: str = ""


def append(
    deletion: Deletion,
    what: str,
    now: float,
    *,
    stage: str,
    why: str = "",
    by: str = SERVICE,
    public: bool = True,
    outcomes: Outcomes | None = None,
) -> tuple[Deletion, Entry]:
    """The deletion with one more entry in its log, and that entry.

    `what` is the last part of the event type. `outcomes`: of a deletion that has ended.
    """
    n = deletion.events + 1
    failed = list(outcomes.failed_ids) if outcomes is not None else []
    event = event_of(deletion, n, what, now, stage, failed) if public else None
    salted = own_parts(why, event)
    if n == 1 and deletion.request.ids:
        salted[IDS] = asked_ids(deletion, deletion.request.ids)
    if outcomes is not None and outcomes.records:
        salted[RECORDS] = outcomes.records
    salts = {name: _salt(deletion, n, name) for name in salted}
    facts = {name: commitment(value, salts[name]) for name, value in salted.items()}
    facts |= {name: commitment(value) for name, value in facts_of(deletion, n).items()}
    entry = Entry(n, what, now, by, why, "", event, facts, salts)
    chain = link(deletion.chain, content(entry))
    return replace(deletion, events=n, chain=chain), replace(entry, chain=chain)


def first(deletion: Deletion, stage: str) -> tuple[Deletion, Entry]:
    """The deletion with the entry that says it was accepted."""
    by = deletion.asked_by or f"source:{deletion.source}"
    return append(
        deletion, "accepted", deletion.created_at, stage=stage, by=by, why=deletion.request.reason or ""
    )


def content(entry: Entry) -> dict[str, Any]:
    """What the hash of an entry covers: nothing of it goes when the rest is forgotten."""
    event = None if entry.event is None else bare(entry.event)
    own = {"n": entry.n, "what": entry.what, "at": entry.at, "by": entry.by, "event": event}
    return {**own, "facts": dict(entry.facts)}


def link(previous: str, body: Mapping[str, Any]) -> str:
    """The hash of an entry: SHA-256, hex, over the previous hash and the canonical JSON of its content."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{text}".encode(errors="replace")).hexdigest()


def own_parts(why: str, event: Mapping[str, Any] | None) -> dict[str, Any]:
    """What of an entry itself may be personal, by its name; nothing for what it does not have."""
    data = {} if event is None else event["data"]
    plan = data.get("plan") or {}
    found = {
        WHY: why,
        REFERENCE: data.get("reference"),
        FAILED: data.get("failed_ids"),
        FIRST: plan.get("first_ids"),
    }
    return {name: value for name, value in found.items() if value}


def without(entry: Entry, names: Iterable[str]) -> Entry:
    """The entry after these parts of it were forgotten: their commitments stay."""
    gone = set(names)
    event, why = entry.event, "" if WHY in gone else entry.why
    if event is not None:
        left = bare(event)["data"]
        data = dict(event["data"])
        data |= {name: left[name] for name in (REFERENCE, FAILED) if name in gone}
        data |= {"plan": left["plan"]} if FIRST in gone and data.get("plan") else {}
        event = {**event, "data": data}
    salts = {name: each for name, each in entry.salts.items() if name not in gone}
    return replace(entry, why=why, event=event, salts=salts)


def _salt(deletion: Deletion, n: int, name: str) -> str:
    """Another one for each part of each entry; empty where the deletion has no seed."""
    return salt(deletion.seed, "log", n, name) if deletion.seed else ""
