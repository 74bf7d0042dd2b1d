"""Progress for people, on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from cli.output import clean, raw

#: Seconds between plain lines that are about the same thing.
EVERY = 2.0


class Bar:
    """How far something is. Without a terminal it writes a line at most every few seconds, and only news."""

    def __init__(self, console: Console, progress: Progress | None, clock: Callable[[], float]) -> None:
        self._console, self._progress, self._clock = console, progress, clock
        self._task = progress.add_task("", total=None) if progress else None
        self._last, self._said = float("-inf"), ""

    def at(self, done: int, total: int, text: str) -> None:
        """`done` of `total` are done; `text` says so in words."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=max(total, 1), description=clean(text))
        elif text != self._said and self._clock() - self._last >= EVERY:
            self._line(text)

    def say(self, text: str) -> None:
        """A line that stays."""
        if text != self._said:
            self._line(text)

    def _line(self, text: str) -> None:
        self._said, self._last = text, self._clock()
        self._console.print(clean(text), markup=False, highlight=False, soft_wrap=True)


@contextmanager
def shown(console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> Iterator[Bar]:
    """A bar for as long as the block lasts."""
    out = console or Console(file=raw(sys.stderr), highlight=False)
    if not out.is_terminal:
        yield Bar(out, None, clock)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=20), TaskProgressColumn())
    with Progress(*columns, console=out, transient=True) as progress:
        yield Bar(out, progress, clock)
