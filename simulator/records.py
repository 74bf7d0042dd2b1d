"""Delete Records: many by ids, one by path, by an external id (documents "Delete Records" v2 and v7)."""

from __future__ import annotations

import re
from typing import Any

from simulator import errors
from simulator.http import Answer, Call, many
from simulator.record import Record
from simulator.refusals import record_refusal
from simulator.state import State
from simulator.store import Module

DELETE_LIMIT = 100
_ID = re.compile(r"[0-9]{1,19}")


def is_id(text: str) -> bool:
    """Whether the text is a record id as Zoho writes it: 1 to 19 digits."""
    return _ID.fullmatch(text) is not None


def split_ids(text: str) -> list[str]:
    """Ids separated by commas; blanks around them do no harm."""
    return [part.strip() for part in text.split(",")]


def delete_many(state: State, call: Call) -> Answer:
    """``DELETE /{module}?ids=1,2[&wf_trigger=false]``, at most 100 ids.

    200 all deleted, 207 mixed, 400 none, always with ``data[]`` in the order asked. With ``X-EXTERNAL`` the
    ids are values of that field.
    """
    if not call.params.get("ids"):
        return errors.param_missing("ids")
    ids = split_ids(call.params["ids"])
    field = _external_field(call)
    if isinstance(field, Answer):
        return field
    if len(ids) > DELETE_LIMIT:
        return errors.limit_exceeded("ids", DELETE_LIMIT)
    trigger = wf_trigger(call)
    if trigger is None or (field is None and not all(map(is_id, ids))):
        return errors.wrong_format()
    return many([_delete_item(state, call, one, field, trigger) for one in ids])


def delete_one(state: State, call: Call) -> Answer:
    """``DELETE /{module}/{id}``. A gone or malformed id is a bare 400, other faults lie in ``data[]``."""
    wanted = call.args["id"]
    field = _external_field(call)
    if isinstance(field, Answer):
        return field
    trigger = wf_trigger(call)
    if trigger is None:
        return errors.wrong_format()
    if field is None and not is_id(wanted):
        return errors.invalid_data("invalid record id", {"resource_path_index": 1})
    if _find(state, call, wanted, field) is None:
        return errors.invalid_data("record not deleted", {"resource_path_index": 1})
    return many([_delete_item(state, call, wanted, field, trigger)])


def wf_trigger(call: Call) -> bool | None:
    """The parameter, true or false in any case; left out it is true. ``None`` for anything else."""
    return {"true": True, "false": False}.get(call.params.get("wf_trigger", "true").lower())


def _external_field(call: Call) -> str | Answer | None:
    """The field named by ``X-EXTERNAL: Leads.External``, ``None`` without the header."""
    header = call.headers.get("x-external")
    if header is None:
        return None
    module, dot, field = header.strip().partition(".")
    if not dot or not field or module != call.args["module"]:
        return errors.invalid_data("the external field given seems to be invalid", {"header": "X-EXTERNAL"})
    return field


def _find(state: State, call: Call, wanted: str, field: str | None) -> tuple[Module, Record] | None:
    name = call.args["module"]
    if field is None:
        return state.store.find(name, wanted)
    for module in state.store.parts(name):
        record = state.store.by_external(module, field, wanted)
        if record is not None:
            return module, record
    return None


def _delete_item(state: State, call: Call, wanted: str, field: str | None, trigger: bool) -> dict[str, Any]:
    found = _find(state, call, wanted, field)
    if found is None:
        return errors.error("INVALID_DATA", "record not deleted", {"id": wanted})
    module, record = found
    refused = record_refusal(record, module.name, record.id, state.store.deletable)
    if refused is not None:
        return refused
    state.store.delete(module, record, state.now())
    state.workflows += trigger
    return errors.success({"id": record.id}, "record deleted")
