"""What all items of the table share: keys, numbers, conditions, sizes, and DynamoDB's refusals."""

from __future__ import annotations

import zlib
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.dynamodb import codec
from chalicelib.domain import times
from chalicelib.domain.errors import Rejected

Item = dict[str, Any]

#: Bytes of the largest item that DynamoDB takes.
LARGEST_ITEM = 400 * 1024

#: Where deletions lie in the due index that have ended and wait for evidence: workers' are `due#{number}`.
DUE_FOR_EVIDENCE = "due#evidence"
#: And those whose texts are to be forgotten one day.
DUE_TO_FORGET = "due#forget"

#: Does somebody hold the lease of an item? Its values are those of `leases_at`. What is no number, or lies
#: further ahead than any lease does, is no lease: whoever wants it next takes it.
LEASED = "attribute_type(lease_until, :number) AND lease_until > :now AND lease_until <= :furthest"

UNLESS_THERE: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}


def number(value: float) -> Item:
    """A number attribute; milliseconds are enough for every time here."""
    return {"N": str(Decimal(str(round(value, 3))))}


def leases_at(now: float) -> Item:
    """The values of LEASED."""
    return {
        ":number": {"S": "N"},
        ":now": number(now),
        ":furthest": number(now + times.LONGEST_LEASE),
    }


def key(pk: str, sk: str) -> Item:
    """A key of the table."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def place(item: Item) -> str:
    """Where the item lies, for people."""
    return f"{item['pk']['S']} / {item['sk']['S']}"


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
