"""A view of 50,000 records: its list beside the pages that it needs, its deletion beside one without a list.

Pages of a view come one after the other, for only a page names the next one. So do those of the deleted list,
by which the listed records are settled after the job.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.by_ids import FIRST
from benchmarks.place import Zoho, allow, finals
from benchmarks.results import Row, at_most
from chalicelib.service.by_view.checking import DELETED_CREDITS, PAGE_CREDITS
from chalicelib.service.engine.view_pages import PER_PAGE
from local.running import RunningStack

#: How near to what the calls to Zoho take the list has to come, and the whole.
NEAR = 1.15
WAIT_SECONDS = 600.0
MODULE = "Leads"
AUTO, NEVER = "auto", "never"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run. `latency`: seconds that the simulator takes for a call. Its job takes so many records
    `records_a_second`: quick, so that the calls are what is measured.
    """

    records: int = 50_000
    latency: float = 0.3
    records_a_second: float = 10_000.0

    @property
    def pages(self) -> int:
        """Calls that name all records, in a view or in the deleted list."""
        return -(-self.records // PER_PAGE)


@dataclass(frozen=True, slots=True)
class Measured:
    """One deletion. Seconds: `listing` and `settling` from the first page asked for to the end of the last (0
    where there is none), `whole` from the request to the final event. `pages`, `deleted_pages` and `others`
    are calls.
    """

    freeze: str
    listing: float
    settling: float
    whole: float
    pages: int
    deleted_pages: int
    others: int
    credits: int


def rows(running: RunningStack, plan: Plan) -> Iterator[Row]:
    """The rows about the list, the whole and the credits."""
    never, frozen = (run(running, plan, freeze, n) for n, freeze in enumerate((NEVER, AUTO)))
    of = f"a view of {plan.records:,} records"
    limit = plan.pages * plan.latency
    against = f"{plan.pages} pages in turn: {limit:.1f} s, here {frozen.listing:.1f} s"
    runs = [asdict(never), asdict(frozen)]
    yield at_most(f"{of}, listed", frozen.listing / limit, NEAR, unit=" x", against=against, views=runs)
    # What Zoho's own calls add to the job: the pages of the view, and those of the deleted list.
    least = never.whole + 2 * limit
    against = f"`freeze: never`: {never.whole:.1f} s, with the pages {least:.1f} s, here {frozen.whole:.1f} s"
    yield at_most(
        f"{of}, listed and deleted",
        frozen.whole / never.whole,
        NEAR * least / never.whole,
        unit=" x",
        against=against,
    )
    fewest = plan.pages * (PAGE_CREDITS + DELETED_CREDITS) + frozen.others
    against = f"`freeze: never`: {never.credits:,}"
    yield at_most(f"{of}, listed and deleted: credits", frozen.credits, fewest, against=against)


def run(running: RunningStack, plan: Plan, freeze: str, number: int = 0) -> Measured:
    """Deletes a fresh view. Raises RuntimeError where not every record of it is deleted."""
    zoho = _prepare(running, plan, cvid := str(7_100_000 + number))
    finals(running, {_send(running, str(int(cvid) + 100), freeze)}, WAIT_SECONDS)  # the worker is warm
    spent, known = _credits(zoho), len(zoho.calls(deleting=False))
    began = time.time()
    sent = _send(running, cvid, freeze)
    ended = finals(running, {sent}, WAIT_SECONDS)
    at, data = ended.get(sent, (0.0, {"status": "not final", "counts": {}}))
    if data["status"] != "completed" or data["counts"]["deleted"] != plan.records:
        raise RuntimeError(f"the view's deletion is {data['status']}: {data['counts']}")
    return _measured(plan, freeze, zoho, (known, spent), at - began)


def _measured(plan: Plan, freeze: str, zoho: Zoho, before: tuple[int, int], whole: float) -> Measured:
    calls = zoho.calls(deleting=False)[before[0] :]
    listed = [call["at"] for call in calls if "cvid=" in (call["query"] or "") and _reads(call, MODULE)]
    deleted = [call["at"] for call in calls if _reads(call, f"{MODULE}/deleted")]
    spent = _credits(zoho) - before[1]

    def span(times: list[float]) -> float:
        return max(times) + plan.latency - min(times) if times else 0.0

    others = len(calls) - len(listed) - len(deleted)
    return Measured(freeze, span(listed), span(deleted), whole, len(listed), len(deleted), others, spent)


def _credits(zoho: Zoho) -> int:
    return int(zoho.get("state")["credits"]["total"])


def _reads(call: dict[str, Any], what: str) -> bool:
    return bool(call["method"] == "GET" and call["path"].endswith(f"/{what}"))


def _prepare(running: RunningStack, plan: Plan, cvid: str) -> Zoho:
    """A view with the records, and one of a single record, by which the worker is warmed."""
    zoho = Zoho(running["zoho_url"])
    zoho.post("reset", {})
    first = FIRST + int(cvid) * 1_000_000
    zoho.post("generate", {"module": MODULE, "count": plan.records + 1, "first_id": str(first)})
    ids = [str(first + n) for n in range(plan.records + 1)]
    views = [(cvid, ids[1:]), (str(int(cvid) + 100), ids[:1])]
    zoho.post("views", [{"module": MODULE, "cvid": one, "ids": members} for one, members in views])
    jobs = {"job_min_seconds": 0, "job_records_per_second": plan.records_a_second}
    zoho.post("settings", {**jobs, "latency_ms": 1000 * plan.latency, "concurrency": 20})
    allow(running, 20, max_records=plan.records)
    return zoho


def _send(running: RunningStack, cvid: str, freeze: str) -> str:
    request = {"operation": "mass_delete", "module": MODULE, "cvid": cvid, "freeze": freeze}
    answer = running.send(request)
    if answer.status_code != 202:
        raise RuntimeError(f"answered {answer.status_code}: {answer.text[:200]}")
    return str(answer.json()["id"])
