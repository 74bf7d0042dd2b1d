"""Draws the soak's report: accepted, finished and waiting over time. Run with the environment `.venvs/plots`.

python tests/soak/plot.py REPORT.json PICTURE.png [PAGE.md]

With a page, the run's figures replace what stands between its marks.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- soak: figures -->", "<!-- soak: end -->"
FIGURES = (
    ("requests", "requests sent"),
    ("sources", "sources"),
    ("accepted", "accepted"),
    ("final", "final"),
    ("lost", "lost"),
    ("records deleted", "records deleted"),
    ("records wrongly deleted", "records wrongly deleted"),
    ("records there though completed", "records still there though reported as deleted"),
    ("counts not as the records", "deletions whose counts are not what the records show"),
    ("view jobs started twice", "mass deletes of a view started twice"),
    ("events", "events heard"),
    ("events duplicated by id", "of them repeats under the same id"),
    ("Zoho calls", "calls to Zoho"),
    ("workers killed", "worker processes killed"),
    ("seconds", "seconds from the first request to the last result"),
)


def draw(report: dict[str, Any], picture: Path) -> None:
    """Writes the picture."""
    importlib.import_module("matplotlib").use("agg")
    plots = importlib.import_module("matplotlib.pyplot")
    times = [at for at, _, _ in report["curve"]]
    figure, axes = plots.subplots(figsize=(9, 4.5), dpi=110)
    axes.plot(times, [accepted for _, accepted, _ in report["curve"]], label="accepted", color="#1f77b4")
    axes.plot(times, [final for _, _, final in report["curve"]], label="finished", color="#2ca02c")
    waiting = [max(accepted - final, 0) for _, accepted, final in report["curve"]]
    axes.plot(times, waiting, label="waiting", color="#d62728")
    if report["Zoho outage"]:
        axes.axvspan(*report["Zoho outage"], color="0.88", label="Zoho is away")
    axes.set(xlabel="seconds", ylabel="requests", title="20 % of Zoho's calls fail, workers are killed")
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(picture)


def tell(report: dict[str, Any], page: Path) -> None:
    """Puts the figures into the page."""
    rows = [f"| {words} | {report[name]:,} |" for name, words in FIGURES]
    rows += [f"| ended as `{status}` | {n:,} |" for status, n in sorted(report["statuses"].items())]
    rows += [f"| {words} | {n} |" for words, n in Counter(report["not completed"]).items()]
    table = "\n".join(["| | |", "|---|---:|", *rows])
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    told: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    draw(told, Path(sys.argv[2]))
    if len(sys.argv) > 3:
        tell(told, Path(sys.argv[3]))
