"""Random and mutated requests through the api function: only 2xx and 4xx may come back.

    python -m tests.fuzz.http --count 100000 [--seed 1]

Prints how often each status came, and exits with 1 at any other answer, with the seed and number that make it
again.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import sys
from collections import Counter
from random import Random
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from chalicelib import observability
from tests.fakes import House, Reply
from tests.fuzz.mutate import Mutator

MOST_LINKS = 200  # kept for requests that read
FORGET_AFTER = 5000  # deletions, so that memory stays small


def wrong(reply: Reply) -> str:
    """What is wrong with an answer, empty where nothing is."""
    if not 200 <= reply.status < 300 and not 400 <= reply.status < 500:
        return f"status {reply.status}"
    if (
        reply.headers.get("Cache-Control") != "no-store"
        or reply.headers.get("Referrer-Policy") != "no-referrer"
    ):
        return "a header is missing"
    if reply.headers["Content-Type"].startswith("text/html"):
        return ""
    body = json.loads(reply.text)
    if reply.status >= 400 and set(body["error"]) - {"fields"} != {"code", "message", "request_id"}:
        return "an error of another shape"
    return ""


def run(count: int, seed: int, progress: bool = False) -> tuple[Counter[int], list[str]]:
    """How often each status came in `count` requests, and what was wrong."""
    house, mutator = House(), Mutator(Random(seed))  # the same requests for the same seed
    statuses: Counter[int] = Counter()
    problems: list[str] = []
    numbers = range(count)
    for number in track(numbers, "requests", console=Console(stderr=True)) if progress else numbers:
        sent = mutator.event()
        with contextlib.redirect_stdout(io.StringIO()):  # metrics are printed
            reply = house.send(sent)
        statuses[reply.status] += 1
        if problem := wrong(reply):
            problems.append(f"seed {seed}, request {number}: {problem}: {short(sent)}")
        remember(house, mutator, reply)
    return statuses, problems


def remember(house: House, mutator: Mutator, reply: Reply) -> None:
    """Keep some links; forget deletions once there are many."""
    if reply.status == 202 and len(mutator.links) < MOST_LINKS:
        mutator.links.append(reply.json["links"]["self"])
    if len(house.ledger.rows) > FORGET_AFTER:
        house.ledger.rows.clear()
        house.ledger.deliveries.clear()
        house.nudges.ids.clear()
        house.notes.clear()
        mutator.links.clear()


def short(sent: dict[str, Any]) -> str:
    """An event in a line."""
    return repr({name: sent[name] for name in ("pathParameters", "headers", "body")})[:500]


def main() -> int:
    """Run, print the counts and answer with the exit code."""
    parser = argparse.ArgumentParser(description="Random and mutated requests through the api function")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    observability.logger.setLevel(logging.CRITICAL)
    statuses, problems = run(options.count, options.seed, progress=True)
    table = Table("status", "answers", title=f"{options.count} requests, seed {options.seed}")
    for status, times in sorted(statuses.items()):
        table.add_row(str(status), str(times))
    Console().print(table)
    for problem in problems[:20]:
        sys.stderr.write(problem + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
