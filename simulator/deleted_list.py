"""The deleted list: what was deleted, when, and whether it still lies in the recycle bin."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import Any

from simulator import errors
from simulator.clock import iso, parse_iso
from simulator.http import Answer, Call, no_content, ok
from simulator.metadata import USER
from simulator.paging import page_of
from simulator.record import Tombstone
from simulator.state import State
from simulator.store import Module


def deleted(state: State, call: Call) -> Answer:
    """``GET /{module}/deleted?type=all|recycle|permanent&page=&per_page=``, latest first, 204 when empty.

    The header ``If-Modified-Since`` (ISO time) leaves out what was deleted before it, or changed before it
    (setting ``deleted_since_by``). It shows things as they were ``deleted_lag_seconds`` ago.
    """
    wanted = call.params.get("type") or "all"
    if wanted not in ("all", *_KINDS):
        return errors.pattern_not_matched("type")
    paging = page_of(call)
    if isinstance(paging, Answer):
        return paging
    since = parse_iso(call.headers.get("if-modified-since") or "1970-01-01")
    if since is None:
        return errors.invalid_data("invalid data", {"header": "If-Modified-Since"})
    page, per_page = paging
    stones = merge(*_sources(state, call.args["module"], wanted, since), key=lambda stone: -_at(state, stone))
    found = list(islice(stones, (page - 1) * per_page, page * per_page + 1))
    more, found = len(found) > per_page, found[:per_page]
    if not found:
        return no_content()
    info = {"per_page": per_page, "count": len(found), "page": page, "more_records": more}
    return ok({"data": [_shown(state, stone) for stone in found], "info": info})


_KINDS = ("recycle", "permanent")


def _moment(state: State) -> float:
    """The moment that the list shows."""
    return state.now() - state.settings.deleted_lag_seconds


def _at(state: State, stone: Tombstone) -> float:
    """The time that the list goes by: of the deletion, or of the last change."""
    gone = state.settings.deleted_since_by == "change" and stone.type_at(_moment(state)) == "permanent"
    return stone.left_at if gone and stone.left_at is not None else stone.deleted_at


def _sources(state: State, module: str, wanted: str, since: float) -> Iterator[Iterator[Tombstone]]:
    """Entries, each source latest first, down to ``since``."""
    for part in state.store.parts(module):
        if wanted in ("all", "permanent"):
            yield _permanent(state, part, since)
        if wanted in ("all", "recycle"):
            yield _recyclable(state, part, since)
            yield _came_back(state, part, since)


def _permanent(state: State, part: Module, since: float) -> Iterator[Tombstone]:
    by_change = state.settings.deleted_since_by == "change"
    for stone in reversed((part.permanent if by_change else part.deleted).values()):
        at = (stone.left_at or 0.0) if by_change else stone.deleted_at
        if int(at) < int(since):
            break
        if stone.type_at(_moment(state)) == "permanent" and _may_show(state, stone):
            yield stone


def _recyclable(state: State, part: Module, since: float) -> Iterator[Tombstone]:
    moment = _moment(state)
    for stone in reversed(part.deleted.values()):
        if int(stone.deleted_at) < int(since):
            break
        if stone.deleted_at <= moment and stone.type_at(moment) == "recycle" and _may_show(state, stone):
            yield stone


def _came_back(state: State, part: Module, since: float) -> Iterator[Tombstone]:
    """What was restored and is listed all the same: for good by setting, or while the list lags."""
    moment, for_good = _moment(state), state.settings.restored_listed
    if not for_good and moment >= state.now():
        return
    for stone in sorted(part.restored.values(), key=lambda one: -one.deleted_at):
        late = (stone.left_at or 0.0) > moment
        if (late or for_good) and int(since) <= int(stone.deleted_at) <= moment and _may_show(state, stone):
            yield stone


def _may_show(state: State, stone: Tombstone) -> bool:
    return state.settings.deleted_lists_children or not stone.along


def _shown(state: State, stone: Tombstone) -> dict[str, Any]:
    """Of what is gone for good Zoho keeps neither the name nor who deleted it."""
    kind = stone.type_at(_moment(state))
    permanent = kind == "permanent"
    purged = permanent and state.settings.purged_time == "purge" and stone.left_at is not None
    return {
        "id": stone.id,
        "display_name": None if permanent else stone.name,
        "type": kind,
        "deleted_by": None if permanent else USER,
        "created_by": None if permanent else USER,
        "deleted_time": iso(stone.left_at if purged and stone.left_at is not None else stone.deleted_at),
    }
