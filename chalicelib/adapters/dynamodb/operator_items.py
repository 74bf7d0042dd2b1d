"""What only operators read and set: the list of deletions by day, holds, pauses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from chalicelib.adapters.dynamodb import deletion_items, hold_items, items
from chalicelib.adapters.dynamodb.dynamo import Dynamo
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.operators import Hold, Pause, SourceCancel

_ALL = "*"


class OperatorItems(Dynamo):
    """See commands.Deletions and org_settings.Orgs."""

    def listed(self, day: str, before: tuple[str, str] | None, limit: int) -> list[tuple[str, str]]:
        """See commands.Deletions."""
        start: dict[str, Any] = {}
        if before is not None:
            created_at, deletion_id = before
            key = {**items.meta_key(deletion_id), "day": {"S": f"day#{day}"}, "created_at": {"S": created_at}}
            start = {"ExclusiveStartKey": key}
        found = self.first_page(
            IndexName="day",
            KeyConditionExpression="#day = :day",
            ExpressionAttributeNames={"#day": "day"},
            ExpressionAttributeValues={":day": {"S": f"day#{day}"}},
            ScanIndexForward=False,
            Limit=limit,
            **start,
        )
        return [(item["created_at"]["S"], item["pk"]["S"].removeprefix("D#")) for item in found]

    def get_many(self, deletion_ids: Sequence[str]) -> Mapping[str, Deletion]:
        """See commands.Deletions."""
        found = {}
        for item in self.batch_get([items.meta_key(one) for one in deletion_ids]):
            with suppress(Unreadable):
                deletion = deletion_items.to_deletion(item)
                found[deletion.id] = deletion
        return found

    # --- holds -----------------------------------------------------------------------------------

    def hold(self, org: str, module: str, record_id: str) -> Hold | None:
        """See org_settings.Orgs."""
        found = map(hold_items.to_hold, self.batch_get(hold_items.protecting(org, module, record_id)))
        return max(found, key=lambda hold: math.inf if hold.until is None else hold.until, default=None)

    def own_hold(self, org: str, module: str, record_id: str) -> Hold | None:
        """See org_settings.Orgs."""
        found = self.batch_get(hold_items.keys(org, module, record_id))
        return hold_items.to_hold(found[0]) if found else None

    def set_hold(self, hold: Hold) -> None:
        """See org_settings.Orgs."""
        self.write_anyway("put_item", TableName=self.name, Item=hold_items.from_hold(hold))

    def remove_hold(self, org: str, module: str, record_id: str) -> Hold | None:
        """See org_settings.Orgs."""
        removed = [
            self.write_anyway("delete_item", TableName=self.name, Key=key, ReturnValues="ALL_OLD")
            for key in hold_items.keys(org, module, record_id)
        ]
        there = [hold_items.to_hold(each["Attributes"]) for each in removed if "Attributes" in each]
        return there[0] if there else None

    def holds(
        self, org: str, after: tuple[str, str] | None, limit: int
    ) -> tuple[list[Hold], tuple[str, str] | None]:
        """See org_settings.Orgs."""
        start = {"ExclusiveStartKey": hold_items.stored(org, *after)} if after else {}
        found = self.first_page(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": items.org_key(org, "")["pk"], ":sk": {"S": hold_items.PREFIX}},
            ConsistentRead=True,
            Limit=limit,
            **start,
        )
        following = hold_items.place(found[-1]) if len(found) == limit else None
        return [hold_items.to_hold(item) for item in found], following

    # --- pauses ----------------------------------------------------------------------------------

    def pause(self, org: str | None, source: str | None = None) -> Pause:
        """See org_settings.Orgs."""
        item = self.get_item(_pause_key(org, source))
        if item is None:
            return Pause(org, paused=False, source=source)
        return Pause(
            org,
            paused=bool(item.get("paused", {}).get("BOOL")),
            reason=item.get("reason", {}).get("S", ""),
            set_by=item.get("set_by", {}).get("S", ""),
            set_at=float(item.get("set_at", {}).get("N", "0")),
            source=source,
        )

    def set_pause(self, pause: Pause) -> None:
        """See org_settings.Orgs."""
        self.write_anyway(
            "update_item",
            TableName=self.name,
            Key=_pause_key(pause.org, pause.source),
            UpdateExpression="SET paused = :paused, reason = :reason, set_by = :by, set_at = :at",
            ExpressionAttributeValues={
                ":paused": {"BOOL": pause.paused},
                ":reason": {"S": pause.reason},
                ":by": {"S": pause.set_by},
                ":at": items.number(pause.set_at),
            },
        )

    def set_source_cancel(self, cancel: SourceCancel) -> None:
        """See org_settings.Orgs."""
        self.write_anyway(
            "update_item",
            TableName=self.name,
            Key=items.source_key(cancel.source, "CANCEL"),
            UpdateExpression="SET set_by = :by, set_at = :at",
            ExpressionAttributeValues={":by": {"S": cancel.by}, ":at": items.number(cancel.at)},
        )


def _pause_key(org: str | None, source: str | None) -> items.Item:
    return items.source_key(source, "PAUSE") if source else items.org_key(org or _ALL, "PAUSE")
