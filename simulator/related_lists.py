"""What belongs to a record: related lists, how many each holds, notes and attachments among them."""

from __future__ import annotations

from typing import Any

from simulator import errors, privacy
from simulator.http import Answer, Call, no_content, ok
from simulator.listing import shown
from simulator.modules import LIST_MODULES, RELATIONS, ROLES, canonical
from simulator.paging import page_of
from simulator.record import Record
from simulator.records import is_id, split_ids
from simulator.state import State

COUNT_LIMIT = 20
_INVITED, _EMAILS = "Invited_Events", "Emails"
_HERE = "get_related_records_count"


def names_of(state: State, module: str) -> dict[str, str]:
    """The related lists of a module, each with the module whose records it lists."""
    module = canonical(module)
    found = {
        name: name
        for name in state.schema.modules()
        if name in state.store.modules and any(state.schema.pointing(name, module))
    }
    found |= {
        name: LIST_MODULES.get(name, name) for name in (*RELATIONS.get(module, ()), *ROLES.get(module, ()))
    }
    found |= {other: other for other, lists in RELATIONS.items() if module in lists}
    if module in ("Contacts", "Leads"):
        found |= {_INVITED: "Events", _EMAILS: ""}
    for name, told in state.schema.lists.get(module, {}).items():
        of = told.get("module") or {}
        found[name] = str(of.get("api_name") or "")
    return found


def get_related(state: State, call: Call) -> Answer:
    """``GET /{module}/{id}/{list}?fields=&page=&per_page=``: 200 ``{"data": [...], "info": {...}}``, or 204.

    ``fields`` is mandatory from v3 on. 400 ``INVALID_DATA`` for a record or a list that is not there.
    """
    found = _record(state, call)
    if isinstance(found, Answer):
        return found
    module, record = found
    name = call.args["list"]
    if canonical(name) not in {canonical(each) for each in names_of(state, module)}:
        return errors.invalid_data("the relation name given seems to be invalid", {"resource_path_index": 2})
    if name == _EMAILS:  # no records, and none are simulated
        info = {"count": 0, "per_page": 10, "next_index": None, "more_records": False}
        return ok({"Emails": [], "info": info})
    fields = split_ids(call.params["fields"]) if call.params.get("fields") else None
    if fields is None and call.version >= 3:
        return errors.param_missing("fields")
    paging = page_of(call)
    if isinstance(paging, Answer):
        return paging
    page, per_page = paging
    listed = members(state, module, record, name)
    some = listed[(page - 1) * per_page : page * per_page]
    if not some:
        return no_content()
    more = len(listed) > page * per_page
    info = {"per_page": per_page, "count": len(some), "page": page, "more_records": more}
    of = names_of(state, module).get(name, name)
    return ok({"data": privacy.shown(state, of, [shown(each, fields) for each in some]), "info": info})


def members(state: State, module: str, record: Record, name: str) -> list[Record]:
    """The records that a related list of a record holds: those whose lookups name it, and linked ones."""
    name = canonical(name)
    of = canonical(names_of(state, module).get(name, name))
    records = state.store.module(of).records if of in state.store.modules else {}
    if name == _INVITED:
        return [event for event in records.values() if invited(event, record)]
    found: dict[str, None] = {}
    if name == of:
        for field in state.schema.pointing(of, module):
            found |= dict.fromkeys(state.store.families.naming(record.id, of, field, records))
    found |= dict.fromkeys(state.store.links.linked((module, record.id, name)))
    linking = state.store.links.linking(record.id)
    found |= {key[1]: None for key in linking if key[0] == of and LIST_MODULES.get(key[2], key[2]) == module}
    return [records[one] for one in found if one in records]


def invited(event: Record, record: Record) -> bool:
    """Whether the record is one of the event's participants, by its id or by its email address."""
    email = record.fields.get("Email")
    for one in event.fields.get("Participants") or ():
        if one.get("participant") == record.id or (email and one.get("Email") == email):
            return True
    return False


def count(state: State, call: Call) -> Answer:
    """``POST /{module}/{id}/actions/get_related_records_count``: 200, 207 or 400 with an item for each list.

    ``{"get_related_records_count": [{"related_list": {"api_name" or "id"}}]}``, at most 20; a converted lead
    is refused (OpenAPI files).
    """
    found = _record(state, call, "the related id given seems to be invalid")
    if isinstance(found, Answer):
        return found
    module, record = found
    if record.fields.get("$converted") is True:
        return errors.invalid_data("id already converted", {"resource_path_index": 1})
    try:
        asked = call.json()[_HERE]
    except (ValueError, KeyError, TypeError):
        return errors.mandatory_field(_HERE, "jsonarray")
    if not isinstance(asked, list) or not asked or not all(isinstance(each, dict) for each in asked):
        return errors.mandatory_field(_HERE, "jsonarray")
    if len(asked) > COUNT_LIMIT:
        return errors.limit_exceeded(_HERE, COUNT_LIMIT)
    items = [_counted(state, module, record, n, each) for n, each in enumerate(asked)]
    wrong = sum(1 for each in items if each.get("status") == "error")
    return Answer(400 if wrong == len(items) else 207 if wrong else 200, {_HERE: items})


def _counted(state: State, module: str, record: Record, n: int, asked: dict[str, Any]) -> dict[str, Any]:
    listed = asked.get("related_list")
    place = f"$.{_HERE}[{n}].related_list"
    if not isinstance(listed, dict):
        details = {"api_name": "related_list", "json_path": place}
        return errors.error("MANDATORY_NOT_FOUND", "required field not found", details)
    name = listed.get("api_name")
    if not name and not listed.get("id"):
        wanted = [{"api_name": each, "json_path": f"{place}.{each}"} for each in ("api_name", "id")]
        return errors.error(
            "EXPECTED_FIELD_MISSING", "Specify atleast one field", {"expected_fields": wanted}
        )
    if not isinstance(name, str) or name not in names_of(state, module):
        details = {"api_name": "api_name", "json_path": f"{place}.api_name"}
        return errors.error("INVALID_DATA", "Given related_list is invalid", details)
    return {
        "count": len(members(state, module, record, name)),
        "related_list": {"api_name": name, "id": None},
    }


def _record(
    state: State, call: Call, text: str = "the id given seems to be invalid"
) -> tuple[str, Record] | Answer:
    wanted = call.args["id"]
    found = state.store.find(call.args["module"], wanted) if is_id(wanted) else None
    if found is None:
        return errors.invalid_data(text, {"resource_path_index": 1})
    return found[0].name, found[1]
