"""A row of the table: what was measured, against what, what it has to reach, and whether it does."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich import box
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """`what` was measured as `figure`, beside `against`; `reach` says what it has to be. `facts`: the numbers
    behind it, for JSON and plots.
    """

    what: str
    figure: str
    against: str
    reach: str
    holds: bool
    facts: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def at_most(what: str, value: float, most: float, *, unit: str = "", against: str = "", **facts: Any) -> Row:
    """A figure that has to stay at or below `most`."""
    reach = f"at most {number(most)}{unit}"
    facts = {"value": value, "most": most, **facts}
    return Row(what, f"{number(value)}{unit}", against, reach, value <= most, facts)


def at_least(
    what: str, value: float, least: float, *, unit: str = "", against: str = "", **facts: Any
) -> Row:
    """A figure that has to stay at or above `least`."""
    reach = f"at least {number(least)}{unit}"
    facts = {"value": value, "least": least, **facts}
    return Row(what, f"{number(value)}{unit}", against, reach, value >= least, facts)


def number(value: float) -> str:
    """Three figures that matter, thousands with commas."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def median(values: Sequence[float]) -> float:
    """The middle one of the runs."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of the values do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def table(rows: Sequence[Row]) -> Table:
    """For a terminal of 100 columns."""
    made = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name, style in (("what", {}), ("measured", {"justify": "right"}), ("against", {}), ("to reach", {})):
        made.add_column(name, **style)  # type: ignore[arg-type]  # rich's styles as keywords
    made.add_column("holds", no_wrap=True)
    for row in rows:
        made.add_row(row.what, row.figure, row.against, row.reach, "yes" if row.holds else "[bold red]NO")
    return made


def markdown(rows: Sequence[Row]) -> str:
    """The same table for a document."""
    lines = ["| what | measured | against | to reach | holds |", "|---|---:|---|---|---|"]
    lines += [
        f"| {row.what} | {row.figure} | {row.against} | {row.reach} | {'yes' if row.holds else '**no**'} |"
        for row in rows
    ]
    return "\n".join(lines)
