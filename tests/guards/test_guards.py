"""The list of guards fits the source: `make guards` would otherwise take nothing away."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guards.all_guards import GUARDS
from tests.guards.guard import Guard

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_each_guard_stands_once_where_it_is_said_to(guard: Guard) -> None:
    assert (ROOT / guard.file).read_text(encoding="utf-8").count(guard.old) == 1
    assert guard.old not in guard.new
    assert all((ROOT / test.partition("::")[0]).exists() for test in guard.tests)


def test_names_are_told_apart() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS) >= 25
