"""What is kept of the cost of evidence is what it takes as the code stands; the bench has rows of it."""

from __future__ import annotations

import pytest

from benchmarks import cost, scale_facts
from benchmarks.evidence import counted
from chalicelib.service.evidence.tools import Tools

#: What depends on sizes in bytes; as a difference to what is kept of deletions it is off by what they are.
BY_SIZE = ("bytes", "write_table", "read", "lambda_ms")
#: Of these less than this is told apart from nothing.
SPREAD = 5


@pytest.mark.slow
def test_the_committed_counts_are_still_right() -> None:
    found, kept = counted(), cost.evidence()
    for what in ("head", "receipt"):
        for part in {*found[what], *kept[what]}:
            number = found[what].get(part, 0)
            spread = 0.25 * abs(number) + SPREAD if any(word in part for word in BY_SIZE) else 0.01
            committed = kept[what].get(part, 0)
            assert committed == pytest.approx(number, abs=spread), f"{what}, {part}: make cost COUNT=1"


def test_so_many_receipts_are_made_at_once() -> None:
    assert Tools.abreast == scale_facts.RECEIPTS_ABREAST
