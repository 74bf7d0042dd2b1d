"""A running stack for tests: one per test process, in a directory of its own, ended with the session."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from local import stack as local_stack
from local.running import RunningStack
from local.settings import Settings

T = TypeVar("T")
FINAL = {"completed", "partially_completed", "failed", "refused", "cancelled", "needs_attention"}


def wait_for(look: Callable[[], T], *, seconds: float = 120.0, every: float = 0.2, what: str = "") -> T:
    """Looks until there is something true and returns it; fails the test when the time is over.

    Deadlines are for a machine with much else to do: only a test that fails waits for one.
    """
    limit = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > limit:
            pytest.fail(f"after {seconds:.0f} s still no {what or 'result'}")
        time.sleep(every)
    return found


HOUR = 3600
#: What a test that counts within an hour may take (seconds).
COUNTING = 120


@pytest.fixture
def one_hour() -> None:
    """For a test whose requests count within one clock hour, or one UTC day: none begins at an hour's end.

    The functions go by the machine's clock, so it waits for the next hour.
    """
    left = HOUR - time.time() % HOUR
    if left < COUNTING:
        ends = time.time() + left
        wait_for(lambda: time.time() >= ends, seconds=left + 60, what="hour")


class Events:
    """Everything heard on the stack's events queue so far, by deletion id, each event once."""

    def __init__(self, stack: RunningStack) -> None:
        self._stack = stack
        self._heard: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)

    def listen(self, wait_seconds: int = 1) -> None:
        """Takes what is there by now."""
        for event in self._stack.events(wait_seconds):
            self._heard[event["subject"]][event["id"]] = event

    def of(self, deletion: str) -> list[dict[str, Any]]:
        """The deletion's events in the order of their sequence."""
        return sorted(self._heard[deletion].values(), key=lambda event: int(event["sequence"]))

    def all(self) -> list[dict[str, Any]]:
        """What was heard of every deletion, and of what is none."""
        return [event for heard in self._heard.values() for event in heard.values()]

    def final(self, deletion: str, *, seconds: float = 180.0, wake_every: float = 3.0) -> dict[str, Any]:
        """Waits for the deletion's final event, waking the poll meanwhile; returns the event."""
        limit = time.monotonic() + seconds
        wake_at = time.monotonic() + wake_every
        while time.monotonic() < limit:
            found = [event for event in self.of(deletion) if event["type"].rpartition(".")[2] in FINAL]
            if found:
                return found[0]
            self.listen()
            if time.monotonic() > wake_at:
                self._stack.wake("poll")
                wake_at = time.monotonic() + wake_every
        heard = [event["type"] for event in self.of(deletion)]
        pytest.fail(f"{deletion}: no final event after {seconds:.0f} s, only {heard}")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A whole running stack with its own simulator; tests share it and must not disturb each other.

    Its functions keep no secret: a test that changes an entry of another test's source would else meet the
    entry of before for half a minute. What is kept, and for how long, has a stack of its own (test_keys).
    """
    settings = Settings(tmp_path_factory.mktemp("stack"), overrides={"EXPUNGE_SECRET_CACHE_SECONDS": "0"})
    described = local_stack.up(settings)
    try:
        yield RunningStack(described)
    finally:
        local_stack.down(settings)


@pytest.fixture(scope="session")
def events(stack: RunningStack) -> Events:
    """What the shared stack published."""
    return Events(stack)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A place for one more stack; whatever a test leaves running there is ended."""
    place = tmp_path / "local"
    yield place
    local_stack.down(Settings(place))
