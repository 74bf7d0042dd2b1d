"""The deletion's log: what happened, when, why and by whom, chained by hash, and what of it leaves as an
event.

An entry's hash covers its own content and the hash of the one before, so an altered, removed or reordered
entry shows. What may be personal (why, references, ids) is in it as a salted commitment, as is what the
deletion itself keeps: what was asked for, its limits, ids, outcomes, approval and end. Each salt lies beside
what it is for and goes with it when that is forgotten; the commitments stay, so the chain still verifies.
Entries with an `event` are published as CloudEvents 1.0 (contract section 5); the others stay in the log, so
the numbers of published events grow but may leave gaps.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import document, iso
from chalicelib.domain.evidence.salts import salt
from chalicelib.domain.outcomes import Chunk
from chalicelib.domain.status import Status

SERVICE = "expunge"

#: The last part of the event type where it is not the status itself.
_TYPE = {Status.RUNNING: "started"}
#: Parts of an entry that may be personal, and parts of the deletion that it commits to under a salt.
WHY, REFERENCE, FAILED, FIRST = "why", "reference", "failed_ids", "first_ids"
IDS, RECORDS = "ids", "records"
#: What it commits to without a salt: nothing personal, and kept when the rest is forgotten.
REQUEST, LIMITS, APPROVAL, END = "request", "limits", "approval", "end"
#: Fields of a request that are committed to elsewhere, or personal.
_APART = ("ids", "until", "reference", "reason", "record_id")


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
    event = _event(deletion, n, what, now, stage, failed) if public else None
    salted = _own(why, event)
    if n == 1 and deletion.request.ids:
        salted[IDS] = _ids(deletion, deletion.request.ids)
    if outcomes is not None and outcomes.records:
        salted[RECORDS] = outcomes.records
    salts = {name: _salt(deletion, n, name) for name in salted}
    facts = {name: commitment(value, salts[name]) for name, value in salted.items()}
    facts |= {name: commitment(value) for name, value in _known(deletion, n).items()}
    entry = Entry(n, what, now, by, why, "", event, facts, salts)
    chain = link(deletion.chain, content(entry))
    return replace(deletion, events=n, chain=chain), replace(entry, chain=chain)


def first(deletion: Deletion, stage: str) -> tuple[Deletion, Entry]:
    """The deletion with the entry that says it was accepted."""
    by = deletion.asked_by or f"source:{deletion.source}"
    return append(
        deletion, "accepted", deletion.created_at, stage=stage, by=by, why=deletion.request.reason or ""
    )


def event_name(status: Status) -> str:
    """The last part of the event type for a change to `status`."""
    return _TYPE.get(status, status.value)


def content(entry: Entry) -> dict[str, Any]:
    """What the hash of an entry covers: nothing of it goes when the rest is forgotten."""
    event = None if entry.event is None else _bare(entry.event)
    own = {"n": entry.n, "what": entry.what, "at": entry.at, "by": entry.by, "event": event}
    return {**own, "facts": dict(entry.facts)}


def commitment(value: Any, salted: str = "") -> str:
    """SHA-256, base64url, of the salt and the canonical JSON of `value`."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    found = hashlib.sha256(f"{salted}\n{text}".encode(errors="replace")).digest()
    return base64.urlsafe_b64encode(found).decode().rstrip("=")


def digest(chunks: Iterable[Chunk | None]) -> str:
    """SHA-256, hex, over ids and outcomes, chunk after chunk; None stands for one that cannot be read."""
    whole = hashlib.sha256()
    for chunk in chunks:
        told: Any = None
        if chunk is not None:
            codes, records = sorted(chunk.codes.items()), sorted(chunk.records.items())
            told = [list(chunk.ids), chunk.marks, codes, records]
        whole.update(json.dumps(told, separators=(",", ":")).encode() + b"\n")
    return whole.hexdigest()


