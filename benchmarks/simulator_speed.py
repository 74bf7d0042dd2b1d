"""How many deletes the simulator answers when it adds no latency: it must not be what is measured."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import requests

from benchmarks.by_ids import CONCURRENCY, FIRST, LATENCY
from benchmarks.peers import token
from benchmarks.place import Zoho
from benchmarks.results import Row, at_least
from local.running import RunningStack

CALLS, A_CALL = 400, 100
NEEDED = CONCURRENCY / LATENCY
MORE = 3.0


def rows(running: RunningStack) -> Iterator[Row]:
    """Calls of 100 ids from 20 threads, against the most that a benchmark with latency can ask for."""
    zoho = Zoho(running["zoho_url"])
    zoho.post("reset", {})
    zoho.post("generate", {"module": "Leads", "count": CALLS * A_CALL, "first_id": str(FIRST)})
    zoho.post("settings", {"concurrency": CONCURRENCY + 5, "latency_ms": 0})
    batches = [[str(FIRST + n + k) for k in range(A_CALL)] for n in range(0, CALLS * A_CALL, A_CALL)]
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Zoho-oauthtoken {token(session, running['zoho_url'])}"
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=CONCURRENCY))

        def delete(ids: list[str]) -> bool:
            url = f"{running['zoho_url']}/crm/v7/Leads"
            return session.delete(url, params={"ids": ",".join(ids)}, timeout=60).status_code == 200

        began = time.perf_counter()
        with ThreadPoolExecutor(CONCURRENCY) as threads:
            good = sum(threads.map(delete, batches))
        seconds = time.perf_counter() - began
    if good != CALLS:
        raise RuntimeError(f"the simulator did {good} of {CALLS} calls")
    against = f"the most that is asked of it: {NEEDED:.0f} calls a second"
    yield at_least(
        "simulator without latency, calls a second", CALLS / seconds, MORE * NEEDED, against=against
    )
