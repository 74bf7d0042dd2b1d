"""Draws the curves of `make scale`. Run with the environment `.venvs/plots`.

python benchmarks/scale_plot.py REPORT.json DIRECTORY
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

COLOURS = ("#1f77b4", "#2ca02c", "#d62728", "#9467bd", "#8c564b")


def _axes(plots: Any, title: str, across: str, up: str) -> tuple[Any, Any]:
    figure, axes = plots.subplots(figsize=(9, 4.5), dpi=110)
    axes.set(title=title, xlabel=across, ylabel=up, xscale="log", yscale="log")
    axes.grid(alpha=0.3, which="both")
    return figure, axes


def _save(figure: Any, axes: Any, picture: Path) -> None:
    axes.legend()
    figure.tight_layout()
    figure.savefig(picture)


def orgs(plots: Any, curves: dict[str, Any], picture: Path) -> None:
    """How long deletions take against the number of orgs, by workers."""
    title = "A peak of five minutes: what deletions of one id take"
    figure, axes = _axes(plots, title, "orgs, 1,000 deletions a day each", "seconds from request to end")
    for colour, (workers, points) in zip(COLOURS, curves.items(), strict=False):
        numbers = [point[0] for point in points]
        axes.plot(numbers, [p[2] for p in points], color=colour, marker="o", label=f"{workers} workers, 99 %")
        axes.plot(numbers, [p[1] for p in points], color=colour, linestyle="--", label=f"{workers}, half")
    _save(figure, axes, picture)


def due(plots: Any, curves: dict[str, Any], limit: float, picture: Path) -> None:
    """Writes to one shard of the index `due` against the rate of deletions."""
    title = "Writes to one shard of the index `due`"
    figure, axes = _axes(plots, title, "deletions of one id a second", "write units a second")
    for colour, (shards, points) in zip(COLOURS, curves.items(), strict=False):
        name = "1 shard" if shards == "1" else f"{shards} shards"
        axes.plot([p[0] for p in points], [p[1] for p in points], color=colour, label=name)
    axes.axhline(limit, color="black", linestyle="--", label="what a partition takes")
    axes.axvline(1e9 / (365 * 86_400), color="0.5", linestyle=":", label="a billion a year, evenly")
    _save(figure, axes, picture)


def lane(plots: Any, curves: dict[str, Any], picture: Path) -> None:
    """Waiting for the lane against views a day."""
    title = "Waiting for the lane: one mass delete of a view at a time"
    figure, axes = _axes(plots, title, "views deleted a day, in one lane", "mean wait, seconds")
    for colour, (seconds, curve) in zip(COLOURS, curves.items(), strict=False):
        axes.plot(*zip(*curve["line"], strict=True), color=colour, label=f"jobs of {seconds} s (M/D/1)")
        axes.plot(
            *zip(*curve["dots"], strict=True), color=colour, marker="o", linestyle="", label="simulated"
        )
    _save(figure, axes, picture)


def main(report: Path, directory: Path) -> None:
    """All pictures of the report."""
    importlib.import_module("matplotlib").use("agg")
    plots = importlib.import_module("matplotlib.pyplot")
    told: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    orgs(plots, told["orgs"], directory / "scale-orgs.png")
    due(plots, told["due"], told["partition"], directory / "scale-due.png")
    lane(plots, told["lane"], directory / "scale-lane.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
