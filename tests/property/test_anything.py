"""Whatever happens in whatever order: nothing is lost, nothing is deleted that was not asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests import aws
from tests.property.machine import machine


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with aws.dynamodb() as client:
        yield client


def test_80_sequences(dynamodb: Any) -> None:
    run_state_machine_as_test(machine(dynamodb), settings=settings(max_examples=80, stateful_step_count=12))


@pytest.mark.long
def test_3000_long_sequences(dynamodb: Any) -> None:
    run_state_machine_as_test(machine(dynamodb), settings=settings(max_examples=3000, stateful_step_count=40))
