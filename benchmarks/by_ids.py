"""Thousands of records by ids, from the first request sent to the last final event."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from benchmarks.memory import Watch
from benchmarks.place import Zoho, allow, finals
from local.running import RunningStack

FIRST = 410_405_000_002_000_000
CONCURRENCY = 20
LATENCY = 1.0
A_REQUEST = 5_000
WAIT_SECONDS = 300.0
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

    @property
    def limit(self) -> float:
        """What Zoho's limits allow at best (seconds)."""
        calls = -(-self.records // BATCH[self.api])
        return -(-calls // CONCURRENCY) * LATENCY if calls < CONCURRENCY else calls * LATENCY / CONCURRENCY


def prepare(running: RunningStack, records: int, api: str, latency: float = LATENCY) -> list[str]:
    """Fills the simulator, sets its limits and the source's; returns the ids."""
    zoho = Zoho(running["zoho_url"])
    zoho.post("reset", {})
    zoho.post("generate", {"module": "Leads", "count": records, "first_id": str(FIRST)})
    zoho.post("settings", {"concurrency": CONCURRENCY, "latency_ms": 1000 * latency})
    allow(running, CONCURRENCY, max_records=A_REQUEST, mass_delete_by_ids=api == "mass_delete")
    return [str(FIRST + n) for n in range(records)]


def warm(running: RunningStack) -> None:
    """Every worker has done something before what is measured begins, as on a day with any traffic."""
    sent = {_send(running, [str(FIRST - 1 - n)]) for n in range(6)}
    finals(running, sent, WAIT_SECONDS)


def run(running: RunningStack, ids: list[str], api: str) -> Measured:
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
    return Measured(len(ids), api, max(times) + latency - min(times), whole, len(calls), spent, memory.told())


def _send(running: RunningStack, ids: list[str]) -> str:
    answer = running.send({"operation": "delete_records", "module": "Leads", "ids": ids})
    if answer.status_code != 202:
        raise RuntimeError(f"answered {answer.status_code}: {answer.text[:200]}")
    return str(answer.json()["id"])


def _credits(state: dict[str, Any]) -> int:
    return int(state["credits"]["total"])
