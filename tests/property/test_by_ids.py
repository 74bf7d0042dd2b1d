"""Random histories of deletions by ids: counts equal marks, and nothing leaves that may not."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.by_ids import ByIds


def test_500_histories() -> None:
    run_state_machine_as_test(
        ByIds, settings=settings(max_examples=500, stateful_step_count=25, deadline=None)
    )


@pytest.mark.long
def test_20000_histories() -> None:
    run_state_machine_as_test(
        ByIds, settings=settings(max_examples=20_000, stateful_step_count=40, deadline=None)
    )
