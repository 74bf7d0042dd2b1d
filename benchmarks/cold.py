"""Rows about cold starts and the package."""

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
    bare = median([each["total_ms"] for each in told["bare"]])
    for name, most in MOST.items():
        mine = median([each["total_ms"] for each in told[name]])
        parts = {
            part: round(median([each[part] for each in told[name]]), 1) for part in ("import_ms", "first_ms")
        }
        against = f"a bare Chalice route: {bare:.0f} ms, here {mine:.0f} ms"
        yield at_most(f"cold start of {name}", mine / bare, most, unit=" x", against=against, **parts)
    size = package.build("prod").zip_file.stat().st_size / 1e6
    yield at_most("package for AWS, zipped", size, MOST_MEGABYTES, unit=" MB", against="-")


def _message(answer: dict[str, Any]) -> dict[str, Any]:
    """The queue's event for the deletion that was just accepted, so that there is work to do."""
    if answer["statusCode"] != 202:
        raise RuntimeError(f"api answered {answer['statusCode']}: {answer['body'][:200]}")
    body = json.dumps({"deletion": json.loads(answer["body"])["id"]})
    return {"Records": [{"eventSource": "aws:sqs", "messageId": "m", "body": body}]}
