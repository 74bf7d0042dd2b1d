"""A DynamoDB API for many threads: moto, one call after the other.

DynamoDB's conditional writes and transactions are linearizable; moto's tables are plain dictionaries that
threads may not change at the same time. Calls of different threads still come in any order.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from tests.property.live import LiveStage


class Linear:
    """boto3's client, one call at a time."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(**request: Any) -> Any:
            with self._lock:
                return method(**request)

        return call


def at_once(work: Callable[[int], Any], times: int) -> list[Any]:
    """The results of `work(0)` ... `work(times - 1)`, begun at the same moment by a thread each."""
    gate = threading.Barrier(times)
    results: list[Any] = [None] * times

    def one(n: int) -> None:
        gate.wait()
        results[n] = work(n)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def calls(stage: LiveStage, method: str, words: str) -> int:
    """How many calls of this kind have reached the simulator."""
    journal = stage.server.sim.state.journal.calls
    return sum(c["method"] == method and words in f"{c['path']}?{c['query']}" for c in journal)
