"""Rows about cold starts and the package.

A cold start is compared by processor time: what it imports and does. By the clock it waits for the local
AWS too, which runs on the same cores, and for each call as long as that machine takes (docs/adr/0015-what-
speed-is-compared-with.md). The times by the clock stand beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import cold_start
from benchmarks.place import Zoho
from benchmarks.results import Row, at_most, median
from local import package
from local.running import RunningStack, scheduled_event

MOST = {"api": 1.25, "work": 1.6, "poll": 1.6}
MOST_MEGABYTES = 4.0


def rows(running: RunningStack, directory: Path, runs: int) -> Iterator[Row]:
    """Each function against the bare route: medians over `runs`, taken in turns."""
    found, zoho = cold_start.contenders(running, directory), Zoho(running["zoho_url"])
    told: dict[str, list[dict[str, Any]]] = {name: [] for name in found}
    for _ in range(runs):
        signed = cold_start.signed_event(running)
        zoho.post("records", {"Leads": [{"id": one} for one in json.loads(signed["body"])["ids"]]})
        for name, event in (("bare", cold_start.bare_event(signed)), ("api", signed)):
            told[name].append(cold_start.start(found[name], event, directory))
        # The whole deletion, up to its last event; nothing is due for the poll after that.
        events = {"work": _message(told["api"][-1]["answer"]), "poll": scheduled_event()}
        for name, event in events.items():
            told[name].append(cold_start.start(found[name], event, directory))
    bare = _medians(told["bare"])
    for name, most in MOST.items():
        mine = _medians(told[name])
        against = f"a bare Chalice route: {bare['cpu_ms']:.0f} ms, here {mine['cpu_ms']:.0f} ms"
        against += f" (by the clock {bare['clock_ms']:.0f} and {mine['clock_ms']:.0f} ms)"
        ratio = mine["cpu_ms"] / bare["cpu_ms"]
        what = f"cold start of {name}: processor time"
        yield at_most(what, ratio, most, unit=" x", against=against, **mine)
    size = package.build("prod").zip_file.stat().st_size / 1e6
    yield at_most("package for AWS, zipped", size, MOST_MEGABYTES, unit=" MB", against="-")


def _medians(told: list[dict[str, Any]]) -> dict[str, float]:
    parts = ("cpu_ms", "clock_ms", "import_ms", "first_ms")
    return {part: round(median([each[part] for each in told]), 1) for part in parts}


def _message(answer: dict[str, Any]) -> dict[str, Any]:
    """The queue's event for the deletion that was just accepted, so that there is work to do."""
    if answer["statusCode"] != 202:
        raise RuntimeError(f"api answered {answer['statusCode']}: {answer['body'][:200]}")
    body = json.dumps({"deletion": json.loads(answer["body"])["id"]})
    return {"Records": [{"eventSource": "aws:sqs", "messageId": "m", "body": body}]}
