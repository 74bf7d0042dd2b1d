"""What an erasure costs in credits is counted whole, and the page says what is counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks import erasing

PAGE = Path(__file__).parents[2] / "docs/PERFORMANCE.md"
#: Figures of a fresh run lie so near to those of the page.
NEAR = 0.15


def figures() -> list[list[int]]:
    """The numbers of the page's table, a line a part, the last line their sum."""
    table = PAGE.read_text(encoding="utf-8").partition("erasing: figures -->")[2].partition("<!--")[0]
    lines = [line.split("|")[2:4] for line in table.splitlines() if line.startswith("|")][2:]
    return [[int(each.replace(",", "")) for each in line] for line in lines]


@pytest.mark.slow
def test_the_page_says_what_a_whole_erasure_costs() -> None:
    both, address = erasing.erase(erasing.BOTH), erasing.erase(erasing.ADDRESS)
    parts = [[cost.credits[part] for cost in (both, address)] for part in erasing.PARTS]
    counted = [*parts, [both.total, address.total]]
    assert len(figures()) == len(counted)
    for said, found in zip(figures(), counted, strict=True):
        assert said == pytest.approx(found, rel=NEAR, abs=3), (said, found)
    assert both.credits.keys() <= set(erasing.PARTS)


def test_a_day_is_the_editions_credits_by_what_one_costs() -> None:
    cost = erasing.Cost(Counter({erasing.SEARCH: 500, erasing.DO: 25}), Counter(), 31)
    assert (cost.total, cost.a_day("Standard"), cost.a_day("Free")) == (525, 100, 9)
