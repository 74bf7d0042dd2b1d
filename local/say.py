"""Progress for people: a spinner and ticks on a terminal, plain lines elsewhere. Always on standard error."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(stderr=True, highlight=False, soft_wrap=True)


def line(text: str) -> None:
    """Shows one line, as it is."""
    console.print(text, markup=False)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Shows that `text` is under way, then how many seconds it took."""
    began = time.monotonic()
    if console.is_terminal:
        with console.status(text):
            yield
    else:
        yield
    line(f"  {text} ({time.monotonic() - began:.1f} s)")
