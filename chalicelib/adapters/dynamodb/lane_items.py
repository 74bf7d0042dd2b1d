"""The items of lanes, from domain values and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.adapters.dynamodb.items import Item, lane_key, number, put

if TYPE_CHECKING:
    from chalicelib.domain.lane import Lane


def lane_put(table: str, lane: Lane) -> Any:
    """The lane as an action of a transaction: refused where somebody has written it since it was read."""
    item = {
        **lane_key(lane.key),
        "holder": {"S": lane.holder or ""},
        "queue": {"L": [{"S": d} for d in lane.queue]},
        "revision": number(lane.revision + 1),
        "taken_at": number(lane.taken_at or 0),
        "last_seconds": number(-1 if lane.last_seconds is None else lane.last_seconds),
    }
    condition = {
        "ConditionExpression": "attribute_not_exists(pk) OR revision = :revision",
        "ExpressionAttributeValues": {":revision": number(lane.revision)},
    }
    return put(table, item, condition)


def to_lane(item: Item) -> Lane:
    """A lane from its item."""
    last = float(item["last_seconds"]["N"])
    from chalicelib.domain.lane import Lane

    return Lane(
        key=item["pk"]["S"].removeprefix("LANE#"),
        holder=item["holder"]["S"] or None,
        queue=tuple(d["S"] for d in item["queue"]["L"]),
        revision=int(item["revision"]["N"]),
        taken_at=float(item["taken_at"]["N"]) or None,
        last_seconds=None if last < 0 else last,
    )
