"""The items of the table: their keys, and domain values as DynamoDB's attribute values and back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.dynamodb import codec
from chalicelib.domain.children import as_child
from chalicelib.domain.deletion import Child, Deletion
from chalicelib.domain.document import iso
from chalicelib.domain.errors import Rejected, Unreadable
from chalicelib.domain.lane import Lane
from chalicelib.domain.log import Entry
from chalicelib.domain.operators import Sight
from chalicelib.domain.outcomes import Chunk
from chalicelib.service.ports import Call, Claim, Delivery

Item = dict[str, Any]

#: Bytes of the largest item that DynamoDB takes.
LARGEST_ITEM = 400 * 1024

#: Where deletions lie in the due index that have ended and wait for evidence: workers' are `due#{number}`.
DUE_FOR_EVIDENCE = "due#evidence"

UNLESS_THERE: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}


def number(value: float) -> Item:
    """A number attribute; milliseconds are enough for every time here."""
    return {"N": str(Decimal(str(round(value, 3))))}


def key(pk: str, sk: str) -> Item:
    """A key of the table."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def meta_key(deletion_id: str) -> Item:
    """Where a deletion lies."""
    return key(f"D#{deletion_id}", "META")


def part_key(deletion_id: str, part: str, n: int) -> Item:
    """Where a numbered part of a deletion lies: IDS, OUT, CALL or EVENT."""
    return key(f"D#{deletion_id}", f"{part}#{n:08d}")


def delivery_key(source: str, delivery_id: str) -> Item:
    """Where a delivery lies. Source names hold no `#`, so no two deliveries share a key."""
    return key(f"W#{source}#{delivery_id}", "-")


def lane_key(name: str) -> Item:
    """Where a lane lies."""
    return key(f"LANE#{name}", "-")


def org_key(org: str, name: str) -> Item:
    """Where something of an org's own lies."""
    return key(f"ORG#{org}", name)


def source_key(source: str, name: str) -> Item:
    """Where something of a source's own lies."""
    return key(f"SRC#{source}", name)


def shard(deletion_id: str, shards: int) -> str:
    """The partition of the due index that a deletion belongs to."""
    return f"due#{zlib.crc32(deletion_id.encode()) % shards}"


def put(table: str, item: Item, condition: dict[str, Any] | None = None) -> Any:
    """A Put as an action of a transaction. Raises Rejected for an item that DynamoDB would not take."""
    size = sum(len(name) + _size(value) for name, value in item.items())
    if size > LARGEST_ITEM:
        raise Rejected("table", f"an item of {size} bytes")
    return {"Put": {"TableName": table, "Item": item, **(condition or {})}}


def _size(value: Item) -> int:
    """About as many bytes as an attribute value counts for: its texts, bytes and numbers."""
    (kind, part), *_ = value.items()
    if kind == "L":
        return sum(map(_size, part))
    return len(codec.utf8(part)) if kind in ("S", "N") else len(part) if kind == "B" else 1


def unless_live(now: float) -> dict[str, Any]:
    """Condition: not there, or expired. TTL removes items late, so expiry is compared here."""
    return {
        "ConditionExpression": "attribute_not_exists(pk) OR expires_at <= :now",
        "ExpressionAttributeValues": {":now": number(now)},
    }


def new_deletion(deletion: Deletion, shards: int) -> Item:
    """A deletion that has just been accepted, without its ids and its log."""
    zero, created = {"N": "0"}, str(iso(deletion.created_at))
    return {
        **meta_key(deletion.id),
        "doc": {"S": codec.deletion_to_text(deletion)},
        "due": {"S": shard(deletion.id, shards)},
        "next_at": number(deletion.created_at),
        "day": {"S": f"day#{created[:10]}"},
        "created_at": {"S": created},
        "lease_until": zero,
        "fence": zero,
        "revision": zero,
        "control": zero,
        "commands": {"L": []},
        "commands_done": zero,
        "expires_at": number(deletion.expires_at),
    }


def from_ids(deletion: Deletion, chunk: Chunk) -> Item:
    """The ids of a chunk, written once. Their outcomes lie apart from them, once there are any."""
    data = {"data": {"B": codec.chunk_ids(chunk)}, "expires_at": number(deletion.expires_at)}
    return {**part_key(deletion.id, "IDS", chunk.number), **data}


def to_deletion(item: Item) -> Deletion:
    """A deletion from its item. Raises Unreadable."""
    deletion_id = item["pk"]["S"][2:]
    if "doc" not in item:
        raise Unreadable(deletion_id, "no document")
    deletion = codec.deletion_from_text(deletion_id, item["doc"]["S"])
    return replace(deletion, children=_children(deletion_id, item)) if "children" in item else deletion


def _children(deletion_id: str, item: Item) -> tuple[Child, ...]:
    with codec.readable(deletion_id, "children"):
        return tuple(codec.child_from_text(each["S"]) for each in item["children"]["L"])


