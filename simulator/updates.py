"""Update Records: the fields of one record by its path (document "Update Records")."""

from __future__ import annotations

from typing import Any

from simulator import errors
from simulator.clock import iso
from simulator.http import Answer, Call, many
from simulator.metadata import USER
from simulator.record import Record
from simulator.records import is_id
from simulator.state import State

_KEYS = {"data", "trigger"}
_TRIGGERS = {"workflow", "approval", "blueprint"}
_PLAIN = (str, int, float, bool, type(None))


def update_one(state: State, call: Call) -> Answer:
    """``PUT /{module}/{id}`` with ``{"data": [{...}], "trigger"?: [...]}``: 200 or 400 with ``data[]``.

    Fields that take plain values only: links, lookups and subforms are not the simulator's to change here.
    """
    values = _values(call)
    if isinstance(values, Answer):
        return values
    wanted = call.args["id"]
    found = state.store.find(call.args["module"], wanted) if is_id(wanted) else None
    if found is None or str(values.get("id", wanted)) != wanted:
        return errors.invalid_data("the id given seems to be invalid", {"resource_path_index": 1})
    module, record = found
    if record.fields.get("Locked__s") is True:
        return many([errors.error("RECORD_LOCKED", errors.LOCKED_TEXT, {"id": wanted})])
    for name, value in values.items():
        if not isinstance(value, _PLAIN):
            details = {"api_name": name, "json_path": f"$.data[0].{name}", "expected_data_type": "text"}
            return many([errors.error("INVALID_DATA", "invalid data", details)])
    record = state.store.upsert(module.name, {**values, "id": wanted}, state.now())
    return many([_updated(record)])


def _values(call: Call) -> dict[str, Any] | Answer:
    """The one object in ``data``, or what is wrong with the body."""
    try:
        body = call.json()
    except ValueError:
        return errors.wrong_format()
    if not isinstance(body, dict):
        return errors.wrong_format()
    if unknown := [name for name in body if name not in _KEYS]:
        details = {"api_name": unknown[0], "json_path": f"$.{unknown[0]}"}
        return errors.invalid_data("invalid data", details)
    data, trigger = body.get("data"), body.get("trigger", [])
    if data is None or data == []:
        return errors.mandatory_field("data", "jsonarray")
    if not isinstance(data, list) or len(data) != 1 or not isinstance(data[0], dict):
        return errors.invalid_data("invalid data", {"api_name": "data", "expected_data_type": "jsonarray"})
    if not isinstance(trigger, list) or not all(name in _TRIGGERS for name in trigger):
        return errors.invalid_data("invalid data", {"api_name": "trigger", "json_path": "$.trigger"})
    return data[0]


def _updated(record: Record) -> dict[str, Any]:
    times = {"Created_Time": iso(record.created), "Modified_Time": iso(record.modified)}
    details = {**times, "Created_By": dict(USER), "Modified_By": dict(USER), "id": record.id}
    return errors.success(details, "record updated")
