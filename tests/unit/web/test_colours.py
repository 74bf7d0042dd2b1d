"""Every outcome and every status has a colour of the pages: in bars, tiles and dots."""

from __future__ import annotations

import re

import pytest

from chalicelib.domain.deletion import Counts
from chalicelib.domain.status import Status
from chalicelib.web import page

CSS = page.asset("page.css")
OUTCOMES = [name for name in Counts.__dataclass_fields__ if name != "requested"]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_outcome_has_a_colour_in_the_bar_and_beside_its_count(outcome: str) -> None:
    assert re.search(rf"^(?:.* )?\.{outcome} {{ fill: var\(--", CSS, re.MULTILINE)
    assert re.search(rf"\.counts \[data-kind={outcome}\] {{ border-color: var\(--", CSS)


@pytest.mark.parametrize(
    "status", ["completed", "partially_completed", "failed", "refused", "cancelled", "needs_attention"]
)
def test_a_final_status_has_a_colour_of_its_own_in_light_and_dark(status: str) -> None:
    assert len(set(re.findall(rf"--s-{status}: (#\w+)", CSS))) == 2
    assert f"[data-status={status}] {{ --status: var(--s-{status}); }}" in CSS


def test_the_statuses_that_are_told_by_colour_are_those_there_are() -> None:
    told = set(re.findall(r"\[data-status=(\w+)\] \{ --status", CSS)) - {"dry_run"}
    assert told == {each.value for each in Status} - {"accepted", "awaiting_approval", "waiting", "running"}
