"""What is done to the recycle bin: purge from v6, restore and empty from v8 on (recycle-bin pages).

It is done to what lies in the bin now, whatever the list shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator import errors, mentions
from simulator.http import Answer, Call, many
from simulator.record import Tombstone
from simulator.records import is_id, split_ids
from simulator.recycle_bin import filtered, found, sees
from simulator.state import State

IDS_LIMIT = 100
_INVALID = "the id given seems to be invalid"


def purge_one(state: State, call: Call) -> Answer:
    """``DELETE /settings/recycle_bin/{id}``: gone for good."""
    return _may_purge(state) or _each(state, [call.args["id"]], PURGE)


def purge_many(state: State, call: Call) -> Answer:
    """``DELETE /settings/recycle_bin?ids=`` (at most 100), ``?filters=`` scheduled with 202."""
    refused = _may_purge(state)
    if refused is not None:
        return refused
    if call.params.get("ids"):
        return _checked(state, split_ids(call.params["ids"]), PURGE, IDS_LIMIT)
    if not call.params.get("filters"):
        return errors.param_missing("ids")
    return _later(state, call.params["filters"], PURGE)


def _may_purge(state: State) -> Answer | None:
    """What a user who is no administrator gets: no page tells for sure (setting ``purge_refusal``)."""
    code = state.settings.purge_refusal
    if state.settings.profile == "Administrator" or code == "none":
        return None
    text = "User does not have sufficient privilege to delete records"
    return errors.refusal(403 if code == "NO_PERMISSION" else 400, code, text)


def restore_one(state: State, call: Call) -> Answer:
    """``POST /settings/recycle_bin/{id}/actions/restore``: back in its module."""
    return _each(state, [call.args["id"]], RESTORE)


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
        return _later(state, body["filters"], RESTORE)
    if keys == ["ids"]:
        if not isinstance(body["ids"], list) or not body["ids"]:
            return errors.mandatory_field("ids", "jsonarray")
        return _checked(state, [str(value) for value in body["ids"]], RESTORE, state.settings.restore_limit)
    if body["restore_all_records"] is not True:
        return errors.invalid_data("invalid data", {"api_name": "restore_all_records"})
    return _schedule(state, _now_seen(state), RESTORE)


def empty(state: State, _call: Call) -> Answer:
    """``POST /settings/recycle_bin/actions/empty``: 200 at once up to 1,000 records, else 202 scheduled.

    Administrators only (recycle-bin page, v8).
    """
    if state.settings.profile != "Administrator":
        text = "User does not have sufficient privilege to empty the recycle bin"
        return errors.refusal(400, "AUTHORIZATION_FAILED", text)
    stones = _now_seen(state)
    if len(stones) > state.settings.bin_at_once:
        return _schedule(state, stones, PURGE, "Empty bin action has been scheduled")
    for stone in stones:
        PURGE.work(state, stone)
    return many([errors.success({}, "recyclebin is cleared")], "recycle_bin")


def _now_seen(state: State) -> list[Tombstone]:
    return [stone for stone in state.store.bin.values() if sees(state, stone)]


@dataclass(frozen=True, slots=True)
class _Action:
    """What a call does to an entry: ``flag`` is the record's field that refuses it, ``later`` what is said of
    what is scheduled. ``work`` gives the id that the answer names, ``stops`` what keeps an entry where it is.
    """

    flag: str
    done: str
    later: str
    work: Callable[[State, Tombstone], str]
    stops: Callable[[State, Tombstone], dict[str, Any] | None] = lambda _state, _stone: None


def _purge(state: State, stone: Tombstone) -> str:
    if state.store.bin.get(stone.bin_id) is stone:
        state.store.purge(stone, state.now())
    return stone.bin_id


def _restore(state: State, stone: Tombstone) -> str:
    settings = state.settings
    if state.store.bin.get(stone.bin_id) is not stone:
        return stone.bin_id
    links, new_id = settings.restore_links, settings.restored_id == "new"
    record = state.store.restore(stone, state.now(), links=links, new_id=new_id)
    if links:
        mentions.bring_back(state.store, stone, state.now())
    state.workflows += settings.restore_triggers
    if settings.restore_modifies:
        record.modified = state.now()
    return record.id


def _without_parent(state: State, stone: Tombstone) -> dict[str, Any] | None:
    flag = stone.record is not None and stone.record.fields.get("$parent_deleted") is True
    if not flag and not state.store.waits_for_parent(stone):
        return None
    text = "the parent record is in the recycle bin"
    return errors.error("CANNOT_RESTORE_WITHOUT_PARENT", text, {"id": stone.bin_id})


PURGE = _Action("$purge_error", "record deleted", "record has been scheduled for deletion", _purge)
RESTORE = _Action(
    "$restore_error",
    "record restored",
    "record has been scheduled for restoration",
    _restore,
    _without_parent,
)


def _checked(state: State, ids: list[str], action: _Action, limit: int) -> Answer:
    """The answer to a call for ids: too many, wrong ones, later for what is a lot, each of them else."""
    if len(ids) > limit:
        return errors.limit_exceeded("ids", limit)
    if not all(map(is_id, ids)):
        return errors.wrong_format()
    stones = [stone for one in ids if (stone := found(state, one)) is not None]
    if stones and sum(map(_size, stones)) > state.settings.bin_at_once:
        return _schedule(state, stones, action, ids=ids if state.settings.scheduled_items == "each" else None)
    return _each(state, ids, action)


def _size(stone: Tombstone) -> int:
    """The record and what was deleted along with it."""
    return 1 + sum(map(_size, stone.children))


def _each(state: State, ids: list[str], action: _Action) -> Answer:
    return many([_item(state, one, action) for one in ids], "recycle_bin")


def _item(state: State, wanted: str, action: _Action) -> dict[str, Any]:
    stone = found(state, wanted)
    refused = _refusal(state, stone, action)
    if stone is None or refused is not None:
        return refused or errors.error("INVALID_DATA", _INVALID, {"id": wanted})
    return errors.success({"id": action.work(state, stone)}, action.done)


def _refusal(state: State, stone: Tombstone | None, action: _Action) -> dict[str, Any] | None:
    """The item by which an entry is refused: by its record's flag, or by what the action itself asks for."""
    if stone is None or stone.record is None:
        return None
    wanted = stone.record.fields.get(action.flag)
    if wanted:
        return errors.error(str(wanted), "the record cannot be processed", {"id": stone.bin_id})
    return action.stops(state, stone)


def _later(state: State, filters: Any, action: _Action) -> Answer:
    wanted = filtered(state, filters)
    if isinstance(wanted, Answer):
        return wanted
    return _schedule(state, [stone for stone in _now_seen(state) if wanted(stone)], action)


def _schedule(
    state: State, stones: list[Tombstone], action: _Action, text: str = "", ids: list[str] | None = None
) -> Answer:
    """Works through the bin ``bin_job_seconds`` from now. ``ids``: named in the answer, an item for each."""

    def work() -> None:
        for stone in stones:
            if _refusal(state, stone, action) is None:
                action.work(state, stone)

    state.timers.add(state.now() + state.settings.bin_job_seconds, work)
    items = [
        {"code": "SCHEDULED", "details": details, "message": text or action.later, "status": "success"}
        for details in ([{"id": one} for one in ids] if ids else [{}])
    ]
    return Answer(202, {"recycle_bin": items})
