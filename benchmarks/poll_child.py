"""Polls in this process as the poll function does, counting what each asks of AWS.

Run with the environment of the poll function. Arguments: ids of deletions that are made due before each poll;
none for idle polls. Each line on standard input is one poll so many minutes from now, and is answered with a
line of JSON.
"""

import json
import logging
import sys
import time
from collections import Counter
from dataclasses import replace
from typing import Any

from chalicelib import bootstrap, handlers
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
            answer = found(**request)
            calls[f"{self._name}.{method}"] += 1
            told = answer.get("ConsumedCapacity") or []
            for each in told if isinstance(told, list) else [told]:
                calls["capacity"] += each.get("CapacityUnits", 0)
            return answer

        return call


calls: Counter[str] = Counter()
make = aws.client
setattr(aws, "client", lambda name: Counted(name, make(name)))  # noqa: B010 -- the one seam of all adapters


deps_until = bootstrap.deps_until


def in_minutes(minutes: int) -> None:
    """The poll's clock from now on."""
    ahead = 60 * minutes

    def later(context: Any) -> Any:
        deps = deps_until(context)
        return replace(deps, clock=lambda: time.time() + ahead, ends_at=deps.ends_at + ahead)

    setattr(bootstrap, "deps_until", later)  # noqa: B010 -- where the handler takes its clock from


def poll(due: list[str]) -> dict[str, Any]:
    """One poll: how long it took, and what it asked."""
    now = time.time()
    for one in due:
        bootstrap.table().wake(one, now)
    calls.clear()
    began = time.perf_counter()
    done = handlers.poll_once(Context())
    took = time.perf_counter() - began
    return {"ms": 1000 * took, "due": done["due"], "calls": dict(calls)}


for line in sys.stdin:
    in_minutes(int(line))
    print("told " + json.dumps(poll(sys.argv[1:])), flush=True)
