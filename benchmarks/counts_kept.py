"""The counts as they were kept, for whoever needs them without counting again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

COUNTS = Path(__file__).with_name("counts.json")


def read() -> dict[str, Any]:
    """{"date", "scenarios": {name: {part: number}}}; made by `python -m benchmarks.counts --write`."""
    found: dict[str, Any] = json.loads(COUNTS.read_text(encoding="utf-8"))
    return found
