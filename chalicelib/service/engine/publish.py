"""Publishes log entries as events, in their order."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.event import attributes, message
from chalicelib.domain.log import Entry
from chalicelib.service.engine.deps import Deps


def handed_over(deps: Deps, deletion: Deletion, entries: Iterable[Entry]) -> int:
    """Hand `entries` to the topic until one is not taken; the number of the last that has left.

    An entry without an event counts as published.
    """
    published = deletion.published
    for entry in entries:
        if entry.is_published and not _taken(deps, deletion, entry):
            break
        published = entry.n
    return published


def _taken(deps: Deps, deletion: Deletion, entry: Entry) -> bool:
    try:
        deps.topic.publish(message(entry), attributes(entry))
    except Unavailable as problem:
        deps.report("publish_failed", deletion_id=deletion.id, reason=problem.reason)
        return False
    return True
