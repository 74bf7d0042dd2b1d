"""From the moment that a job is completed at Zoho to its final event in a subscriber's queue.

The views are not listed: what is measured is when a job is asked for, not the reading that settles a list.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from benchmarks.by_ids import FIRST
from benchmarks.place import Zoho, allow, finals
from benchmarks.results import Row, at_least, at_most, median, percentile
from local.running import RunningStack

#: Records of a second; jobs of so many seconds each, like small and middling views at Zoho.
SPEED = 50
SECONDS = tuple(3 + 97 * n / 23 for n in range(24))
START, QUEUED = 1.0, 1.0
MEDIAN, P99, APART = 6.0, 65.0, 5.0
WAIT_SECONDS = 300.0
#: What the stage is set to on AWS; the local one is quicker.
AS_ON_AWS = {"EXPUNGE_MAX_WAIT_SECONDS": "900", "EXPUNGE_SETTLE_SECONDS": "300"}


def rows(running: RunningStack, seconds: tuple[float, ...] = SECONDS) -> Iterator[Row]:
    """Jobs of so many seconds, all at once, in lanes of their own."""
    sizes = {str(7_000_000 + n): int(each * SPEED) for n, each in enumerate(seconds)}
    zoho = _prepare(running, sizes)
    sent = {_send(running, cvid): cvid for cvid in sizes}
    heard = finals(running, set(sent), WAIT_SECONDS)
    calls = zoho.calls(deleting=False)
    ends = {cvid: at + START + QUEUED + sizes[cvid] / SPEED for cvid, at in _starts(calls).items()}
    late = [at - ends[sent[one]] for one, (at, _) in heard.items()]
    bad = [data["status"] for _, data in heard.values() if data["status"] != "completed"]
    if len(heard) < len(sent) or bad:
        raise RuntimeError(f"{len(sent) - len(heard)} views' deletions not final, or ended {bad}")
    against = "polling each minute: median 30 s, p99 60 s"
    yield at_most(
        "job completed to event, median", median(late), MEDIAN, unit=" s", against=against, late=late
    )
    yield at_most("job completed to event, p99", percentile(late, 0.99), P99, unit=" s", against=against)
    apart = _apart(calls)
    asked = sum(call["path"].endswith("mass_delete") and call["method"] == "GET" for call in calls)
    against = f"{asked} questions about {len(sizes)} jobs"
    yield at_least("seconds between two questions about a job", apart, APART, unit=" s", against=against)


def _prepare(running: RunningStack, sizes: dict[str, int]) -> Zoho:
    zoho = Zoho(running["zoho_url"])
    zoho.post("reset", {})
    zoho.post("generate", {"module": "Leads", "count": sum(sizes.values()), "first_id": str(FIRST)})
    first, views = FIRST, []
    for cvid, size in sizes.items():
        views.append({"module": "Leads", "cvid": cvid, "ids": [str(first + n) for n in range(size)]})
        first += size
    zoho.post("views", views)
    jobs = {"job_start_seconds": START, "job_queued_seconds": QUEUED, "job_records_per_second": SPEED}
    zoho.post("settings", {**jobs, "job_min_seconds": 0, "already_scheduled_scope": "view"})
    allow(running, 20, max_records=50_000, org_settings={"lane": "view"})
    return zoho


def _send(running: RunningStack, cvid: str) -> str:
    answer = running.send({"operation": "mass_delete", "module": "Leads", "cvid": cvid, "freeze": "never"})
    if answer.status_code != 202:
        raise RuntimeError(f"answered {answer.status_code}: {answer.text[:200]}")
    return str(answer.json()["id"])


def _starts(calls: list[dict[str, Any]]) -> dict[str, float]:
    """When each view's job was scheduled."""
    posts = [c for c in calls if c["method"] == "POST" and c["path"].endswith("/mass_delete")]
    return {json.loads(call["body"])["cvid"]: call["at"] for call in posts if call["status"] == 200}


def _apart(calls: list[dict[str, Any]]) -> float:
    """The shortest time between two questions about one job."""
    asked: dict[str, list[float]] = defaultdict(list)
    for call in calls:
        if call["method"] == "GET" and call["path"].endswith("mass_delete"):
            asked[str(call["query"])].append(call["at"])
    gaps = [later - earlier for each in asked.values() for earlier, later in pairwise(each)]
    return min(gaps, default=APART)
