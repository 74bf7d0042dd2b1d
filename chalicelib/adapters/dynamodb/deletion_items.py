"""The items of a deletion: itself, its ids, outcomes, calls and log, from domain values and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.dynamodb import chunk_codec, codec
from chalicelib.adapters.dynamodb.items import Item, meta_key, number, part_key, shard
from chalicelib.domain.children import as_child
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import iso
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.log import Entry
from chalicelib.domain.outcomes import Chunk
from chalicelib.service.ports import Call, Claim

if TYPE_CHECKING:
    from chalicelib.domain.operators import Snapshot


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
    data = {"data": {"B": chunk_codec.chunk_ids(chunk)}, "expires_at": number(deletion.expires_at)}
    return {**part_key(deletion.id, "IDS", chunk.number), **data}


def to_deletion(item: Item) -> Deletion:
    """A deletion from its item. Raises Unreadable."""
    deletion_id = item["pk"]["S"][2:]
    if "doc" not in item:
        raise Unreadable(deletion_id, "no document")
    with codec.readable(deletion_id, "document"):
        deletion = codec.deletion_from_text(deletion_id, item["doc"]["S"])
    with codec.readable(deletion_id, "relatives"):
        relatives = tuple(str(each["S"]) for each in item.get("relatives", _NONE)["L"])
    with codec.readable(deletion_id, "children"):
        children = tuple(codec.child_from_text(each["S"]) for each in item.get("children", _NONE)["L"])
    return replace(deletion, relatives=relatives, children=children) if relatives or children else deletion


_NONE: Item = {"L": []}


#: Adds to the children of a deletion, in an update of its item; the values are those of `more_children`.
MORE_CHILDREN = "children = list_append(if_not_exists(children, :none), :new_children)"


def more_children(new_children: Iterable[Deletion]) -> dict[str, Item]:
    """The values of MORE_CHILDREN."""
    texts = [{"S": codec.child_to_text(as_child(each))} for each in new_children]
    return {":none": {"L": []}, ":new_children": {"L": texts}}


def named_by_parent(table: str, child: Deletion) -> Any:
    """The parent's naming of a child, as an action of a transaction."""
    return {
        "Update": {
            "TableName": table,
            "Key": meta_key(str(child.request.parent)),
            "UpdateExpression": f"SET {MORE_CHILDREN}, {_RELATED}",
            "ConditionExpression": _NOT_FORGETTING,
            "ExpressionAttributeValues": {**more_children([child]), ":related": {"N": "1"}},
        }
    }


#: On a deletion that will be forgotten: nothing is made of it any more. What is made of others counts up
#: their commands, so that whoever has judged one before, to forget it, judges anew.
FORGETTING = "forgetting"
_NOT_FORGETTING = f"attribute_exists(pk) AND attribute_not_exists({FORGETTING})"
_RELATED = "control = control + :related"
_MORE_RELATIVES = "relatives = list_append(if_not_exists(relatives, :no), :one)"


def related_to(table: str, origin: str, relative: Deletion) -> Any:
    """The naming of what was made of the deletion `origin` and is no child, as an action of a transaction."""
    return {
        "Update": {
            "TableName": table,
            "Key": meta_key(origin),
            "UpdateExpression": f"SET {_MORE_RELATIVES}, {_RELATED}",
            "ConditionExpression": _NOT_FORGETTING,
            "ExpressionAttributeValues": {
                ":related": {"N": "1"},
                ":no": {"L": []},
                ":one": {"L": [{"S": relative.id}]},
            },
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


def to_snapshot(item: Item) -> Snapshot:
    """What somebody sees who does not hold the deletion. Raises Unreadable."""
    from chalicelib.domain.operators import Snapshot

    with codec.readable(item["pk"]["S"][2:], "item"):
        return Snapshot(
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
    data = {"data": {"B": chunk_codec.chunk_marks(chunk)}, "expires_at": number(deletion.expires_at)}
    return {**part_key(deletion.id, "OUT", chunk.number), **data}


def from_call(deletion: Deletion, call: Call) -> Item:
    """A call of the ledger."""
    data = {"data": {"B": codec.call_to_data(call)}, "expires_at": number(deletion.expires_at)}
    return {**part_key(deletion.id, "CALL", call.n), **data}


def from_entry(deletion: Deletion, entry: Entry) -> Item:
    """An entry of the log."""
    data = {"doc": {"S": codec.entry_to_text(entry)}, "expires_at": number(deletion.expires_at)}
    return {**part_key(deletion.id, "EVENT", entry.n), **data}
