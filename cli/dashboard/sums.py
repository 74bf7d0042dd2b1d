"""From what the operators' API says to what the overview shows: sums, buckets and lists. Pure.

Deletions are documents of `GET deletions` (docs/CONTRACT.md, sections 3 and 4), policies entries of
`GET policies`, pauses answers of `GET pause`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Document = Mapping[str, Any]

#: What a bar is made of, from the bottom up: key, words, the statuses that belong to it.
KINDS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("completed", "Completed", frozenset({"completed"})),
    ("partially_completed", "Partially completed", frozenset({"partially_completed"})),
    ("failed", "Failed", frozenset({"failed"})),
    ("refused", "Refused", frozenset({"refused"})),
    ("cancelled", "Cancelled", frozenset({"cancelled"})),
    ("needs_attention", "Needs attention", frozenset({"needs_attention"})),
    ("dry_run", "Dry runs", frozenset()),
    ("open", "In progress", frozenset({"accepted", "awaiting_approval", "waiting", "running"})),
)
#: Operations whose `deleted` are records that were there; a permanent deletion's were counted before, and
#: what a delink takes is a link.
TAKES_RECORDS = frozenset({"delete_records", "mass_delete", "purge", "erase_person"})
#: Ended deletions that are listed.
LATELY = 20
#: Windows up to this many days are shown by the hour.
BY_HOUR = 2
LANE = "another mass delete at Zoho"


@dataclass(frozen=True, slots=True)
class StageData:
    """What was read. `whole`: all deletions since `since` are among `deletions`. `policies`: with their org
    as `org`.
    """

    stage: str
    since: datetime
    now: datetime
    deletions: Sequence[Document]
    policies: Sequence[Document]
    pauses: Sequence[Document]
    whole: bool = True


def kind(deletion: Document) -> str:
    """The part of a bar that a deletion belongs to; a status that this version does not know has not ended.
    What a dry run ends in says nothing of records, so ended ones are a part of their own.
    """
    found = next((key for key, _, statuses in KINDS if deletion["status"] in statuses), "open")
    return "dry_run" if deletion.get("dry_run") and found != "open" else found


def overview(seen: StageData) -> dict[str, Any]:
    """Everything that the page shows, JSON-ready."""
    deletions = sorted(
        (each for each in seen.deletions if moment(each["created_at"]) >= seen.since),
        key=lambda each: str(each["created_at"]),
        reverse=True,
    )
    return {
        "stage": seen.stage,
        "as_of": iso(seen.now),
        "since": iso(seen.since),
        "whole": seen.whole,
        "kinds": [{"key": key, "words": words} for key, words, _ in KINDS],
        "totals": totals(deletions),
        "over_time": over_time(deletions, seen.since, seen.now),
        "ended": lately(deletions),
        "open": [row(each) for each in deletions if kind(each) == "open"],
        "lanes": lanes(deletions),
        "attention": [row(each) for each in deletions if each["status"] == "needs_attention"],
        "failures": failures(deletions),
        "policies": policies(seen.policies),
        "pauses": pauses(seen.pauses),
    }


def totals(deletions: Iterable[Document]) -> dict[str, int]:
    """Deletions by kind, records gone, and calls that deleted, each of which is one API credit."""
    found: Counter[str] = Counter(deletions=0, records_deleted=0, calls=0)
    for each in deletions:
        found.update({"deletions": 1, kind(each): 1, **_work(each)})
    return {**{key: found[key] for key, _, _ in KINDS}, **found}


def _work(deletion: Document) -> dict[str, int]:
    takes = deletion["operation"] in TAKES_RECORDS
    deleted = deletion["counts"].get("deleted", 0) if takes else 0
    return {"records_deleted": deleted, "calls": deletion.get("calls", 0)}


def lately(deletions: Iterable[Document]) -> list[dict[str, Any]]:
    """The deletions that ended last, the newest first; the audit view has all of them."""
    ended = [each for each in deletions if kind(each) != "open"]
    ended.sort(key=lambda each: str(each.get("finished_at") or each["created_at"]), reverse=True)
    return [row(each) for each in ended[:LATELY]]


def over_time(deletions: Iterable[Document], since: datetime, now: datetime) -> dict[str, Any]:
    """Deletions by the hour or day (UTC) in which they were accepted, without gaps."""
    unit = "hour" if now - since <= timedelta(days=BY_HOUR) else "day"
    step = timedelta(hours=1) if unit == "hour" else timedelta(days=1)
    at, buckets = _floor(since, unit), {}
    while at <= now:
        buckets[at] = Counter[str]()
        at += step
    for each in deletions:
        bucket = buckets.get(_floor(moment(each["created_at"]), unit))
        if bucket is not None:
            bucket.update({kind(each): 1, **_work(each)})
    shown = [
        {
            "at": iso(at),
            "kinds": {key: found[key] for key, _, _ in KINDS},
            "records_deleted": found["records_deleted"],
            "calls": found["calls"],
        }
        for at, found in buckets.items()
    ]
    return {"unit": unit, "buckets": shown}


def _floor(at: datetime, unit: str) -> datetime:
    at = at.replace(minute=0, second=0, microsecond=0)
    return at if unit == "hour" else at.replace(hour=0)


def row(deletion: Document) -> dict[str, Any]:
    """One deletion in a list."""
    names = ("id", "status", "operation", "module", "org", "source", "reference", "dry_run", "waiting_for")
    lane = deletion.get("lane") or {}
    return {
        **{name: deletion.get(name) for name in names},
        "kind": kind(deletion),
        "created_at": deletion["created_at"],
        "finished_at": deletion.get("finished_at"),
        "asked_by": deletion.get("asked_by"),
        "approved_by": deletion.get("approved_by"),
        "counts": dict(deletion["counts"]),
        "codes": [each["code"] for each in deletion["problems"]],
        "ahead": lane.get("ahead"),
        "about_seconds": lane.get("about_seconds"),
        "link": deletion["links"]["self"],
    }


def lanes(deletions: Iterable[Document]) -> list[dict[str, Any]]:
    """By org: the view's mass deletes that run, and those that wait for them, the next one first."""
    found: dict[str, dict[str, Any]] = {}
    for each in deletions:
        if each["operation"] != "mass_delete" or kind(each) != "open":
            continue
        lane = found.setdefault(each["org"], {"org": each["org"], "running": [], "waiting": []})
        if each.get("lane") or each["waiting_for"] == LANE:
            lane["waiting"].append(row(each))
        elif each["status"] == "running":
            lane["running"].append(row(each))
    for lane in found.values():
        lane["waiting"].sort(key=lambda each: (each["ahead"] is None, each["ahead"] or 0, each["created_at"]))
    return [found[org] for org in sorted(found) if found[org]["running"] or found[org]["waiting"]]


