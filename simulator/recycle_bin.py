"""What the recycle bin shows: list, one entry, count, from v6 on (recycle-bin pages).

It is shown as it was ``bin_lag_seconds`` ago.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from simulator import errors
from simulator.clock import iso
from simulator.criteria import COMPARATORS
from simulator.http import Answer, Call, no_content, ok
from simulator.metadata import USER
from simulator.paging import page_of
from simulator.record import Tombstone
from simulator.records import split_ids
from simulator.state import State

_FIELDS = ("display_name", "module", "deleted_by", "deleted_time")


def _shown(stone: Tombstone, module: Any) -> dict[str, Any]:
    return {
        "id": stone.bin_id,
        "display_name": stone.name,
        "deleted_time": iso(stone.deleted_at),
        "deleted_by": USER,
        "owner": USER if _owned(stone) else stone.owner,
        "module": module,
    }


def _owned(stone: Tombstone) -> bool:
    """Whether the record belongs to the token's user; one without an owner does."""
    owner = stone.owner.get("id") if isinstance(stone.owner, dict) else stone.owner
    return owner in (None, USER["id"])


def sees(state: State, stone: Tombstone) -> bool:
    """What the token's user sees follows the role hierarchy: a Standard user sees what it owns."""
    return state.settings.profile == "Administrator" or _owned(stone)


def found(state: State, bin_id: str) -> Tombstone | None:
    """An entry that lies in the bin now, seen by the token's user."""
    stone = state.store.bin.get(bin_id)
    return stone if stone is not None and sees(state, stone) else None


def _in_list(state: State, ids: Iterable[str] | None = None) -> list[Tombstone]:
    """The entries that the list shows, latest first; of ``ids`` only, where they are given."""
    moment, bin_, left = state.now() - state.settings.bin_lag_seconds, state.store.bin, state.store.left_bin
    late = {key: stone for key, stone in left.items() if (stone.left_at or 0.0) > moment}
    keys = list(dict.fromkeys(ids)) if ids is not None else [*bin_, *(key for key in late if key not in bin_)]
    found = []
    for key in keys:
        stone = bin_.get(key)
        if stone is None or stone.deleted_at > moment:
            stone = late.get(key)
        along = stone is not None and stone.along and not state.settings.bin_lists_children
        if stone is not None and stone.deleted_at <= moment and sees(state, stone) and not along:
            found.append(stone)
    if ids is not None or late:
        found.sort(key=lambda stone: stone.deleted_at)
    return found[::-1]


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


def filtered(state: State, filters: Any) -> Callable[[Tombstone], bool] | Answer:
    """A test for entries from Zoho's filter, or the refusal of a faulty one."""
    try:
        return _filter(json.loads(filters) if isinstance(filters, str) else filters)
    except ValueError:
        return errors.invalid_param("filters", state.settings.bin_filter_status)


def listed(state: State, call: Call) -> Answer:
    """``GET /settings/recycle_bin?ids|filters|sort_by|sort_order|page|per_page``, latest first or 204.

    ``ids`` go before ``filters``.
    """
    paging = page_of(call)
    if isinstance(paging, Answer):
        return paging
    sort_by = call.params.get("sort_by", "deleted_time")
    if sort_by not in ("display_name", "deleted_time", "deleted_by"):
        return errors.invalid_param("sort_by")
    if call.params.get("ids"):
        stones = _in_list(state, split_ids(call.params["ids"]))
    else:
        wanted = filtered(state, call.params.get("filters") or {"group": []})
        if isinstance(wanted, Answer):
            return wanted
        stones = [stone for stone in _in_list(state) if wanted(stone)]
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
    as_text = state.settings.bin_module == "text"
    entries = [_shown(one, one.module if as_text else _module(one)) for one in some]
    return ok({"recycle_bin": entries, "info": info})


def _module(stone: Tombstone) -> dict[str, Any]:
    return {"api_name": stone.module, "id": None}


def one(state: State, call: Call) -> Answer:
    """``GET /settings/recycle_bin/{id}``: 200 with one element, 204 when it is not in the bin."""
    stones = _in_list(state, [call.args["id"]])
    return ok({"recycle_bin": [_shown(stones[0], _module(stones[0]))]}) if stones else no_content()


def count(state: State, _call: Call) -> Answer:
    """``GET /settings/recycle_bin/actions/count``: 200 ``{"count": n}``."""
    return ok({"count": len(_in_list(state))})
