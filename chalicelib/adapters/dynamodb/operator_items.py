"""What only operators read and set: the list of deletions by day, holds, pauses."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.dynamodb import deletion_items, hold_items, items, operators_log_items
from chalicelib.adapters.dynamodb.dynamo import Dynamo
from chalicelib.adapters.dynamodb.org_items import is_paused
from chalicelib.domain.deletion import Deletion

if TYPE_CHECKING:
    from chalicelib.domain.evidence.operators import Entry
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
        found = self.batch_get([items.meta_key(one) for one in deletion_ids])
        return {each.id: each for each in self.readable_of(found, deletion_items.to_deletion)}

    # --- holds -----------------------------------------------------------------------------------

    def hold(self, org: str, module: str, record_id: str) -> Hold | None:
        """See org_settings.Orgs."""
        held = self.batch_get(hold_items.protecting(org, module, record_id))
        found = (hold_items.to_hold(item) for item in held if not hold_items.was_removed(item))
        return max(found, key=lambda hold: math.inf if hold.until is None else hold.until, default=None)

    def own_hold(self, org: str, module: str, record_id: str) -> Hold | None:
        """See org_settings.Orgs."""
        found = self._own(org, module, record_id)
        return hold_items.to_hold(found[0]) if found else None

    def _own(self, org: str, module: str, record_id: str) -> list[items.Item]:
        found = self.batch_get(hold_items.keys(org, module, record_id))
        return [item for item in found if not hold_items.was_removed(item)]

    def set_hold(self, hold: Hold, noted: Entry | None = None) -> None:
        """See org_settings.Orgs."""
        self.write_all(
            [
                items.put(self.name, hold_items.from_hold(hold)),
                *operators_log_items.beside(self.name, noted),
            ]
        )

    def remove_hold(
        self, org: str, module: str, record_id: str, noted: Callable[[Hold], Entry] | None = None
    ) -> Hold | None:
        """See org_settings.Orgs. The item stays for a while as one that has ended, so that the function needs
        no right to delete.
        """
        found = self._own(org, module, record_id)
        if not found:
            return None
        hold = hold_items.to_hold(found[0])
        entry = None if noted is None else noted(hold)
        now = time.time() if entry is None else entry.at
        ended = [items.put(self.name, hold_items.removed(item, now)) for item in found]
        self.write_all([*ended, *operators_log_items.beside(self.name, entry)])
        return hold

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
        return [hold_items.to_hold(item) for item in found if not hold_items.was_removed(item)], following

    # --- pauses ----------------------------------------------------------------------------------

    def pause(self, org: str | None, source: str | None = None) -> Pause:
        """See org_settings.Orgs."""
        from chalicelib.domain.operators import Pause

        item = self.get_item(_pause_key(org, source))
        if item is None:
            return Pause(org, paused=False, source=source)
        return Pause(
            org,
            paused=is_paused(item),
            reason=item.get("reason", {}).get("S", ""),
            set_by=item.get("set_by", {}).get("S", ""),
            set_at=float(item.get("set_at", {}).get("N", "0")),
            source=source,
        )

    def set_pause(self, pause: Pause, noted: Entry | None = None) -> None:
        """See org_settings.Orgs."""
        values = {
            ":paused": {"BOOL": pause.paused},
            ":reason": {"S": pause.reason},
            ":by": {"S": pause.set_by},
            ":at": items.number(pause.set_at),
        }
        sets = "SET paused = :paused, reason = :reason, set_by = :by, set_at = :at"
        self._set(_pause_key(pause.org, pause.source), sets, values, noted)

    def set_source_cancel(self, cancel: SourceCancel, noted: Entry | None = None) -> None:
        """See org_settings.Orgs."""
        values = {":by": {"S": cancel.by}, ":at": items.number(cancel.at)}
        sets = "SET set_by = :by, set_at = :at"
        self._set(items.source_key(cancel.source, "CANCEL"), sets, values, noted)

    def _set(self, key: items.Item, sets: str, values: items.Item, noted: Entry | None) -> None:
        update = {
            "TableName": self.name,
            "Key": key,
            "UpdateExpression": sets,
            "ExpressionAttributeValues": values,
        }
        self.write_all([{"Update": update}, *operators_log_items.beside(self.name, noted)])

    # --- the operators' log ----------------------------------------------------------------------

    def tell(self, entry: Entry) -> None:
        """See log.Log."""
        self.write_all([operators_log_items.put(self.name, entry)])

    def entries_of_operators(
        self, since: float, until: float, before: str | None, limit: int
    ) -> tuple[list[Entry], str | None]:
        """See log.Log."""
        return operators_log_items.newest_first(self, since, until, before, limit)


def _pause_key(org: str | None, source: str | None) -> items.Item:
    return items.source_key(source, "PAUSE") if source else items.org_key(org or _ALL, "PAUSE")
