"""Reaching a deletion that one does not hold: to wake it, to leave it a command, to set it aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.adapters import codec, items
from chalicelib.adapters.dynamo import Dynamo
from chalicelib.domain.operators import Sight


@dataclass
class Steering(Dynamo):
    """The part of the table for those who hold nothing. `shards`: partitions of the due index."""

    shards: int = 1

    def wake(self, deletion_id: str, now: float) -> bool:
        """See ports.Ledger."""
        return self.update_if(
            items.meta_key(deletion_id),
            "SET next_at = :now",
            "attribute_exists(due) AND lease_until <= :now AND next_at > :now",
            {":now": items.number(now)},
        )

    def sight(self, deletion_id: str) -> Sight | None:
        """See operate.Deletions."""
        item = self.get_item(items.meta_key(deletion_id))
        return items.to_sight(item) if item else None

    def command(self, sight: Sight, command: Mapping[str, object], now: float) -> bool:
        """See operate.Deletions."""
        deletion_id = sight.deletion.id
        return self.update_if(
            items.meta_key(deletion_id),
            "SET control = control + :one, commands = list_append(commands, :command),"
            " due = :due, next_at = :now",
            "revision = :revision AND control = :control",
            {
                ":one": items.number(1),
                ":command": {"L": [{"S": codec.dumps(dict(command))}]},
                ":due": {"S": items.shard(deletion_id, self.shards)},
                ":now": items.number(now),
                ":revision": items.number(sight.revision),
                ":control": items.number(sight.control),
            },
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
