"""What a poll asks the table for, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chalicelib.service.engine.poll import FORGET_MINUTES, poll
from tests.unit.service.world import World

HOUR = 3600


class Forgotten:
    """A ledger with texts to forget. `asked`: when somebody looked for them."""

    def __init__(self, inner: Any, pages: list[list[str]]) -> None:
        self._inner, self._pages = inner, pages
        self.asked: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def to_forget(self, now: float, limit: int) -> Iterator[list[str]]:
        """The pages, one after the other."""
        del limit
        self.asked.append(now)
        yield from self._pages


def polled(second: float, minutes: int, pages: list[list[str]], seconds: float = 30) -> tuple[Any, World]:
    """A world that was polled for so many minutes from a full hour on, and its ledger."""
    world = World(["1"])
    ledger = Forgotten(world.ledger, pages)
    deps = replace(world.deps, ledger=ledger)
    start = world.now // HOUR * HOUR + second
    for minute in range(minutes):
        world.now = start + 60 * minute
        poll(deps, until=world.now + seconds)
    return ledger, world


def test_one_poll_of_ten_looks_for_what_is_to_be_forgotten_wherever_in_its_minute_it_starts() -> None:
    for second in (0.0, 0.4, 31.0, 59.9):
        ledger, _ = polled(second, 60, [])
        assert len(ledger.asked) == 60 // FORGET_MINUTES == 6


def test_every_page_of_what_is_to_be_forgotten_is_nudged() -> None:
    _, world = polled(0.0, 2, [["a", "b"], ["c"]])
    assert [one for one, _ in world.nudges.sent] == ["a", "b", "c"]


def test_without_time_one_page_is_nudged_so_that_it_goes_on_at_every_look() -> None:
    _, world = polled(0.0, 1, [["a", "b"], ["c"]], seconds=-1)
    assert [one for one, _ in world.nudges.sent] == ["a", "b"]
