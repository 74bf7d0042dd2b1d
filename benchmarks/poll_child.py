"""Polls in this process as the poll function does, counting what each asks of AWS; prints JSON.

Run with the environment of the poll function. Arguments: how many polls, then ids of deletions that are made
due before each of them; none for idle polls.
"""

import json
import logging
import sys
import time
from collections import Counter
from typing import Any

from chalicelib import bootstrap, consumers
from chalicelib.adapters import aws

logging.disable(logging.CRITICAL)


class Context:
    """A minute's invocation."""

    aws_request_id = "bench"
    function_name = "bench"

    def get_remaining_time_in_millis(self) -> int:
        """As at its start."""
        return 60_000


class Counted:
    """A client that notes each call and the capacity it took."""

    def __init__(self, name: str, inner: Any) -> None:
        self._name, self._inner = name, inner

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._inner, method)
        if not callable(found) or method in ("exceptions", "get_paginator"):
            return found

        def call(**request: Any) -> Any:
            if self._name == "dynamodb":
                request["ReturnConsumedCapacity"] = "TOTAL"
            asked = time.perf_counter()
            answer = found(**request)
            waited[0] += time.perf_counter() - asked
            calls[f"{self._name}.{method}"] += 1
            told = answer.get("ConsumedCapacity") or []
            for each in told if isinstance(told, list) else [told]:
                calls["capacity"] += each.get("CapacityUnits", 0)
            return answer

        return call


calls: Counter[str] = Counter()
waited = [0.0]
make = aws.client
setattr(aws, "client", lambda name: Counted(name, make(name)))  # noqa: B010 -- the one seam of all adapters


def main(polls: int, due: list[str]) -> None:
    """The polls after one that is not counted, which makes clients and connections."""
    told = []
    for n in range(polls + 1):
        now = time.time()
        for one in due:
            bootstrap.table().wake(one, now)
        calls.clear()
        waited[0] = 0.0
        began, worked = time.perf_counter(), time.process_time()
        done = consumers.poll(Context())
        told.append(
            {
                "ms": 1000 * (time.perf_counter() - began),
                "cpu_ms": 1000 * (time.process_time() - worked),
                "waited_ms": 1000 * waited[0],
                "due": done["due"],
                "calls": dict(calls),
            }
        )
        if n == 0:
            told.clear()
    print("\n" + json.dumps(told))


main(int(sys.argv[1]), sys.argv[2:])
