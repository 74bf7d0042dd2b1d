"""`make fuzz`: random and mutated requests at the API, then schemathesis against a local stack.

Prints how often each status came; exit code 1 where anything but 2xx and 4xx came, or an answer of the api
function was not as the OpenAPI document says.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections import Counter
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from chalicelib import observability
from tests.fuzz import http, stack


def main() -> int:
    """Both runs; 0 where neither found anything."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="requests at the API")
    parser.add_argument(
        "--examples", type=int, default=300, help="most examples of schemathesis per operation"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    observability.logger.setLevel(logging.CRITICAL)
    statuses, problems = http.run(options.count, options.seed, progress=True)
    counts, code = stack.run(options.examples, options.seed)
    show(f"{options.count} requests at the door", {str(status): times for status, times in statuses.items()})
    show(f"{counts.total()} requests of schemathesis", counts)
    for problem in problems[:20]:
        sys.stderr.write(problem + "\n")
    return 1 if problems or code or broken(counts) or not counts else 0


def broken(counts: Counter[str]) -> list[str]:
    """The statuses that may not come."""
    return [status for status in counts if status.startswith("5")]


def show(title: str, counts: Mapping[str, int]) -> None:
    """A table of statuses on standard output."""
    table = Table("status", "answers", title=title)
    for status, times in sorted(counts.items()):
        table.add_row(status, str(times))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
