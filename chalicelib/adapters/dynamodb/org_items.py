"""What an org has in the table besides its deletions: its lane, its pause, its holds, its short leases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb import codec, hold_items, items, lane_items, operators_log_items
from chalicelib.adapters.dynamodb.dynamo import Dynamo
from chalicelib.domain import times

if TYPE_CHECKING:
    from chalicelib.domain.evidence.operators import Entry
    from chalicelib.domain.lane import Lane
    from chalicelib.domain.operators import SourceCancel


def _pause_keys(org: str, source: str) -> list[items.Item]:
    keys = [items.org_key(o, "PAUSE") for o in dict.fromkeys(("*", org))]
    return keys + ([items.source_key(source, "PAUSE")] if source else [])


def is_paused(item: items.Item) -> bool:
    """Does the item of a pause pause? One of which that cannot be read does: it was set by somebody."""
    return "paused" in item and bool(item["paused"].get("BOOL", True))


def _to_cancel(source: str, item: items.Item) -> SourceCancel:
    from chalicelib.domain.operators import SourceCancel

    with codec.readable(f"source {source}", "CANCEL"):
        return SourceCancel(source, item["set_by"]["S"], float(item["set_at"]["N"]))


def _epoch_of(kept: Sequence[items.Item]) -> int:
    return int(kept[0].get("epoch", {}).get("N", "0")) if kept else 0


@dataclass
class OrgItems(Dynamo):
    """The org's part of ports.Ledger, and ports.Leases. `epoch`: the stage's, counted up after a restore."""

    epoch: int = 0

    def lane(self, key: str) -> Lane:
        """See ports.Ledger."""
        from chalicelib.domain.lane import Lane

        item = self.get_item(items.lane_key(key))
        with codec.readable(key, "LANE"):
            return lane_items.to_lane(item) if item else Lane(key)

    def paused(self, org: str, source: str = "") -> str | None:
        """See ports.Ledger. An item for all orgs lies under `*`."""
        return self._pause_in(self.batch_get(_pause_keys(org, source)))

    def stopped(self, org: str, source: str) -> tuple[str | None, SourceCancel | None]:
        """See ports.Ledger."""
        key = items.source_key(source, "CANCEL")
        found = self.batch_get([*_pause_keys(org, source), key])
        marks = [each for each in found if each["sk"] == key["sk"]]
        pauses = [each for each in found if each["sk"] != key["sk"]]
        return self._pause_in(pauses), _to_cancel(source, marks[0]) if marks else None

    def _pause_in(self, found: Sequence[items.Item]) -> str | None:
        kept = [item for item in found if item["pk"] == items.org_key("*", "PAUSE")["pk"]]
        if _epoch_of(kept) != self.epoch:
            return "the table was restored from a backup"
        reasons = [item.get("reason", {}).get("S", "") for item in found if is_paused(item)]
        return (reasons[0] or "paused by an operator") if reasons else None

    def source_cancel(self, source: str) -> SourceCancel | None:
        """See ports.Ledger."""
        item = self.get_item(items.source_key(source, "CANCEL"))
        return _to_cancel(source, item) if item else None

    def kept_epoch(self) -> int:
        """The epoch that the table was last released for; the stage is paused while its own is another."""
        item = self.get_item(items.org_key("*", "PAUSE"))
        return _epoch_of([item] if item else [])

    def release(self, epoch: int, noted: Entry) -> bool:
        """Let the stage with this epoch work on the table, with its entry of the operators' log; False where
        the table has a later one.
        """
        return self.update_if(
            items.org_key("*", "PAUSE"),
            "SET epoch = :epoch, released_by = :by, released_at = :at",
            "attribute_not_exists(epoch) OR epoch <= :epoch",
            {":epoch": items.number(epoch), ":by": {"S": noted.by}, ":at": items.number(noted.at)},
            noted=operators_log_items.update(self.name, noted),
        )

    def has_holds(self, org: str, module: str, now: float) -> bool:
        """See ports.Ledger."""
        return any(self._holds_below(key, now) for key in hold_items.protecting(org, module, ""))

    def _holds_below(self, key: items.Item, now: float) -> bool:
        found = self.query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": key["pk"], ":sk": key["sk"]},
            ConsistentRead=True,
        )
        return any(hold_items.protects(item, now) for item in found)

    def held(self, org: str, module: str, ids: Sequence[str], now: float) -> set[str]:
        """See ports.Ledger."""
        if not self.has_holds(org, module, now):
            return set()
        found = self.batch_get([key for one in ids for key in hold_items.protecting(org, module, one)])
        return {item["sk"]["S"].rsplit("#", 1)[1] for item in found if hold_items.protects(item, now)}

    def take(self, org: str, name: str, owner: str, now: float, until: float) -> bool:
        """See ports.Leases."""
        return self.update_if(
            items.org_key(org, name),
            "SET lease_owner = :owner, lease_until = :until",
            f"NOT ({items.LEASED}) OR lease_owner = :owner",
            {":owner": {"S": owner}, ":until": items.number(until), **items.leases_at(now)},
        )

    def give_back(self, org: str, name: str, owner: str) -> None:
        """See ports.Leases."""
        self.update_if(
            items.org_key(org, name),
            "SET lease_until = :never",
            "lease_owner = :owner",
            {":owner": {"S": owner}, ":never": {"N": "0"}},
        )

    def block_tokens(self, org: str, made_for: str, until: float) -> None:
        """See zoho.token_store.TokenBlocks."""
        self._note(org, "TOKEN_BLOCK", "made_for", {"S": made_for}, "blocked_until", until)

    def tokens_blocked_until(self, org: str, made_for: str) -> float:
        """See zoho.token_store.TokenBlocks."""
        item = self.get_item(items.org_key(org, "TOKEN_BLOCK"))
        with codec.readable(f"org {org}", "TOKEN_BLOCK"):
            if item is None or item["made_for"]["S"] != made_for:
                return 0.0
            return float(item["blocked_until"]["N"])

    def tell_credits(self, org: str, left: int, until: float) -> None:
        """See ports.Leases."""
        self._note(org, "CREDITS", "credits_left", items.number(left), "good_until", until)

    def _note(
        self, org: str, name: str, field: str, value: items.Item, until_field: str, until: float
    ) -> None:
        """Keep `value` of the org under `name` until that time, whoever has written it before."""
        self.write_anyway(
            "update_item",
            TableName=self.name,
            Key=items.org_key(org, name),
            UpdateExpression=f"SET {field} = :value, {until_field} = :until, expires_at = :expires",
            ExpressionAttributeValues={
                ":value": value,
                ":until": items.number(until),
                ":expires": items.number(int(until) + 1),
            },
        )

    def credits_told(self, org: str, now: float) -> int | None:
        """See ports.Leases."""
        item = self.get_item(items.org_key(org, "CREDITS"))
        with codec.readable(f"org {org}", "CREDITS"):
            if item is None:
                return None
            until, left = float(item["good_until"]["N"]), int(item["credits_left"]["N"])
            if times.holds_too_long(until, now, times.LONGEST_TOLD):
                raise ValueError("good for longer than anybody tells")
            return left if until > now else None

    def in_use(self, org: str, prefix: str, now: float) -> set[str]:
        """See ports.Leases."""
        found = self.query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            FilterExpression=items.LEASED,
            ProjectionExpression="sk",
            ExpressionAttributeValues={
                ":pk": items.org_key(org, "")["pk"],
                ":prefix": {"S": prefix},
                **items.leases_at(now),
            },
            ConsistentRead=True,
        )
        return {item["sk"]["S"] for item in found}
