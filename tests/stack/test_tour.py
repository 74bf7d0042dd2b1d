"""The README's tour works as printed: its commands run in order, and what it shows comes out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import stack as local_stack
from local.settings import ROOT, Settings
from tests.stack import tour

pytestmark = pytest.mark.stack


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "local"
    local_stack.down(Settings(tmp_path / "local"))


def test_there_is_a_tour() -> None:
    assert [kind for kind, _ in tour.BLOCKS].count("sh") >= 6
    assert tour.BLOCKS[0][1].startswith("make up")
    assert "make down" in tour.BLOCKS[-2][1]


def test_the_tour_works_as_printed(place: Path) -> None:
    tour.run(tour.BLOCKS, ROOT, place)
    assert not (place / "stack.json").exists()
