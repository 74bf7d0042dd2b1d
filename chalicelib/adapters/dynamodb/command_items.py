"""What may be done with a deletion without holding it: wake it, store a command for it, set it aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.dynamodb import codec, deletion_items, items, operators_log_items
from chalicelib.adapters.dynamodb.dynamo import Dynamo
from chalicelib.domain import times
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unreadable

if TYPE_CHECKING:
    from chalicelib.domain.evidence.operators import Entry
    from chalicelib.domain.operators import Snapshot


#: Items of a part of the index whose times are put right in one look; the next look finds the others.
MENDED_AT_ONCE = 100


def _nothing(_deletion: Deletion) -> None:
    """Discards what is reported."""


@dataclass
class CommandItems(Dynamo):
    """The part of the table for those who hold nothing. `shards`: partitions of the due index; `seen` is told
    of deletions that were read or written.
    """

    shards: int = 1
    seen: Callable[[Deletion], None] = field(default=_nothing, repr=False, kw_only=True)

    def due(self, now: float, limit: int) -> list[str]:
        """See ports.Ledger."""
        return [deletion_id for deletion_id, _ in self.due_since(now, limit)]

    def due_since(self, now: float, limit: int) -> list[tuple[str, float]]:
        """See ports.Ledger."""
        return next(self.due_pages(now, limit), [])[:limit]

    def due_pages(self, now: float, limit: int) -> Iterator[list[tuple[str, float]]]:
        """See ports.Ledger. Each page has up to `limit` of every shard of the index."""
        starts: dict[int, dict[str, Any]] = {number: {} for number in range(self.shards)}
        while starts:
            found: list[tuple[float, str]] = []
            for number, start in list(starts.items()):
                keys, end = self.page(
                    IndexName="due",
                    KeyConditionExpression="due = :due AND next_at <= :now",
                    ExpressionAttributeValues={":due": {"S": f"due#{number}"}, ":now": items.number(now)},
                    Limit=limit,
                    **start,
                )
                found += [(float(key["next_at"]["N"]), key["pk"]["S"]) for key in keys]
                if end is None:
                    del starts[number]
                else:
                    starts[number] = {"ExclusiveStartKey": end}
            deletions = [(pk.removeprefix("D#"), since) for since, pk in sorted(found) if pk.startswith("D#")]
            if deletions:
                yield deletions

    def newest_due(self, now: float, limit: int) -> list[str]:
        """Ids of the deletions that are due, those that have become so last first. Eventually consistent."""
        found: list[tuple[float, str]] = []
        for number in range(self.shards):
            keys, _ = self.page(
                IndexName="due",
                KeyConditionExpression="due = :due AND next_at <= :now",
                ExpressionAttributeValues={":due": {"S": f"due#{number}"}, ":now": items.number(now)},
                ScanIndexForward=False,
                Limit=limit,
            )
            found += [(float(key["next_at"]["N"]), key["pk"]["S"]) for key in keys]
        newest = [pk.removeprefix("D#") for _, pk in sorted(found, reverse=True) if pk.startswith("D#")]
        return newest[:limit]

    def forget_hashes(self, deletion_id: str, accepted_at: float, *, external_only: bool) -> None:
        """See ports.Ledger."""
        from chalicelib.adapters.dynamodb import digest_items

        digest_items.forget(self, deletion_id, accepted_at, external_only=external_only)

    def to_forget(self, now: float, limit: int) -> Iterator[list[str]]:
        """See ports.Ledger."""
        start: dict[str, Any] = {}
        while True:
            keys, end = self.page(
                IndexName="due",
                KeyConditionExpression="due = :due AND next_at <= :now",
                ExpressionAttributeValues={":due": {"S": items.DUE_TO_FORGET}, ":now": items.number(now)},
                Limit=limit,
                **start,
            )
            if keys:
                yield [key["pk"]["S"].removeprefix("D#") for key in keys]
            if end is None:
                return
            start = {"ExclusiveStartKey": end}

    def mend_due(self, now: float) -> None:
        """See ports.Ledger."""
        shards = [f"due#{number}" for number in range(self.shards)]
        latest = now + times.LONGEST_DUE
        for due in (*shards, items.DUE_FOR_EVIDENCE, items.DUE_TO_FORGET):
            keys, _ = self.page(
                IndexName="due",
                KeyConditionExpression="due = :due AND next_at > :latest",
                ExpressionAttributeValues={":due": {"S": due}, ":latest": items.number(latest)},
                Limit=MENDED_AT_ONCE,
            )
            for each in keys:
                values = {":now": items.number(now), ":latest": items.number(latest)}
                key = {"pk": each["pk"], "sk": each["sk"]}
                if self.update_if(key, "SET next_at = :now", "next_at > :latest", values):
                    self.set_aside_item(Unreadable(items.place(key), "next_at: later than anything is due"))

    def wake(self, deletion_id: str, now: float) -> bool:
        """See ports.Ledger."""
        return self.update_if(
            items.meta_key(deletion_id),
            "SET next_at = :now",
            f"attribute_exists(due) AND NOT ({items.LEASED}) AND next_at > :now",
            items.leases_at(now),
        )

    def snapshot(self, deletion_id: str) -> Snapshot | None:
        """See commands.Deletions."""
        item = self.get_item(items.meta_key(deletion_id))
        if item is None:
            return None
        snapshot = deletion_items.to_snapshot(item)
        self.seen(snapshot.deletion)
        return snapshot

    def command(
        self, snapshot: Snapshot, command: Mapping[str, object], now: float, noted: Entry | None = None
    ) -> bool:
        """See commands.Deletions."""
        from chalicelib.domain.commands import Do

        deletion_id = snapshot.deletion.id
        forgetting = f", {deletion_items.FORGETTING} = :one" if command.get("do") == Do.FORGET else ""
        return self.update_if(
            items.meta_key(deletion_id),
            "SET control = control + :one, commands = list_append(commands, :command),"
            f" due = :due, next_at = :now{forgetting}",
            "revision = :revision AND control = :control",
            {
                ":one": items.number(1),
                ":command": {"L": [{"S": codec.dumps(dict(command))}]},
                ":due": {"S": items.shard(deletion_id, self.shards)},
                ":now": items.number(now),
                ":revision": items.number(snapshot.revision),
                ":control": items.number(snapshot.control),
            },
            noted=None if noted is None else operators_log_items.put(self.name, noted),
        )

    def set_aside(self, deletion_id: str, reason: str, now: float) -> None:
        """See ports.Ledger."""
        self.update_if(
            items.meta_key(deletion_id),
            "SET set_aside = :reason, set_aside_at = :now REMOVE due",
            "attribute_exists(pk)",
            {":reason": {"S": reason}, ":now": items.number(now)},
        )

    def take_up(self, deletion_id: str, now: float) -> bool:
        """Make a deletion that was set aside due again; False where it was not."""
        return self.update_if(
            items.meta_key(deletion_id),
            "SET due = :due, next_at = :now, attempts = :zero REMOVE set_aside, set_aside_at",
            "attribute_exists(set_aside)",
            {
                ":due": {"S": items.shard(deletion_id, self.shards)},
                ":now": items.number(now),
                ":zero": items.number(0),
            },
        )
