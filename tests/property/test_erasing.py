"""Whatever happens around an erasure, the oracle finds no call about somebody else's record."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.erasing import Erasing


@pytest.mark.slow
def test_erasures_under_anything_touch_nobody_else_and_say_what_is_so() -> None:
    run_state_machine_as_test(Erasing, settings=settings(max_examples=60, stateful_step_count=25))


@pytest.mark.long
def test_3000_long_sequences_of_erasures() -> None:
    run_state_machine_as_test(Erasing, settings=settings(max_examples=3000, stateful_step_count=60))
