"""Draws the plots of a bench report and writes its table into the page; run in the plots' own environment.

``python benchmarks/plot.py REPORT DIRECTORY [PAGE]``
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found]  # its environment has it
import matplotlib.pyplot as plt  # type: ignore[import-not-found]  # as above

mpl.use("Agg")
INK = {"expunge": "#2ca02c", "client": "#1f77b4", "loop": "#d62728", "limit": "#7f7f7f"}
MARKED = re.compile(r"(<!-- bench: figures -->\n).*?(<!-- bench: end -->)", re.DOTALL)
CONCURRENCY, BATCH = 20, 500


def deletions(report: dict[str, Any], to: Path) -> None:
    """Seconds against records for all contenders, on log axes."""
    curve = {int(size): seconds for size, seconds in report["curve"].items()}
    whole = _runs(report)
    curve[50_000] = whole[len(whole) // 2]
    sizes = sorted(curve)
    figure, axes = plt.subplots(figsize=(8, 4.5))
    for peer, ink in zip(report["peers"], ("client", "loop"), strict=True):
        times = [-(-n // peer["size"]) * peer["seconds"] for n in sizes]
        axes.plot(sizes, times, "--", color=INK[ink], label=f"{peer['name']}, scaled from ten calls")
    axes.plot(sizes, [curve[n] for n in sizes], "o-", color=INK["expunge"], label="Expunge, request to event")
    limit = [max(1.0, -(-n // BATCH) / CONCURRENCY) for n in sizes]
    axes.plot(sizes, limit, ":", color=INK["limit"], label="Zoho's limit")
    axes.set(xscale="log", yscale="log", xlabel="records", ylabel="seconds")
    axes.set_title("Deleting by ids: a call takes 1 s, 20 at once")
    _finish(figure, axes, to)


def polls(report: dict[str, Any], to: Path) -> None:
    """What a poll with ten due deletions takes by the number of finished ones."""
    facts = next(row["facts"] for row in report["rows"] if "times_ms" in row["facts"])
    sizes = sorted(map(int, facts["times_ms"]))
    figure, axes = plt.subplots(figsize=(8, 3.6))
    axes.plot(sizes, [facts["times_ms"][str(n)] for n in sizes], "o-", color=INK["expunge"], label="time, ms")
    axes.plot(
        sizes, [facts["units"][str(n)] for n in sizes], "s--", color=INK["client"], label="capacity units"
    )
    axes.set(xscale="log", xlabel="finished deletions in the table", ylim=(0, None))
    axes.set_title("A poll that moves ten due deletions")
    _finish(figure, axes, to)


def _runs(report: dict[str, Any]) -> list[float]:
    runs = next(row["facts"]["runs"] for row in report["rows"] if "runs" in row["facts"])
    return sorted(run["whole"] for run in runs)


def _finish(figure: Any, axes: Any, to: Path) -> None:
    axes.grid(visible=True, which="both", alpha=0.25)
    axes.legend()
    figure.tight_layout()
    figure.savefig(to, dpi=110)
    plt.close(figure)


def page(report: dict[str, Any], to: Path) -> None:
    """Puts the table of the report between the page's marks."""
    lines = ["| what | measured | against | to reach |", "|---|---:|---|---|"]
    for row in report["rows"]:
        figure = row["figure"] if row["holds"] else f"**{row['figure']}**"
        lines.append(f"| {row['what']} | {figure} | {row['against'] or '-'} | {row['reach']} |")
    told = f"Measured on {report['date']} on {report['cores']} cores in {report['seconds']} s.\n\n"
    text = to.read_text(encoding="utf-8")
    if not MARKED.search(text):
        raise SystemExit(f"{to} has no marks for the figures")
    made = MARKED.sub(lambda m: m[1] + "\n" + told + "\n".join(lines) + "\n\n" + m[2], text)
    to.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    place = Path(sys.argv[2])
    deletions(told, place / "bench-deletions.png")
    polls(told, place / "bench-polls.png")
    if len(sys.argv) > 3:
        page(told, Path(sys.argv[3]))
