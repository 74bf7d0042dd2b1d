"""The counts as they were kept, for whoever needs them without counting again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

COUNTS = Path(__file__).with_name("counts.json")
#: How long a call to AWS and a wave of calls to Zoho take here. Assumed, not measured: they decide how the
#: clock moves and what Lambda bills, for a function mostly waits for others.
AWS_SECONDS, ZOHO_SECONDS, ZOHO_SECONDS_AN_ID, OWN_SECONDS = 0.012, 0.3, 0.01, 0.01


def read() -> dict[str, Any]:
    """{"date", "scenarios": {name: {part: number}}}; made by `python -m benchmarks.counts --write`."""
    found: dict[str, Any] = json.loads(COUNTS.read_text(encoding="utf-8"))
    return found


def batch_size() -> int:
    """Messages that the event source of the queue hands to one invocation at most, as the template says."""
    template = (Path(__file__).parents[1] / "infra" / "resources.json").read_text(encoding="utf-8")
    properties = json.loads(template)["Resources"]["Work"]["Properties"]
    (source,) = properties["Events"].values()
    return int(source["Properties"]["BatchSize"])
