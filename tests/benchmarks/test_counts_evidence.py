"""What is kept of the cost of evidence is what it takes as the code stands; the bench has rows of it."""

from __future__ import annotations

import pytest

from benchmarks import cost, scale_facts
from benchmarks.evidence import counted
from chalicelib.service.evidence.tools import Tools

#: What depends on sizes in bytes; as a difference to what is kept of deletions it is off by what they are.
BY_SIZE = ("bytes", "write_table", "read", "lambda_ms")


@pytest.mark.slow
def test_the_committed_counts_are_still_right() -> None:
    found, kept = counted(), cost.evidence()
    for what in ("head", "receipt"):
        assert set(found[what]) == set(kept[what]), "make cost COUNT=1, then make scale"
        for part, number in found[what].items():
            spread = 0.25 * abs(number) + 5 if any(word in part for word in BY_SIZE) else 0.01
            assert kept[what][part] == pytest.approx(number, abs=spread), f"{what}, {part}: make cost COUNT=1"


def test_so_many_receipts_are_made_at_once() -> None:
    assert Tools.abreast == scale_facts.RECEIPTS_ABREAST
