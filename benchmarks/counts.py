"""What one deletion takes of AWS and Zoho, counted: `python -m benchmarks.counts [--write] [NAME ...]`.

Every scenario runs the real service in this process (counts_stage.py) from its request to its last event,
with secrets and token known already; "first" is what a fresh process adds. The counts are kept in
counts.json, with the date, and a test counts the small ones again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from benchmarks.counts_kept import COUNTS
from benchmarks.counts_stage import START, CountedStage, stage

DAY = 86_400.0
APART = 14_400.0  # seconds between two scenarios: longer than the loop guard's memory and a token's life
JOB_RECORDS_PER_SECOND = 500.0  # nobody has told how fast Zoho is; the worker asks every 5 to 60 s


@dataclass(frozen=True)
class Scenario:
    """`run` sends, waits until rest and returns what must have completed. `small`: quick enough for a
    test.
    """

    records: int
    run: Callable[[CountedStage], Iterable[str]]
    small: bool = False


def _ids(now: CountedStage, count: int, **more: Any) -> list[str]:
    """Fresh records in Zoho; returns their ids. `more` are their fields."""
    first = 10**18 + int(now.now) * 10**6
    ids = [str(first + n) for n in range(count)]
    now.server.sim.load({"Leads": [{"id": one, "Last_Name": "A", **more} for one in ids]})
    return ids


def by_ids(
    count: int, source: str = "crm", *, reset: bool = True, **more: str
) -> Callable[[CountedStage], Iterable[str]]:
    """A deletion of so many ids. `reset`: counting begins with its request. `more`: of the request."""

    def run(now: CountedStage) -> Iterable[str]:
        ids = _ids(now, count)
        if reset:
            now.reset()
        made = now.send({"operation": "delete_records", "module": "Leads", "ids": ids, **more}, source)
        now.rest()
        return [made]

    return run


def _view(count: int, **more: str) -> Callable[[CountedStage], Iterable[str]]:
    def run(now: CountedStage) -> Iterable[str]:
        cvid = str(7 * 10**17 + int(now.now))
        now.server.sim.load(
            {"records": {}, "views": [{"module": "Leads", "cvid": cvid, "ids": _ids(now, count)}]}
        )
        now.reset()
        made = now.send({"operation": "mass_delete", "module": "Leads", "cvid": cvid, **more})
        now.rest()
        return [made]

    return run


def _purge(count: int) -> Callable[[CountedStage], Iterable[str]]:
    def run(now: CountedStage) -> Iterable[str]:
        _ids(now, count, Created_Time=datetime.fromtimestamp(now.now - 100 * DAY, UTC).isoformat())
        now.put_policy(
            {
                "name": "old-leads",
                "module": "Leads",
                "selection": {"field": "Created_Time", "older_than": "90d"},
                "schedule": {"rate": "1 day"},
                "limits": {"max_records": 100_000},
            }
        )
        now.reset()
        now.tick()
        made = [json.loads(body)["deletion"] for _, body in now.messages]
        now.rest()
        return made

    return run


def _nothing(what: str) -> Callable[[CountedStage], Iterable[str]]:
    def run(now: CountedStage) -> Iterable[str]:
        getattr(now, what)()
        return []

    return run


SCENARIOS = {
    "delete_1": Scenario(1, by_ids(1), small=True),
    "delete_10": Scenario(10, by_ids(10), small=True),
    "delete_100": Scenario(100, by_ids(100), small=True),
    "delete_5000": Scenario(5000, by_ids(5000)),
    "mass_5000": Scenario(5000, by_ids(5000, "mass")),
    "view_9": Scenario(9, _view(9), small=True),
    "view_50000": Scenario(50_000, _view(50_000)),
    "never_50000": Scenario(50_000, _view(50_000, freeze="never")),
    "purge_1000": Scenario(1000, _purge(1000)),
    "poll_idle": Scenario(0, _nothing("poll"), small=True),
    "tick_idle": Scenario(0, _nothing("tick"), small=True),
}


def count(names: Iterable[str]) -> dict[str, Any]:
    """The counts of these scenarios, and of the first request of fresh processes, by name."""
    wanted = set(names)
    found: dict[str, Any] = {}
    with stage() as now:
        settings = now.server.sim.state.settings
        now.server.sim.state.settings = settings.updated({"job_records_per_second": JOB_RECORDS_PER_SECOND})
        _ended(now, by_ids(1)(now))
        found["first"] = {"records": 1, **now.counted()}
        for n, (name, scenario) in enumerate(SCENARIOS.items(), 1):
            if name in wanted:
                now.now = START + n * APART
                _ended(now, by_ids(1)(now))  # warm again: token and secrets
                now.now += 1.0
                now.reset()
                _ended(now, scenario.run(now))
                spent = {function: round(ms) for function, ms in sorted(now.milliseconds.items())}
                found[name] = {"records": scenario.records, **now.counted(), "local_ms": spent}
    return found


def _ended(now: CountedStage, made: Iterable[str]) -> None:
    for one in made:
        if now.final(one) != "completed":
            raise RuntimeError(f"{one} is {now.final(one)}")


def table(counts: Mapping[str, Any], parts: Iterable[str]) -> str:
    """The counts as a Markdown table: a column for each scenario, a row for each name in `parts`."""
    lines = ["| | " + " | ".join(counts) + " |", "|---|" + "---:|" * len(counts)]
    for part in parts:
        cells = [f"{counts[name].get(part, 0):,.10g}" for name in counts]
        lines.append(f"| {part} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Counts and prints; with --write all of it is kept in counts.json."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.counts", description=__doc__)
    options.add_argument("names", nargs="*", choices=[*SCENARIOS, []], metavar="NAME")
    options.add_argument("--write", action="store_true", help="keep the counts in benchmarks/counts.json")
    options.add_argument("--json", action="store_true", help="print JSON")
    asked = options.parse_args(argv)
    found = count(asked.names or SCENARIOS)
    if asked.write:
        kept = {"date": datetime.now(UTC).date().isoformat(), "scenarios": found}
        COUNTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    parts = sorted({part for one in found.values() for part, n in one.items() if isinstance(n, int | float)})
    print(json.dumps(found) if asked.json else table(found, parts))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