def failures(deletions: Iterable[Document]) -> list[dict[str, Any]]:
    """Problems of deletions that have ended, by code, those of most records first."""
    found: dict[str, dict[str, Any]] = {}
    for each in deletions:
        for problem in each["problems"] if kind(each) != "open" else ():
            one = found.setdefault(problem["code"], {**problem, "count": 0, "deletions": 0})
            one["count"] += problem["count"]
            one["deletions"] += 1
    return sorted(found.values(), key=lambda one: (-one["count"], one["code"]))


def policies(found: Iterable[Document]) -> list[dict[str, Any]]:
    """Policies, those that run next first and those that never do last."""
    shown = [
        {
            "org": each["org"],
            "name": each["policy"].get("name", "?"),
            "module": each["policy"].get("module"),
            "dry_run": bool(each["policy"].get("dry_run")),
            "next_runs": list(each["next_runs"]),
            "last_run": each["last_run"],
            "last_skipped": each["last_skipped"],
            "problems": [f"{one['path']}: {one['problem']}" for one in each["problems"]],
        }
        for each in found
    ]
    return sorted(shown, key=lambda one: (not one["next_runs"], one["next_runs"][:1], one["name"]))


def pauses(found: Iterable[Document]) -> list[dict[str, Any]]:
    """What is paused, once each: a pause of all orgs is told for every org that is asked about."""
    shown = {each["org"]: dict(each) for each in found if each["paused"]}
    return [shown[None]] if None in shown else [shown[org] for org in sorted(shown)]


def moment(text: str) -> datetime:
    """An ISO 8601 time of the API."""
    return datetime.fromisoformat(text)


def iso(at: datetime) -> str:
    """As the API writes times."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