#: Adds to the children of a deletion, in an update of its item; the values are those of `more_children`.
MORE_CHILDREN = "children = list_append(if_not_exists(children, :nobody), :born)"


def more_children(born: Iterable[Deletion]) -> dict[str, Item]:
    """The values of MORE_CHILDREN."""
    texts = [{"S": codec.child_to_text(as_child(each))} for each in born]
    return {":nobody": {"L": []}, ":born": {"L": texts}}


def named_by_parent(table: str, child: Deletion) -> Any:
    """The parent's naming of a child, as an action of a transaction."""
    return {
        "Update": {
            "TableName": table,
            "Key": meta_key(str(child.request.parent)),
            "UpdateExpression": f"SET {MORE_CHILDREN}",
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeValues": more_children([child]),
        }
    }


def to_claim(item: Item) -> Claim:
    """What a worker holds after it took, or read again, a deletion. Raises Unreadable."""
    return Claim(
        deletion=to_deletion(item),
        fence=fence_of(item),
        lease_until=float(item["lease_until"]["N"]),
        commands=_commands(item),
        control=int(item["control"]["N"]),
        attempts=int(item.get("attempts", {}).get("N", "1")),
    )


def to_sight(item: Item) -> Sight:
    """What somebody sees who does not hold the deletion. Raises Unreadable."""
    return Sight(
        deletion=to_deletion(item),
        revision=int(item["revision"]["N"]),
        control=int(item["control"]["N"]),
        commands=_commands(item),
    )


def _commands(item: Item) -> tuple[dict[str, Any], ...]:
    done = int(item["commands_done"]["N"])
    return tuple(json.loads(command["S"]) for command in item["commands"]["L"][done:])


def fence_of(item: Item) -> int:
    """The number of the newest lease."""
    return int(item["fence"]["N"])


def from_marks(deletion: Deletion, chunk: Chunk) -> Item:
    """The outcomes of a chunk."""
    data = {"data": {"B": codec.chunk_marks(chunk)}, "expires_at": number(deletion.expires_at)}
    return {**part_key(deletion.id, "OUT", chunk.number), **data}


def from_call(deletion: Deletion, call: Call) -> Item:
    """A call of the ledger."""
    data = {"data": {"B": codec.call_to_data(call)}, "expires_at": number(deletion.expires_at)}
    return {**part_key(deletion.id, "CALL", call.n), **data}


def from_entry(deletion: Deletion, entry: Entry) -> Item:
    """An entry of the log."""
    data = {"doc": {"S": codec.entry_to_text(entry)}, "expires_at": number(deletion.expires_at)}
    return {**part_key(deletion.id, "EVENT", entry.n), **data}


def from_delivery(delivery: Delivery) -> Item:
    """A delivery."""
    return {
        **delivery_key(delivery.source, delivery.delivery_id),
        "source": {"S": delivery.source},
        "delivery_id": {"S": delivery.delivery_id},
        "body_hash": {"S": delivery.body_hash},
        "deletion_id": {"S": delivery.deletion_id},
        "receipt": {"S": codec.dumps(dict(delivery.receipt))},
        "expires_at": number(delivery.expires_at),
    }


def to_delivery(item: Item) -> Delivery:
    """A delivery from its item."""
    return Delivery(
        source=item["source"]["S"],
        delivery_id=item["delivery_id"]["S"],
        body_hash=item["body_hash"]["S"],
        deletion_id=item["deletion_id"]["S"],
        receipt=json.loads(item["receipt"]["S"]),
        expires_at=int(item["expires_at"]["N"]),
    )


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
    return Lane(
        key=item["pk"]["S"].removeprefix("LANE#"),
        holder=item["holder"]["S"] or None,
        queue=tuple(d["S"] for d in item["queue"]["L"]),
        revision=int(item["revision"]["N"]),
        taken_at=float(item["taken_at"]["N"]) or None,
        last_seconds=None if last < 0 else last,
    )


def code_of(problem: ClientError) -> str:
    """DynamoDB's error code."""
    return str(problem.response.get("Error", {}).get("Code", ""))


def cause(problem: ClientError) -> str:
    """DynamoDB's error code, with the reasons where a transaction was cancelled: no values of ours."""
    reasons = [reason for reason in cancelled_for(problem) if reason != "None"]
    return " ".join([code_of(problem), *reasons])


def cancelled_for(problem: ClientError) -> list[str]:
    """Why each action of a transaction was refused; empty where it was not a transaction."""
    reasons: Any = problem.response.get("CancellationReasons", [])
    return [str(reason.get("Code", "None")) for reason in reasons]


def clashed(problem: ClientError) -> bool:
    """Was it refused only because another transaction held one of the items?"""
    reasons = set(cancelled_for(problem)) - {"None"}
    return reasons == {"TransactionConflict"} or code_of(problem) == "TransactionConflictException"
