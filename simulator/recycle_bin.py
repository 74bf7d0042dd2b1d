"""The recycle bin: list and purge from v6, restore and empty from v8 (recycle-bin pages)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from simulator import errors
from simulator.clock import iso
from simulator.criteria import COMPARATORS
from simulator.http import Answer, Call, many, no_content, ok
from simulator.metadata import USER
from simulator.paging import page_of
from simulator.record import Tombstone
from simulator.records import is_id, split_ids
from simulator.state import State

IDS_LIMIT = 100
_INVALID = "the id given seems to be invalid"
_FIELDS = ("display_name", "module", "deleted_by", "deleted_time")
_PURGE_LATER = "record has been scheduled for deletion"
_RESTORE_LATER = "record has been scheduled for restoration"


def _shown(stone: Tombstone) -> dict[str, Any]:
    return {
        "id": stone.bin_id,
        "display_name": stone.name,
        "deleted_time": iso(stone.deleted_at),
        "deleted_by": USER,
        "owner": USER,
        "module": {"api_name": stone.module, "id": None},
    }


def _value(stone: Tombstone, name: str) -> Any:
    values = {
        "display_name": stone.name,
        "module": stone.module,
        "deleted_by": USER["id"],
        "deleted_time": iso(stone.deleted_at),
    }
    return values[name]


def _filter(filters: Any) -> Callable[[Tombstone], bool]:
    """A test for Zoho's filter shape: one criterion or a group joined by AND. Raises ``ValueError``."""
    if not isinstance(filters, dict):
        raise ValueError("filters must be an object")
    if "group" in filters:
        if str(filters.get("group_operator", "AND")).upper() != "AND" or not isinstance(
            filters["group"], list
        ):
            raise ValueError("only AND")
        parts = [_filter(part) for part in filters["group"]]
        return lambda stone: all(part(stone) for part in parts)
    field, comparator, wanted = filters.get("field"), filters.get("comparator"), filters.get("value")
    name = field.get("api_name") if isinstance(field, dict) else field
    if name not in _FIELDS or not isinstance(comparator, str) or comparator not in COMPARATORS:
        raise ValueError("unknown field or comparator")
    if comparator.endswith("between") and not (isinstance(wanted, list) and len(wanted) == 2):
        raise ValueError("between needs two values")
    compare = COMPARATORS[comparator]
    return lambda stone: compare(_value(stone, str(name)), wanted)


def _selected(state: State, filters: Any) -> list[Tombstone] | Answer:
    try:
        wanted = _filter(json.loads(filters) if isinstance(filters, str) else filters)
    except ValueError:
        return errors.invalid_param("filters")
    return [stone for stone in state.store.bin.values() if wanted(stone)]


def listed(state: State, call: Call) -> Answer:
    """``GET /settings/recycle_bin?ids|filters|sort_by|sort_order|page|per_page``, latest first or 204."""
    paging = page_of(call)
    if isinstance(paging, Answer):
        return paging
    found: Iterable[Tombstone] = reversed(state.store.bin.values())
    if call.params.get("filters"):
        selected = _selected(state, call.params["filters"])
        if isinstance(selected, Answer):
            return selected
        found = reversed(selected)
    if call.params.get("ids"):
        ids = set(split_ids(call.params["ids"]))
        found = [stone for stone in found if stone.bin_id in ids]
    sort_by = call.params.get("sort_by", "deleted_time")
    if sort_by not in ("display_name", "deleted_time", "deleted_by"):
        return errors.invalid_param("sort_by")
    stones = list(found)
    if "sort_by" in call.params or "sort_order" in call.params:
        descending = call.params.get("sort_order", "desc") == "desc"
        stones.sort(key=lambda stone: str(_value(stone, sort_by) or ""), reverse=descending)
    page, per_page = paging
    some = stones[(page - 1) * per_page : page * per_page]
    if not some:
        return no_content()
    info = {
        "per_page": per_page,
        "count": len(some),
        "page": page,
        "more_records": len(stones) > page * per_page,
    }
    return ok({"recycle_bin": [_shown(stone) for stone in some], "info": info})


def one(state: State, call: Call) -> Answer:
    """``GET /settings/recycle_bin/{id}``: 200 with one element, 400 when it is not in the bin."""
    stone = state.store.bin.get(call.args["id"])
    if stone is None:
        return errors.invalid_data(_INVALID, {"resource_path_index": 2})
    return ok({"recycle_bin": [_shown(stone)]})


def count(state: State, _call: Call) -> Answer:
    """``GET /settings/recycle_bin/actions/count``: 200 ``{"count": n}``."""
    return ok({"count": len(state.store.bin)})


