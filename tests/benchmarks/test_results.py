"""Rows of the benchmark: what holds, how it is shown, and that one row that does not hold is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks.results import Row, at_least, at_most, number, percentile

GOOD, BAD = at_most("quick", 1.0, 2.0, unit=" s"), at_least("fast", 3.0, 4.0, unit=" x")


def test_rows_hold_at_their_limit_and_not_past_it() -> None:
    assert at_most("a", 2.0, 2.0).holds
    assert not at_most("a", 2.01, 2.0).holds
    assert at_least("a", 2.0, 2.0).holds
    assert not at_least("a", 1.99, 2.0).holds
    assert (GOOD.figure, GOOD.reach, BAD.reach) == ("1 s", "at most 2 s", "at least 4 x")


@pytest.mark.parametrize(
    ("value", "shown"), [(0.123, "0.12"), (12.34, "12.3"), (1234.5, "1,234"), (5.0, "5"), (1.25, "1.25")]
)
def test_figures_that_matter(value: float, shown: str) -> None:
    assert number(value) == shown


def test_percentiles() -> None:
    values = [float(n) for n in range(1, 101)]
    assert (percentile(values, 0.99), percentile(values, 0.5), percentile([7.0], 0.99)) == (99.0, 50.0, 7.0)


@pytest.mark.parametrize(("rows", "code"), [([GOOD], 0), ([GOOD, BAD], 1)])
def test_one_figure_that_does_not_hold_fails_the_run(
    rows: list[Row], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "measure", lambda _directory, _facts: iter(rows))
    report = tmp_path / "bench.json"
    assert bench.main(["--report", str(report)]) == code
    assert [row["holds"] for row in json.loads(report.read_text())["rows"]] == [row.holds for row in rows]
