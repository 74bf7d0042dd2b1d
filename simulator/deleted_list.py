"""The deleted list: what was deleted, when, and whether it still lies in the recycle bin."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from simulator import errors
from simulator.clock import iso, parse_iso
from simulator.http import Answer, Call, no_content, ok
from simulator.metadata import USER
from simulator.paging import page_of
from simulator.record import Tombstone
from simulator.state import State


def deleted(state: State, call: Call) -> Answer:
    """``GET /{module}/deleted?type=all|recycle|permanent&page=&per_page=``, latest first, 204 when empty.

    The header ``If-Modified-Since`` (ISO time) leaves out what was deleted before it.
    """
    wanted = call.params.get("type") or "all"
    if wanted not in ("all", "recycle", "permanent"):
        return errors.invalid_param("type")
    paging = page_of(call)
    if isinstance(paging, Answer):
        return paging
    since = parse_iso(call.headers.get("if-modified-since") or "1970-01-01")
    if since is None:
        return errors.invalid_data("invalid data", {"header": "If-Modified-Since"})
    page, per_page = paging
    stones = _since(state, call.args["module"], since, wanted)
    found = list(islice(stones, (page - 1) * per_page, page * per_page + 1))
    more, found = len(found) > per_page, found[:per_page]
    if not found:
        return no_content()
    info = {"per_page": per_page, "count": len(found), "page": page, "more_records": more}
    return ok({"data": [_shown(stone) for stone in found], "info": info})


def _since(state: State, module: str, since: float, wanted: str) -> Iterator[Tombstone]:
    for part in state.store.parts(module):
        for stone in reversed(part.deleted.values()):
            if int(stone.deleted_at) < int(since):
                break
            if wanted in ("all", stone.type):
                yield stone


def _shown(stone: Tombstone) -> dict[str, Any]:
    return {
        "id": stone.id,
        "display_name": stone.name,
        "type": stone.type,
        "deleted_by": USER,
        "created_by": USER,
        "deleted_time": iso(stone.deleted_at),
    }
