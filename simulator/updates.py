"""Update Records: the fields of one record by its path (document "Update Records")."""

from __future__ import annotations

from typing import Any

from simulator import errors
from simulator.clock import iso
from simulator.http import Answer, Call, many
from simulator.metadata import USER
from simulator.record import Record
from simulator.records import is_id
from simulator.refusals import change_refusal
from simulator.schema import LOOKUPS
from simulator.state import State

_KEYS = {"data", "trigger"}
_TRIGGERS = {"workflow", "approval", "blueprint"}
_PLAIN = (str, int, float, bool, type(None))
_PARTICIPANTS = "Participants"


def update_one(state: State, call: Call) -> Answer:
    """``PUT /{module}/{id}`` with ``{"data": [{...}], "trigger"?: [...]}``: 200 or 400 with ``data[]``.

    Plain values, lookups and participants; links and subforms are not the simulator's to change here. Without
    ``trigger`` workflows fire.
    """
    values = _values(call)
    if isinstance(values, Answer):
        return values
    wanted = call.args["id"]
    found = state.store.find(call.args["module"], wanted) if is_id(wanted) else None
    if found is None or str(values.get("id", wanted)) != wanted:
        return errors.invalid_data("the id given seems to be invalid", {"resource_path_index": 1})
    module, record = found
    refused = change_refusal(record)
    if refused is not None:
        return many([refused])
    for name, value in values.items():
        wrong = _wrong(state, module.name, name, value)
        if wrong is not None:
            return many([wrong])
    record = state.store.upsert(module.name, _merged(state, record, values), state.now())
    state.workflows += "workflow" in call.json().get("trigger", ["workflow"])
    return many([_updated(record)])


def _wrong(state: State, module: str, name: str, value: Any) -> dict[str, Any] | None:
    """What is wrong with one value."""
    place = {"api_name": name, "json_path": f"$.data[0].{name}"}
    field = state.schema.field(module, name)
    if name == "id":
        return None
    if field.get("read_only") is True:
        return errors.error("NOT_ALLOWED", "the field is read only", place)
    if value is None and field.get("system_mandatory") is True:
        if state.settings.required_update == "emptied":
            return None
        return errors.error("MANDATORY_NOT_FOUND", "required field not found", place)
    if name == _PARTICIPANTS:
        good = isinstance(value, list) and all(isinstance(each, dict) for each in value)
        kind = "jsonarray"
    else:
        lookup = (
            field["data_type"] in LOOKUPS and isinstance(value, dict) and isinstance(value.get("id"), str)
        )
        good, kind = lookup or isinstance(value, _PLAIN), "text"
    return (
        None if good else errors.error("INVALID_DATA", "invalid data", {**place, "expected_data_type": kind})
    )


def _merged(state: State, record: Record, values: dict[str, Any]) -> dict[str, Any]:
    """The values as they are stored: participants replace the list, or join it (``participants_update``)."""
    found = {**values, "id": record.id}
    if _PARTICIPANTS in found and state.settings.participants_update == "merge":
        kept = record.fields.get(_PARTICIPANTS) or []
        found[_PARTICIPANTS] = [*kept, *(each for each in found[_PARTICIPANTS] if each not in kept)]
    return found


def _values(call: Call) -> dict[str, Any] | Answer:
    """The one object in ``data``, or what is wrong with the body."""
    body = errors.object_in(call, _KEYS)
    if isinstance(body, Answer):
        return body
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