def link(previous: str, body: Mapping[str, Any]) -> str:
    """The hash of an entry: SHA-256, hex, over the previous hash and the canonical JSON of its content."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{text}".encode(errors="replace")).hexdigest()


def first_broken(entries: Iterable[Entry], *, forgotten: bool = False) -> int | None:
    """The number of the first entry that is missing, out of order or altered; None where the log is whole.

    `forgotten`: parts of it may have been taken away, each with its salt.
    """
    previous, expected = "", 1
    for entry in entries:
        altered = entry.chain != link(previous, content(entry)) or not _own_fits(entry, forgotten=forgotten)
        if entry.n != expected or altered:
            return expected
        previous, expected = entry.chain, expected + 1
    return None


def differing(deletion: Deletion, entries: Iterable[Entry], chunks: Iterable[Chunk | None]) -> str:
    """What of a deletion is not as its log, which is whole, has committed to; "" where all of it is.

    `chunks`: its ids with their outcomes, in order; each is read once and only where it is needed.
    """
    listed = list(entries)
    if not listed:
        return "its log is empty"
    newest: dict[str, Entry] = {}
    for entry in listed:
        newest |= dict.fromkeys(entry.facts, entry)
    opened = listed[0]
    if WHY in opened.salts and (deletion.request.reason or "") != opened.why:
        return "its reason"
    told = (opened.event or {}).get("data", {}).get("reference")
    if REFERENCE in opened.salts and deletion.request.reference != told:
        return "its reference"
    known = {name: value for name, value in _known(deletion, 1).items() if name in newest}
    for name, value in known.items():
        if commitment(value) != newest[name].facts[name]:
            return _WORDS[name]
    return _records_differ(deletion, newest, chunks)


def _records_differ(deletion: Deletion, newest: Mapping[str, Entry], chunks: Iterable[Chunk | None]) -> str:
    ids, records = newest.get(IDS), newest.get(RECORDS)
    has_ids = ids is not None and IDS in ids.salts
    has_records = records is not None and RECORDS in records.salts and deletion.is_final
    if not has_ids and not has_records:
        return ""
    read = list(chunks)
    if ids is not None and has_ids:
        named = [one for chunk in read if chunk is not None for one in chunk.ids]
        if commitment(_ids(deletion, named), ids.salts[IDS]) != ids.facts[IDS]:
            return "its ids"
    if records is None or not has_records:
        return ""
    same = commitment(digest(read), records.salts[RECORDS]) == records.facts[RECORDS]
    return "" if same else "its ids or their outcomes"


_WORDS = {
    REQUEST: "what was asked for, or by whom",
    LIMITS: "its limits",
    APPROVAL: "its approval",
    END: "how it ended",
}


def _known(deletion: Deletion, n: int) -> dict[str, Any]:
    """What the deletion says of itself that is not personal: at its first entry what was asked for, later how
    far it is.
    """
    known: dict[str, Any] = {}
    if n == 1:
        request = {name: value for name, value in asdict(deletion.request).items() if name not in _APART}
        asked = {
            "source": deletion.source,
            "asked_by": deletion.asked_by,
            "put_by": deletion.put_by,
            "retry_of": deletion.retry_of,
            "created_at": deletion.created_at,
        }
        known = {REQUEST: {**request, **asked}, LIMITS: asdict(deletion.limits)}
    approval = deletion.approval
    if approval is not None and approval.approved_at is not None:
        known[APPROVAL] = asdict(approval)
    if deletion.is_final:
        known[END] = {
            "status": deletion.status,
            "counts": asdict(deletion.counts),
            "finished_at": deletion.finished_at,
            "resolved_by": deletion.resolved_by,
            "cancelled_by": deletion.cancelled_by,
        }
    return known


def _ids(deletion: Deletion, ids: Iterable[str]) -> dict[str, Any]:
    """The ids that were asked for, and the record that they are delinked from."""
    return {"ids": list(ids), "record_id": deletion.request.record_id}


def _own(why: str, event: Mapping[str, Any] | None) -> dict[str, Any]:
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


def _own_fits(entry: Entry, *, forgotten: bool) -> bool:
    """Is what the entry has as it committed to, and all of it there that was not forgotten?"""
    own = _own(entry.why, entry.event)
    if any(name not in entry.salts for name in own):
        return False
    if any(commitment(value, entry.salts[name]) != entry.facts.get(name) for name, value in own.items()):
        return False
    known = {WHY, REFERENCE, FAILED, FIRST}
    if any(name in known and name not in own for name in entry.salts):
        return False
    return forgotten or not any(name in known and name not in own for name in entry.facts)


def _bare(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event without what may be personal."""
    data = {**event["data"], "reference": None, "failed_ids": []}
    if data.get("plan"):
        data["plan"] = {**data["plan"], "first_ids": []}
    return {**event, "data": data}


def without(entry: Entry, names: Iterable[str]) -> Entry:
    """The entry after these parts of it were forgotten: their commitments stay."""
    gone = set(names)
    event, why = entry.event, "" if WHY in gone else entry.why
    if event is not None:
        bare = _bare(event)["data"]
        data = dict(event["data"])
        data |= {name: bare[name] for name in (REFERENCE, FAILED) if name in gone}
        data |= {"plan": bare["plan"]} if FIRST in gone and data.get("plan") else {}
        event = {**event, "data": data}
    salts = {name: each for name, each in entry.salts.items() if name not in gone}
    return replace(entry, why=why, event=event, salts=salts)


def _salt(deletion: Deletion, n: int, name: str) -> str:
    """Another one for each part of each entry; empty where the deletion has no seed."""
    return salt(deletion.seed, "log", n, name) if deletion.seed else ""


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
