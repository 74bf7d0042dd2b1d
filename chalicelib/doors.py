"""The doors of work, poll and retention as Lambda knows them, without Chalice, for which they need not wait.

The packaged template names them as handlers; app.py has the same functions for `chalice local` and its tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib import consumers, observability


@observability.invocation
def work(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Moves forward the deletions that the messages of a batch name."""
    return consumers.work(event, context)


@observability.invocation
def poll(_event: Mapping[str, Any], context: Any) -> dict[str, float]:
    """Moves forward what is due, whether or not a message came."""
    return consumers.poll(context)


@observability.invocation
def retention(_event: Mapping[str, Any], context: Any) -> dict[str, int]:
    """Starts the retention runs that are due."""
    return consumers.retention(context)
