"""The result event: a CloudEvent 1.0 of a log entry, as it is published (contract section 5).

A field of the status document (domain/document.py) is in the event's `data` as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import document, iso
from chalicelib.domain.status import Status

#: The last part of the event type where it is not the status itself.
_TYPE = {Status.RUNNING: "started"}
#: Ids of failed records that an event names.
MOST_FAILED_IDS = 100


class Entry(Protocol):
    """What is published of a log entry."""

    @property
    def event(self) -> Mapping[str, Any] | None:
        """The event but for its `chain`; None for what is not published."""

    @property
    def chain(self) -> str:
        """The entry's hash."""


def event_name(status: Status) -> str:
    """The last part of the event type for a change to `status`."""
    return _TYPE.get(status, status.value)


def event_of(
    deletion: Deletion, n: int, what: str, now: float, stage: str, failed_ids: Sequence[str]
) -> dict[str, Any]:
    """The event of the deletion's `n`-th log entry but for its `chain`; `what`: the last part of its type."""
    return {
        "specversion": "1.0",
        "id": f"{deletion.id}/{n}",
        "source": f"urn:expunge:{stage}",
        "type": f"expunge.deletion.{what}",
        "subject": deletion.id,
        "time": iso(now),
        "datacontenttype": "application/json",
        "sequence": str(n),
        "data": {**document(deletion), "failed_ids": list(failed_ids[:MOST_FAILED_IDS])},
    }


def bare(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event without what may be personal."""
    data = {**event["data"], "reference": None, "failed_ids": []}
    if data.get("plan"):
        data["plan"] = {**data["plan"], "first_ids": []}
    return {**event, "data": data}


def message(entry: Entry) -> str:
    """The JSON text that is published for an entry with an event."""
    return json.dumps(
        {**(entry.event or {}), "chain": entry.chain}, separators=(",", ":"), ensure_ascii=False
    )


def attributes(entry: Entry) -> dict[str, str]:
    """The message attributes of an event, by which subscribers filter: nothing personal is in them."""
    event = entry.event or {}
    data = event["data"]
    names = ("status", "module", "operation", "source", "org")
    return {"type": str(event["type"]), **{name: str(data[name]) for name in names}}
