"""What evidence costs a deletion, and how many receipts a minute has room for: counted, times assumed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import cost, scale_facts
from benchmarks.counts_kept import read
from benchmarks.results import Row, at_least, at_most

#: What a receipt may cost of what its deletion does, and the receipts for each deletion that workers end.
SHARE, ROOM = 0.6, 2.0


def rows() -> Iterator[Row]:
    """The share of a deletion of one id, which is where it is largest, and the room."""
    found = counted()["receipt"]
    settings = cost.production()
    receipt, deletion = (_dollars(one, settings) for one in (found, read()["scenarios"]["delete_1"]))
    against = f"the rest of a deletion of one id: ${1e6 * deletion:.0f} a million, here ${1e6 * receipt:.0f}"
    yield at_most("a receipt, in dollars", receipt / deletion, SHARE, unit=" x", against=against)
    minute = scale_facts.receipts_a_minute(found)
    ended = 60 * scale_facts.limits()["WorkConcurrency"] / scale_facts.work_seconds()
    against = f"what the workers of prod end: {ended:,.0f}, here {minute:,.0f} (assumed times)"
    yield at_least("receipts a minute", minute / ended, ROOM, unit=" x", against=against)


def counted() -> Mapping[str, Any]:
    """What evidence adds now, counted in a process of its own: bootstrap keeps what it builds."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXPUNGE_")}
    command = [sys.executable, "-m", "benchmarks.counts_evidence"]
    done = subprocess.run(
        command, cwd=cost.ROOT, env=environment, capture_output=True, text=True, check=True, timeout=600
    )
    found: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _dollars(counts: Mapping[str, Any], settings: cost.Settings) -> float:
    return sum(cost.prices().of(cost.requests(counts, 1.0, settings)).values())
