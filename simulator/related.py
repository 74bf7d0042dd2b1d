"""Delink related records (document v7): only the link goes, not the record."""

from __future__ import annotations

from typing import Any

from simulator import errors
from simulator.http import Answer, Call, many
from simulator.links import LinkKey
from simulator.modules import DELETABLE, RELATIONS, ROLES, canonical
from simulator.records import is_id, split_ids
from simulator.state import State

DELINK_LIMIT = 100
_INVALID = "the related id given seems to be invalid"


def delink_many(state: State, call: Call) -> Answer:
    """``DELETE /{module}/{id}/{related list}?ids=5,6``, at most 100 ids: 200, 207 or 400 with ``data[]``."""
    key = _list_key(state, call)
    if isinstance(key, Answer):
        return key
    if not call.params.get("ids"):
        return errors.mandatory_param("ids")
    ids = split_ids(call.params["ids"])
    if len(ids) > DELINK_LIMIT:
        return errors.limit_exceeded("ids", DELINK_LIMIT)
    if not all(map(is_id, ids)):
        return errors.wrong_format()
    return many([_delink_item(state, key, related_id) for related_id in ids])


def delink_one(state: State, call: Call) -> Answer:
    """``DELETE /{module}/{id}/{related list}/{related id}``: 200 with ``data[]``, or a bare 400."""
    key = _list_key(state, call)
    if isinstance(key, Answer):
        return key
    related_id = call.args["related_id"]
    if not is_id(related_id):
        return errors.wrong_format()
    item = _delink_item(state, key, related_id)
    if item["status"] == "error":
        return errors.invalid_data(_INVALID, {"resource_path_index": 3})
    return many([item])


def _list_key(state: State, call: Call) -> LinkKey | Answer:
    """Module, parent record and related list of the call, or what is wrong with them."""
    module, record_id = canonical(call.args["module"]), call.args["id"]
    key = (module, record_id, canonical(call.args["list"]))
    if not is_id(record_id):
        return errors.wrong_format()
    if state.store.find(module, record_id) is None:
        return errors.invalid_data("the id given seems to be invalid", {"resource_path_index": 1}, 404)
    relations = RELATIONS.get(module, frozenset()) | ROLES.get(module, frozenset())
    allowed = key[2] in relations or state.store.links.known(key) or module not in DELETABLE
    if not allowed:
        return errors.invalid_data("the relation name given seems to be invalid", {"resource_path_index": 2})
    return key


def _delink_item(state: State, key: LinkKey, related_id: str) -> dict[str, Any]:
    if not state.store.links.remove(key, related_id):
        return errors.error("INVALID_DATA", _INVALID, {"id": related_id})
    return errors.success({"id": related_id}, "relation removed")