def purge_one(state: State, call: Call) -> Answer:
    """``DELETE /settings/recycle_bin/{id}``: gone for good."""
    return _each(state, [call.args["id"]], _purge)


def purge_many(state: State, call: Call) -> Answer:
    """``DELETE /settings/recycle_bin?ids=`` (at most 100) at once, ``?filters=`` scheduled with 202."""
    if call.params.get("filters"):
        return _later(state, call.params["filters"], state.store.purge, _PURGE_LATER)
    if not call.params.get("ids"):
        return errors.param_missing("ids")
    return _checked(state, split_ids(call.params["ids"]), _purge)


def restore_one(state: State, call: Call) -> Answer:
    """``POST /settings/recycle_bin/{id}/actions/restore``: back in its module."""
    return _each(state, [call.args["id"]], _restore)


def restore_many(state: State, call: Call) -> Answer:
    """``POST .../actions/restore`` with one of ``ids``, ``filters``, ``restore_all_records: true``."""
    try:
        body = call.json()
    except ValueError:
        return errors.wrong_format()
    keys = [
        key for key in ("ids", "filters", "restore_all_records") if isinstance(body, dict) and key in body
    ]
    if not keys:
        return errors.expected_field("ids", "jsonarray")
    if len(keys) > 1:
        return errors.ambiguous([{"api_name": key, "json_path": f"$.{key}"} for key in keys])
    if keys == ["filters"]:
        return _later(state, body["filters"], state.store.restore, _RESTORE_LATER)
    if keys == ["ids"]:
        if not isinstance(body["ids"], list) or not body["ids"]:
            return errors.mandatory_field("ids", "jsonarray")
        return _checked(state, [str(value) for value in body["ids"]], _restore)
    if body["restore_all_records"] is not True:
        return errors.invalid_data("invalid data", {"api_name": "restore_all_records"})
    return _schedule(state, list(state.store.bin.values()), state.store.restore, _RESTORE_LATER)


def empty(state: State, _call: Call) -> Answer:
    """``POST /settings/recycle_bin/actions/empty``: 200 at once up to 1,000 records, else 202 scheduled."""
    stones = list(state.store.bin.values())
    if len(stones) > state.settings.bin_at_once:
        return _schedule(state, stones, state.store.purge, "Empty bin action has been scheduled")
    for stone in stones:
        state.store.purge(stone)
    return many([errors.success({}, "recyclebin is cleared")], "recycle_bin")


def _purge(state: State, stone: Tombstone) -> dict[str, Any]:
    state.store.purge(stone)
    return errors.success({"id": stone.bin_id}, "record deleted")


def _restore(state: State, stone: Tombstone) -> dict[str, Any]:
    if stone.record is not None and stone.record.fields.get("$parent_deleted") is True:
        return errors.error(
            "CANNOT_RESTORE_WITHOUT_PARENT", "the parent record is in the recycle bin", {"id": stone.bin_id}
        )
    state.store.restore(stone)
    return errors.success({"id": stone.bin_id}, "record restored")


_Action = Callable[[State, Tombstone], dict[str, Any]]


def _checked(state: State, ids: list[str], action: _Action) -> Answer:
    if len(ids) > IDS_LIMIT:
        return errors.limit_exceeded("ids", IDS_LIMIT)
    if not all(map(is_id, ids)):
        return errors.wrong_format()
    found = [stone for one in ids if (stone := state.store.bin.get(one)) is not None]
    if found and len(found) > state.settings.bin_at_once:
        if action is _purge:
            return _schedule(state, found, state.store.purge, _PURGE_LATER)
        return _schedule(state, found, state.store.restore, _RESTORE_LATER)
    return _each(state, ids, action)


def _each(state: State, ids: list[str], action: _Action) -> Answer:
    items = []
    for wanted in ids:
        stone = state.store.bin.get(wanted)
        items.append(
            action(state, stone) if stone else errors.error("INVALID_DATA", _INVALID, {"id": wanted})
        )
    return many(items, "recycle_bin")


def _later(state: State, filters: Any, action: Callable[[Tombstone], None], message: str) -> Answer:
    stones = _selected(state, filters)
    return stones if isinstance(stones, Answer) else _schedule(state, stones, action, message)


def _schedule(
    state: State, stones: list[Tombstone], action: Callable[[Tombstone], None], message: str
) -> Answer:
    """Works through the bin ``bin_job_seconds`` from now."""

    def work() -> None:
        for stone in stones:
            if state.store.bin.get(stone.bin_id) is stone:
                action(stone)

    state.timers.add(state.now() + state.settings.bin_job_seconds, work)
    item = {"code": "SCHEDULED", "details": {}, "message": message, "status": "success"}
    return Answer(202, {"recycle_bin": [item]})
