"""`make bench`: measures, prints the table with what each figure has to reach, and exits 0 only if all hold.

The figures lie in .build/bench.json afterwards; plot.py makes the plots and docs/PERFORMANCE.md of them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import (
    accept,
    by_ids,
    by_view,
    cold,
    erasing,
    evidence,
    finding,
    history,
    job_events,
    peers,
    person,
    simulator_speed,
    undo,
    writes,
)
from benchmarks.place import running as stack
from benchmarks.place import without_workers
from benchmarks.results import Row, table

RUNS_COLD, ROUNDS_ACCEPT, RUNS_ACCEPT, POLLS, FINDS = 15, 5, 120, 30, 5
SIZES = (1_000, 100_000, 1_000_000)
WIDTH = 118
console = Console(stderr=True, width=WIDTH)


def measure(directory: Path, facts: dict[str, Any]) -> Iterator[Row]:
    """Every row, in turn. `facts` is given what the plots need besides."""
    with stack(directory / "endpoints") as running:
        without_workers(running)
        yield from _told("cold starts", lambda: cold.rows(running, directory / "cold", RUNS_COLD))
        place = directory / "accept"
        yield from _told("the accept path", lambda: accept.rows(running, place, ROUNDS_ACCEPT, RUNS_ACCEPT))
    with stack(directory / "stack") as running:
        yield from _told("the simulator", lambda: simulator_speed.rows(running))
        ids = by_ids.prepare(running, 2_000, "records")
        both = [peers.client(running["zoho_url"], ids), peers.plain_loop(running["zoho_url"], ids)]
        facts["peers"] = [asdict(each) for each in both]
        plan = by_ids.Plan()
        yield from _told("thousands of records by ids", lambda: by_ids.rows(running, plan, both))
        facts["curve"] = by_ids.curve(running, plan)
        yield from _told("a view, listed and not", lambda: by_view.rows(running, by_view.Plan()))
    with stack(directory / "undo") as running:
        yield from _told("undo and permanent deletion", lambda: undo.rows(running, undo.Plan()))
    with stack(directory / "jobs", **job_events.AS_ON_AWS) as running:
        yield from _told("jobs and their events", lambda: job_events.rows(running))
    yield from _told("what a request writes", writes.rows)
    yield from _told("what evidence costs", evidence.rows)
    yield from _told("polls", lambda: history.rows(directory / "history", SIZES, POLLS))
    yield from _told("finding a person", person.rows)
    yield from _told("erasing a person", erasing.rows)
    year = finding.Year()
    yield from _told("finding a record", lambda: finding.rows(directory / "finding", year, FINDS))


def _told(what: str, rows: Callable[[], Iterator[Row]]) -> Iterator[Row]:
    """The rows, with a line before them on what is going on."""
    began = time.monotonic()
    with console.status(f"measuring {what}"):
        found = list(rows())
    for row in found:
        console.print(
            f"{'ok' if row.holds else 'NO':3} {row.what}: {row.figure}, {row.reach}", highlight=False
        )
    console.print(f"    {what}: {time.monotonic() - began:.0f} s", style="dim")
    yield from found


def main(argv: list[str]) -> int:
    """Measures; 1 where a figure does not hold."""
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument(
        "--report", type=Path, default=Path(".build/bench.json"), help="where the figures go"
    )
    asked = options.parse_args(argv)
    began, facts = time.monotonic(), {}  # type: float, dict[str, Any]
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        rows = list(measure(Path(name), facts))
    Console(width=WIDTH).print(table(rows))
    report = {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "seconds": round(time.monotonic() - began),
        "rows": [row.to_json() for row in rows],
        **facts,
    }
    asked.report.parent.mkdir(parents=True, exist_ok=True)
    asked.report.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    bad = [row.what for row in rows if not row.holds]
    print(f"bench: {len(rows) - len(bad)} hold, {len(bad)} do not, {report['seconds']} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
