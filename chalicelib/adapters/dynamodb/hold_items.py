"""The items of holds: `ORG#{org}` / `HOLD#{module's identity}#{record_id}`.

Items that were written by the module's name as it was spelt are read too (modules.spellings).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb import items
from chalicelib.domain import modules

if TYPE_CHECKING:
    from chalicelib.domain.operators import Hold

PREFIX = "HOLD#"
#: A hold that has ended stays for so long (seconds), so that a clock that is a little off frees nothing.
KEPT_SECONDS = 86_400


def key(org: str, module: str, record_id: str) -> items.Item:
    """Where a hold is written. Names of modules hold no `#`."""
    return stored(org, modules.identity(module), record_id)


def keys(org: str, module: str, record_id: str) -> list[items.Item]:
    """Where a hold of this module may lie: where it is written first."""
    return [stored(org, name, record_id) for name in modules.spellings(module)]


def protecting(org: str, module: str, record_id: str) -> list[items.Item]:
    """Where any hold may lie that protects the module's record: its own ones first."""
    names = [name for each in modules.reached(module) for name in modules.spellings(each)]
    return [stored(org, name, record_id) for name in dict.fromkeys((*modules.spellings(module), *names))]


def stored(org: str, name: str, record_id: str) -> items.Item:
    """The key of an item whose module is stored as `name`."""
    return items.org_key(org, f"{PREFIX}{name}#{record_id}")


def place(item: items.Item) -> tuple[str, str]:
    """(name, record id) as `stored` takes them."""
    name, _, record_id = item["sk"]["S"].removeprefix(PREFIX).partition("#")
    return name, record_id


def from_hold(hold: Hold) -> items.Item:
    """A hold as an item; one with an end is removed by the table some time after it."""
    item = {
        **key(hold.org, hold.module, hold.record_id),
        "module": {"S": hold.module},
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
    name, record_id = place(item)
    from chalicelib.domain.operators import Hold

    return Hold(
        org=item["pk"]["S"].removeprefix("ORG#"),
        module=item.get("module", {}).get("S", name),
        record_id=record_id,
        reason=item.get("reason", {}).get("S", ""),
        set_by=item.get("set_by", {}).get("S", ""),
        set_at=float(item.get("set_at", {}).get("N", "0")),
        until=_until(item),
    )


def removed(item: items.Item, now: float) -> items.Item:
    """A hold's item as it stays for a while after it was removed at `now`: it protects nothing."""
    gone = {"until": items.number(0), "removed": {"BOOL": True}}
    return {**item, **gone, "expires_at": items.number(int(now) + KEPT_SECONDS)}


def was_removed(item: items.Item) -> bool:
    """Is it the item of a hold that somebody removed?"""
    return bool(item.get("removed", {}).get("BOOL"))


def protects(item: items.Item, now: float) -> bool:
    """Does a hold's item protect at `now`? One whose end cannot be read does."""
    until = _until(item)
    return until is None or until > now


def _until(item: items.Item) -> float | None:
    """When the hold ends; None for never, and where that is no number."""
    until = item.get("until", {}).get("N")
    return None if until is None else float(until)
