"""Counts what clients of AWS are asked for: every call of every client passes, and DynamoDB's units are
computed.

A hook of botocore sees each request as its caller wrote it, below our adapters and above the network. What a
write costs depends on the item before and after it, so both are looked at through a client that is not
counted.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.cost_units import Index, Item, item_bytes, read_units, write_units

INDEXES = (Index("due", ("due", "next_at")), Index("day", ("day", "created_at")))
#: SNS and SQS bill a request for each started 64 KB of a message.
PART_BYTES = 64 * 1024

_WRITES = ("PutItem", "UpdateItem", "DeleteItem")
_SQS = {"SendMessage": "sqs.send", "SendMessageBatch": "sqs.send", "GetQueueAttributes": "sqs.ask"}
#: A list costs what a write does, and removing an object nothing (Amazon S3 pricing).
_S3 = {
    "PutObject": "s3.put",
    "ListObjectVersions": "s3.put",
    "GetObject": "s3.get",
    "DeleteObject": "s3.delete",
}
_KMS = {"Sign": "kms.sign", "GetPublicKey": "kms.ask"}
_SECRETS = {
    "GetSecretValue": "secrets.read",
    "PutSecretValue": "secrets.write",
    "CreateSecret": "secrets.write",
}


@dataclass
class Meter:
    """`totals` by name; `peek` is DynamoDB's client that is not counted; `passed(name)` hears of each call.

    `sent` is handed each message for the work queue: its body and its delay in seconds.
    """

    peek: Any
    passed: Callable[[], None]
    sent: Callable[[str, float], None]
    totals: Counter[str] = field(default_factory=Counter)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def watch(self, client: Any) -> None:
        """Count this client's calls from now on."""
        service = client.meta.service_model.service_name
        client.meta.events.register(f"before-parameter-build.{service}", self._before)
        client.meta.events.register(f"after-call.{service}", self._after)

    def _before(self, params: dict[str, Any], context: dict[str, Any], model: Any, **_: Any) -> None:
        context["asked"] = params
        if model.service_model.service_name == "dynamodb":
            context["items"] = [self._look(place) for place in _places(model.name, params)]

    def _after(self, model: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        with self._lock:
            self.passed()
            self.totals["aws.calls"] += 1
            handler = getattr(self, f"_{model.service_model.service_name}")
            handler(model.name, context["asked"], parsed, context)

    # --- services ----------------------------------------------------------------------------------------

    def _sqs(self, name: str, asked: Mapping[str, Any], _parsed: Any, _context: Any) -> None:
        self.totals[_SQS[name]] += 1
        if name == "SendMessage":
            self.sent(asked["MessageBody"], asked.get("DelaySeconds", 0))
        for one in asked.get("Entries", ()):
            self.sent(one["MessageBody"], one.get("DelaySeconds", 0))

    def _s3(self, name: str, asked: Mapping[str, Any], parsed: Any, _context: Any) -> None:
        self.totals[_S3[name]] += 1
        if name == "PutObject" and "Error" not in parsed:
            body = asked["Body"]  # botocore has made a file of it by now
            self.totals["s3.bytes"] += len(body) if isinstance(body, bytes) else body.getbuffer().nbytes

    def _kms(self, name: str, _asked: Any, _parsed: Any, _context: Any) -> None:
        self.totals[_KMS[name]] += 1

    def _sns(self, _name: str, asked: Mapping[str, Any], _parsed: Any, _context: Any) -> None:
        size = len(asked["Message"].encode())
        self.totals["sns.requests"] += -(-size // PART_BYTES)
        self.totals["sns.bytes"] += size

    def _secretsmanager(self, name: str, _asked: Any, _parsed: Any, _context: Any) -> None:
        self.totals[_SECRETS[name]] += 1

    def _dynamodb(self, name: str, asked: Mapping[str, Any], parsed: dict[str, Any], context: Any) -> None:
        self.totals["dynamodb.requests"] += 1
        if name in (*_WRITES, "TransactWriteItems"):
            self._write(name, asked, parsed, context["items"])
        else:
            self.totals["dynamodb.half_reads"] += round(2 * _read(name, asked, parsed))

    # --- writes ------------------------------------------------------------------------------------------

    def _write(self, name: str, asked: Any, parsed: dict[str, Any], before: list[Item | None]) -> None:
        transaction = name == "TransactWriteItems"
        refused = "Error" in parsed
        self.totals["dynamodb.refused"] += refused
        self.totals["dynamodb.transactions"] += transaction
        for place, old in zip(_places(name, asked), before, strict=True):
            new = old if refused else self._look(place)
            sizes = [0 if item is None else item_bytes(item) for item in (old, new)]
            units = write_units(sizes[0], sizes[1], transaction=transaction)
            self.totals["dynamodb.write_table"] += units
            self.totals["dynamodb.write_refused"] += units if refused else 0
            for index in INDEXES:
                self.totals[f"dynamodb.write_{index.name}"] += index.write_units(old, new)

    def _look(self, place: tuple[str, Any]) -> Item | None:
        table, key = place
        found: Item | None = self.peek.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        return found


def _places(name: str, asked: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Table and key of every item that a request writes."""
    if name == "TransactWriteItems":
        actions = [next(iter(one.values())) for one in asked["TransactItems"]]
        return [(action["TableName"], _key(action)) for action in actions]
    return [(asked["TableName"], _key(asked))] if name in _WRITES else []


def _key(action: Mapping[str, Any]) -> Any:
    return action["Key"] if "Key" in action else {name: action["Item"][name] for name in ("pk", "sk")}


def _read(name: str, asked: Mapping[str, Any], parsed: Mapping[str, Any]) -> float:
    if name == "BatchGetItem":
        return sum(_batch(table, wanted, parsed) for table, wanted in asked["RequestItems"].items())
    consistent = bool(asked.get("ConsistentRead"))
    found: Iterable[Item] = [parsed["Item"]] if "Item" in parsed else parsed.get("Items", [])
    return read_units(sum(item_bytes(item) for item in found), consistent=consistent)


def _batch(table: str, wanted: Mapping[str, Any], parsed: Mapping[str, Any]) -> float:
    sizes = [item_bytes(item) for item in parsed["Responses"].get(table, [])]
    sizes += [0] * (len(wanted["Keys"]) - len(sizes))
    return sum(read_units(size, consistent=bool(wanted.get("ConsistentRead"))) for size in sizes)
