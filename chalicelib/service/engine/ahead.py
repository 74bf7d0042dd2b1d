"""Asking for the next answer while the last one is being stored: reads only, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar, cast

T = TypeVar("T")


@dataclass
class Ahead:
    """At most one question under way in the background. `close` waits for it: a worker leaves no thread
    behind.
    """

    _pool: ThreadPoolExecutor | None = None
    _asked: tuple[Hashable, Future[object]] | None = None

    def begin(self, key: Hashable, ask: Callable[[], object]) -> None:
        """Ask in the background; whoever takes `key` gets the answer."""
        self._drop()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=1)
        self._asked = key, self._pool.submit(ask)

    def take(self, key: Hashable, ask: Callable[[], T]) -> T:
        """The answer to `key`: the one that was asked for ahead, or one that is asked for now."""
        asked, self._asked = self._asked, None
        if asked is None:
            return ask()
        if asked[0] != key:
            asked[1].exception()
            return ask()
        return cast("T", asked[1].result())

    def close(self) -> None:
        """Wait for what is under way and let it go."""
        self._drop()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _drop(self) -> None:
        asked, self._asked = self._asked, None
        if asked is not None:
            asked[1].exception()
