"""What the table keeps for evidence: items of its own under `EVIDENCE#`, and the deletions that wait for it.

| item | key | holds |
|---|---|---|
| chain | `EVIDENCE#CHAIN` / `-` | the newest head, whose turn it is, the day whose event has left |
| receipt | `EVIDENCE#{deletion}` / `RECEIPT#{n}` | its hash, its head, the end that it tells of |
| operators' entry | `EVIDENCE#OPERATORS` / `{id}` | its hash, its head |
| head | `EVIDENCE#HEAD#{n}` / `{object}` | what belongs into it |

Digests lie beside them (`digest_items.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.dynamodb import codec, digest_items, items
from chalicelib.adapters.dynamodb.dynamo import refusal
from chalicelib.adapters.dynamodb.operators_log_items import entries_since
from chalicelib.adapters.dynamodb.receipt_items import (
    CHAIN,
    PREFIX,
    entry_key,
    head_key,
    named_object,
    receipt_key,
)
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.evidence.digest import Digest, Extent, Named, day_of
from chalicelib.domain.evidence.operators import Entry, first_id
from chalicelib.domain.outcomes import Chunk
from chalicelib.service.evidence.ports import Chain, Written
from chalicelib.service.ports import Call

PAGE = 100
DAY = 86_400
#: How long it is kept what belonged into a head (seconds): long after the head lies in the bucket.
KEPT_FOR_ITS_HEAD = 30 * DAY


@dataclass(frozen=True)
class Book:
    """See service.evidence.ports.Book. `keep_days`: how long the table keeps what it knows of an object."""

    table: Table
    clock: Any
    keep_days: int

    # --- whose turn it is, and how far the chain is ---------------------------------------------------

    def take_turn(self, owner: str, now: float, until: float) -> bool:
        """See ports.Book."""
        return self.table.update_if(
            CHAIN,
            "SET lease_owner = :owner, lease_until = :until",
            f"NOT ({items.LEASED}) OR lease_owner = :owner",
            {":owner": {"S": owner}, ":until": items.number(until), **items.leases_at(now)},
        )

    def end_turn(self, owner: str) -> None:
        """See ports.Book."""
        values = {":owner": {"S": owner}, ":never": {"N": "0"}}
        self.table.update_if(CHAIN, "SET lease_until = :never", "lease_owner = :owner", values)

    def chain(self) -> Chain:
        """See ports.Book."""
        return chain_of(self.table)

    def advance(self, before: Chain, after: Chain) -> None:
        """See ports.Book."""
        same = "n = :before" if before.n else "(attribute_not_exists(n) OR n = :before)"
        values = {
            ":n": items.number(after.n),
            ":previous": {"S": after.previous},
            ":at": {"S": after.at},
            ":told": {"S": after.told},
            ":before": items.number(before.n),
        }
        sets = "SET n = :n, previous = :previous, at = :at, told = :told"
        if not self._set(sets, same, values):
            raise Unavailable("evidence", "somebody else writes the chain of heads")

    def _set(self, sets: str, condition: str, values: items.Item) -> bool:
        try:
            self.table.write(
                "update_item",
                TableName=self.table.name,
                Key=CHAIN,
                UpdateExpression=sets.replace(" at =", " #at ="),
                ConditionExpression=condition,
                ExpressionAttributeNames={"#at": "at"},
                ExpressionAttributeValues=values,
            )
        except ClientError as problem:
            if items.code_of(problem) == "ConditionalCheckFailedException":
                return False
            raise refusal(problem) from problem
        return True

    # --- deletions -----------------------------------------------------------------------------------

    def due(self, now: float) -> Iterator[list[str]]:
        """See ports.Book."""
        start: dict[str, Any] = {}
        while True:
            found, end = self.table.page(
                IndexName="due",
                KeyConditionExpression="due = :due AND next_at <= :now",
                ExpressionAttributeValues={":due": {"S": items.DUE_FOR_EVIDENCE}, ":now": items.number(now)},
                Limit=PAGE,
                **start,
            )
            if found:
                yield [item["pk"]["S"].removeprefix("D#") for item in found]
            if end is None:
                return
            start = {"ExclusiveStartKey": end}

    def oldest(self, now: float) -> float:
        """How long the deletion has waited that has waited longest (seconds); 0 where none does."""
        found = self.table.first_page(
            IndexName="due",
            KeyConditionExpression="due = :due AND next_at <= :now",
            ExpressionAttributeValues={":due": {"S": items.DUE_FOR_EVIDENCE}, ":now": items.number(now)},
            Limit=1,
        )
        return max(0.0, now - float(found[0]["next_at"]["N"])) if found else 0.0

    def get(self, deletion_id: str) -> Deletion | None:
        """See ports.Ledger."""
        return self.table.get(deletion_id)

    def get_many(self, deletion_ids: Sequence[str]) -> Mapping[str, Deletion]:
        """See ports.Book."""
        return self.table.get_many(deletion_ids)

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        """See ports.Ledger."""
        return self.table.chunk(deletion_id, number)

    def calls(self, deletion_id: str, numbers: Sequence[int]) -> list[Call]:
        """See ports.Ledger."""
        return self.table.calls(deletion_id, numbers)

    # --- what is written -----------------------------------------------------------------------------

    def receipts(self, deletion_id: str) -> list[Written]:
        """See ports.Book."""
        return self.table.receipts(deletion_id)

    def entries(self, since: float) -> list[Entry]:
        """See ports.Book."""
        return entries_since(self.table, since, self.clock())

    def entries_written(self, since: float) -> set[str]:
        """See ports.Book."""
        found = self.table.query(
            KeyConditionExpression="pk = :pk AND sk >= :sk",
            ExpressionAttributeValues={
                ":pk": {"S": f"{PREFIX}OPERATORS"},
                ":sk": {"S": first_id(since)},
            },
            ConsistentRead=True,
        )
        return {item["sk"]["S"] for item in found}

    def keep(self, written: Written) -> None:
        """See ports.Book."""
        item = {**_key(written), **self._kept(written), "expires_at": self._expires(self.keep_days * DAY)}
        puts = [items.put(self.table.name, item), self._into(written.name, written.sha256, written.head)]
        try:
            self.table.write("transact_write_items", TransactItems=puts)
        except ClientError as problem:
            raise refusal(problem) from problem

    def move(self, name: str, sha256: str, head: int) -> None:
        """See ports.Book. The object's own item keeps its number until the head is there that names it."""
        self.table.write_anyway("put_item", **self._into(name, sha256, head)["Put"])

    def mark_bare(self, written: Written) -> None:
        """See ports.Book."""
        bare = {":bare": {"BOOL": True}}
        self.table.update_if(_key(written), "SET bare = :bare", "attribute_exists(pk)", bare)

    def waiting(self, head: int) -> dict[str, str]:
        """See ports.Book."""
        found = self.table.query(
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": head_key(head, "")["pk"]},
            ConsistentRead=True,
        )
        return dict(self.table.readable_of(found, named_object))

    # --- digests -------------------------------------------------------------------------------------

    def digested(self) -> Extent:
        """See ports.Book. The first time it is the day of the oldest deletion that may still be there."""
        first = day_of(self.clock() - self.keep_days * DAY)
        return digest_items.extent(self.table, day_of(self.clock())) or Extent(first, first)

    def accepted(self, extent: Extent, before: str) -> tuple[list[str], Extent]:
        """See ports.Book."""
        return digest_items.next_accepted(self.table, extent, before)

    def named(self, deletion_ids: Sequence[str]) -> list[Named]:
        """See ports.Book."""
        return digest_items.named(self.table, deletion_ids)

    def keep_digest(self, day: str, digest: Digest) -> None:
        """See ports.Book."""
        digest_items.keep(self.table, day, digest, int(self.clock()) + self.keep_days * DAY)

    def digested_until(self, extent: Extent) -> None:
        """See ports.Book."""
        digest_items.keep_extent(self.table, extent)

    @staticmethod
    def _kept(written: Written) -> items.Item:
        return {
            "object": {"S": written.name},
            "sha256": {"S": written.sha256},
            "head": items.number(written.head),
            "status": {"S": written.status},
            "finished_at": {"S": written.finished_at or ""},
        }

    def _into(self, name: str, sha256: str, head: int) -> Any:
        expires = self._expires(KEPT_FOR_ITS_HEAD)
        item = {**head_key(head, name), "sha256": {"S": sha256}, "expires_at": expires}
        return items.put(self.table.name, item)

    def _expires(self, seconds: int) -> items.Item:
        return items.number(int(self.clock()) + seconds)


def _key(written: Written) -> items.Item:
    if written.n:
        return receipt_key(written.deletion, written.n)
    return entry_key(written.deletion)


def chain_of(table: Table) -> Chain:
    """How far the chain of heads is, as the table knows it; strongly consistent. Raises Unavailable, or
    Unreadable where the table's item of it cannot be read.
    """
    item = table.get_item(CHAIN) or {}
    if "n" not in item:
        return Chain()
    with codec.readable(items.place(CHAIN), "chain"):
        return Chain(int(item["n"]["N"]), item["previous"]["S"], item["at"]["S"], item["told"]["S"])
