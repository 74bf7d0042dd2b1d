"""The list of every call, as ``GET /_sim/calls`` shows it."""

from __future__ import annotations

from collections import deque
from typing import Any

from simulator.clock import iso_millis
from simulator.http import Call

KEPT = 200_000


class Journal:
    """The last 200,000 calls. ``n`` counts from 1 and goes on when old calls fall out."""

    def __init__(self) -> None:
        self.calls: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._n = 0

    def open(self, call: Call, now: float) -> dict[str, Any]:
        """Lists a call that has arrived; its status comes with the answer and stays null if it is dropped."""
        self._n += 1
        entry: dict[str, Any] = {
            "n": self._n,
            "at": iso_millis(now),
            "method": call.method,
            "path": call.path,
            "query": call.query,
            "body": call.body.decode("utf-8", "replace") if call.body else None,
            "status": None,
        }
        self.calls.append(entry)
        return entry

    def since(self, n: int) -> list[dict[str, Any]]:
        """The calls after number ``n``."""
        return [entry for entry in list(self.calls) if entry["n"] > n]
