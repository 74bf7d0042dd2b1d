"""Thousands of records by ids, from the first request sent to the last final event, beside the peers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any

from benchmarks.memory import Watch
from benchmarks.place import Zoho, allow, finals
from benchmarks.results import Row, at_least, at_most, median
from local.running import RunningStack

FIRST = 410_405_000_002_000_000
CONCURRENCY = 20
LATENCY = 1.0
A_REQUEST = 5_000
WAIT_SECONDS = 300.0
#: How near to Zoho's limit the calls have to come, and how far ahead of Zoho's client the whole.
NEAR, AHEAD = 1.3, 20.0
#: With DELETE the client's own calls take only CONCURRENCY times as long as Zoho's limit: no service can be
#: 20 times as fast as it. As near to the limit as the calls have to come is this.
AHEAD_BY_DELETE = CONCURRENCY / NEAR
MEGABYTES, GROWTH = 200.0, 0.1
BATCH = {"mass_delete": 500, "records": 100}


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. Times in seconds: `span` from the first call in the simulator's log to the end of the last,
    `whole` from the first request sent to the last final event heard. `memory`: see memory.Watch.
    """

    records: int
    api: str
    span: float
    whole: float
    calls: int
    credits: int
    memory: dict[str, float]
    concurrency: int = CONCURRENCY

    @property
    def limit(self) -> float:
        """What Zoho's limits allow at best (seconds)."""
        calls = -(-self.records // BATCH[self.api])
        return max(1.0, calls / self.concurrency) * LATENCY


_used = count()


def prepare(
    running: RunningStack, records: int, api: str, latency: float = LATENCY, concurrency: int = CONCURRENCY
) -> list[str]:
    """Fills the simulator, sets its limits and the source's; returns the ids. Nobody has deleted them before:
    what was deleted a moment ago would be read first.
    """
    first = FIRST + next(_used) * 1_000_000
    zoho = Zoho(running["zoho_url"])
    zoho.post("reset", {})
    zoho.post("generate", {"module": "Leads", "count": records, "first_id": str(first)})
    zoho.post("settings", {"concurrency": concurrency, "latency_ms": 1000 * latency})
    allow(running, concurrency, max_records=A_REQUEST, mass_delete_by_ids=api == "mass_delete")
    return [str(first + n) for n in range(records)]


def warm(running: RunningStack) -> None:
    """Every worker has done something before what is measured begins, as on a day with any traffic."""
    sent = {_send(running, [str(FIRST - 1 - n)]) for n in range(6)}
    finals(running, sent, WAIT_SECONDS)


def run(running: RunningStack, ids: list[str], api: str, concurrency: int = CONCURRENCY) -> Measured:
    """Sends all ids in requests of 5,000 and waits. Raises RuntimeError where not all of them are deleted."""
    zoho = Zoho(running["zoho_url"])
    before, known = zoho.get("state"), len(zoho.calls())
    began = time.time()
    with Watch("work") as memory:
        parts = [ids[n : n + A_REQUEST] for n in range(0, len(ids), A_REQUEST)]
        sent = {_send(running, part) for part in parts}
        ended = finals(running, sent, WAIT_SECONDS)
    deleted = sum(data["counts"]["deleted"] for _, data in ended.values())
    if deleted != len(ids) or sent - ended.keys():
        raise RuntimeError(f"{deleted} of {len(ids)} deleted, {len(sent - ended.keys())} requests not final")
    calls = zoho.calls()[known:]
    times = [call["at"] for call in calls]
    spent = _credits(zoho.get("state")) - _credits(before)
    latency = zoho.get("settings")["latency_ms"] / 1000
    whole = max(at for at, _ in ended.values()) - began
    span, told = max(times) + latency - min(times), memory.told()
    return Measured(len(ids), api, span, whole, len(calls), spent, told, concurrency)


def _send(running: RunningStack, ids: list[str]) -> str:
    answer = running.send({"operation": "delete_records", "module": "Leads", "ids": ids})
    if answer.status_code != 202:
        raise RuntimeError(f"answered {answer.status_code}: {answer.text[:200]}")
    return str(answer.json()["id"])


def _credits(state: dict[str, Any]) -> int:
    return int(state["credits"]["total"])


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: for each api so many records, so often; and sizes for the plot, by mass delete.
    `concurrency`: calls at once that Zoho allows. `latency`: seconds that the simulator takes for a call.
    """

    records: int = 50_000
    runs: Sequence[tuple[str, int]] = (("mass_delete", 3), ("records", 1))
    curve: Sequence[int] = (100, 1_000, 5_000, 20_000)
    latency: float = LATENCY
    concurrency: int = CONCURRENCY


def rows(running: RunningStack, plan: Plan, peers: Sequence[Any]) -> Iterator[Row]:
    """The rows about speed, credits and memory. `peers`: Zoho's client first, then the plain loop."""
    client, loop = peers
    told: list[Measured] = []
    for api, times in plan.runs:
        mine = [_once(running, plan, plan.records, api) for _ in range(times)]
        told += mine
        yield from _speed(mine, plan, client, loop)
    most = max(each.memory["most"] for each in told)
    growth = max(each.memory["growth"] for each in told)
    workers = f"{max(each.memory['workers'] for each in told):.0f} workers"
    yield at_most("memory of the largest worker", most, MEGABYTES, unit=" MB", against=workers)
    yield at_most("its growth in the second half", 100 * growth, 100 * GROWTH, unit=" %", against="flat")


def curve(running: RunningStack, plan: Plan) -> dict[int, float]:
    """Seconds from request to final event by number of records, by mass delete."""
    return {size: _once(running, plan, size, "mass_delete").whole for size in plan.curve}


def _once(running: RunningStack, plan: Plan, records: int, api: str) -> Measured:
    ids = prepare(running, records, api, plan.latency, plan.concurrency)
    warm(running)
    return run(running, ids, api, plan.concurrency)


def _speed(mine: list[Measured], plan: Plan, client: Any, loop: Any) -> Iterator[Row]:
    api, records = mine[0].api, mine[0].records
    how = "mass delete" if api == "mass_delete" else "DELETE"
    span, whole = median([each.span for each in mine]), median([each.whole for each in mine])
    limit = mine[0].limit * plan.latency / LATENCY
    runs = [asdict(each) for each in mine]
    against = f"Zoho's limit: {limit:.1f} s, here {span:.1f} s"
    what = f"{records:,} records by {how}: calls"
    yield at_most(what, span / limit, NEAR, unit=" x", against=against, runs=runs)
    theirs, slow = client.time_for(records), loop.time_for(records)
    against = f"{client.name}: {theirs:,.0f} s, a loop: {slow:,.0f} s, here {whole:.1f} s"
    least = AHEAD if api == "mass_delete" else AHEAD_BY_DELETE
    yield at_least(
        f"{records:,} records by {how}: end to end", theirs / whole, least, unit=" x faster", against=against
    )
    fewest = -(-records // BATCH[api])
    spent = max(each.credits for each in mine)
    asked = f"{client.name}: {client.credits_for(records):,.0f}, a loop: {loop.credits_for(records):,.0f}"
    yield at_most(f"{records:,} records by {how}: credits", spent, fewest, against=asked)
