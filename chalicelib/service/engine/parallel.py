"""Calls to Zoho at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from chalicelib.domain.zoho.reply import Reply


def all_at_once(calls: Sequence[Callable[[], Reply]]) -> list[Reply]:
    """Their replies, in the order of the calls."""
    if len(calls) == 1:
        return [calls[0]()]
    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))
