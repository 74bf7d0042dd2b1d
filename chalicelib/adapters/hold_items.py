"""The items of holds: `ORG#{org}` / `HOLD#{module}#{record_id}`."""

from __future__ import annotations

from chalicelib.adapters import items
from chalicelib.domain.operators import Hold

PREFIX = "HOLD#"
#: A hold that has ended stays for so long (seconds), so that a clock that is a little off frees nothing.
KEPT_SECONDS = 86_400


def key(org: str, module: str, record_id: str) -> items.Item:
    """Where a hold lies. Names of modules hold no `#`."""
    return items.org_key(org, f"{PREFIX}{module}#{record_id}")


def from_hold(hold: Hold) -> items.Item:
    """A hold as an item; one with an end is removed by the table some time after it."""
    item = {
        **key(hold.org, hold.module, hold.record_id),
        "reason": {"S": hold.reason},
        "set_by": {"S": hold.set_by},
        "set_at": items.number(hold.set_at),
    }
    if hold.until is None:
        return item
    expires = items.number(int(hold.until) + KEPT_SECONDS)
    return {**item, "until": items.number(hold.until), "expires_at": expires}


def to_hold(item: items.Item) -> Hold:
    """A hold from its item; one that was set by hand may lack what is not needed to protect."""
    module, record_id = item["sk"]["S"].removeprefix(PREFIX).split("#", 1)
    return Hold(
        org=item["pk"]["S"].removeprefix("ORG#"),
        module=module,
        record_id=record_id,
        reason=item.get("reason", {}).get("S", ""),
        set_by=item.get("set_by", {}).get("S", ""),
        set_at=float(item.get("set_at", {}).get("N", "0")),
        until=float(item["until"]["N"]) if "until" in item else None,
    )


def protects(item: items.Item, now: float) -> bool:
    """Does a hold's item protect at `now`?"""
    return "until" not in item or float(item["until"]["N"]) > now
