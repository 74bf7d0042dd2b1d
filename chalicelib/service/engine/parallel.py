"""Calls to Zoho at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from chalicelib.domain.zoho.reply import Reply

S = TypeVar("S")
T = TypeVar("T")


def all_at_once(
    calls: Sequence[Callable[[], Reply]], meanwhile: Callable[[], object] | None = None
) -> list[Reply]:
    """Their replies, in the order of the calls. `meanwhile` is done by this thread while several of them are
    under way; after a single one, which needs no other thread.
    """
    if len(calls) == 1:
        replies = [calls[0]()]
        if meanwhile is not None:
            meanwhile()
        return replies
    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        answers = pool.map(_reply, calls)
        if meanwhile is not None:
            meanwhile()
        return list(answers)


def _reply(call: Callable[[], Reply]) -> Reply:
    return call()


def each_at_once(do: Callable[[S], T], several: Sequence[S]) -> list[T]:
    """What `do` makes of each, in their order; the first error of them is raised once all were done."""
    if len(several) < 2:
        return [do(each) for each in several]
    with ThreadPoolExecutor(max_workers=len(several)) as pool:
        done = [pool.submit(do, each) for each in several]  # `pool.map` leaves out the rest after an error
    return [each.result() for each in done]
