"""Get Records: a page of a module or of a view, records by ids, one record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from simulator import errors, privacy
from simulator.clock import iso
from simulator.http import Answer, Call, no_content, ok
from simulator.paging import TOKEN_SECONDS, Position, position_of, token_after
from simulator.record import Record
from simulator.records import is_id, split_ids
from simulator.state import State
from simulator.views import View

FIELDS_LIMIT = 50
IDS_LIMIT = 100


def get_records(state: State, call: Call) -> Answer:
    """``GET /{module}?fields=&cvid=&ids=&page=&page_token=&per_page=&converted=&approved=``.

    200 ``{"data": [...], "info": {...}}``, 204 when empty. ``fields`` is mandatory from v3 on (at most 50).
    """
    params = call.params
    fields = split_ids(params["fields"]) if params.get("fields") else None
    if fields is None and call.version >= 3:
        return errors.param_missing("fields")
    if fields and len(fields) > FIELDS_LIMIT:
        return errors.limit_exceeded("fields", FIELDS_LIMIT)
    refused = privacy.read_refusal(state, call.args["module"], fields)
    if refused is not None:
        return refused
    position = position_of(call, state.now())
    if isinstance(position, Answer):
        return position
    records = _source(state, call)
    if isinstance(records, Answer):
        return records
    return _page(state, call, visible(records, params), fields, position)


def _source(state: State, call: Call) -> Iterable[Record] | Answer:
    """The records that the call asks for: of a view, by ids, or all."""
    view = view_of(state, call)
    if isinstance(view, Answer):
        return view
    if call.params.get("ids"):
        ids = split_ids(call.params["ids"])
        if len(ids) > IDS_LIMIT:
            return errors.limit_exceeded("ids", IDS_LIMIT)
        if not all(map(is_id, ids)):
            return errors.wrong_format({"param_name": "ids"})
        found = (state.store.find(call.args["module"], one) for one in ids)
        return [pair[1] for pair in found if pair]
    if view is None:
        return state.store.all_records(call.args["module"])
    return errors.invalid_param("sort_by") if call.params.get("sort_by") else view.listed()


def visible(records: Iterable[Record], params: dict[str, str]) -> Iterator[Record]:
    """Without converted and unapproved records unless ``converted`` and ``approved`` ask for them."""
    converted, approved = params.get("converted", "false"), params.get("approved", "true")
    for record in records:
        is_converted = "true" if record.fields.get("$converted") is True else "false"
        is_approved = "false" if record.fields.get("$approved") is False else "true"
        if converted in (is_converted, "both") and approved in (is_approved, "both"):
            yield record


def _page(
    state: State, call: Call, records: Iterator[Record], fields: list[str] | None, position: Position
) -> Answer:
    skipped = 0 if position.seq else position.past
    if position.seq:
        records = (record for record in records if record.seq > position.seq)
    found = list(islice(records, skipped, skipped + position.per_page + 1))
    more, found = len(found) > position.per_page, found[: position.per_page]
    if not found:
        return no_content()
    info: dict[str, Any] = {"per_page": position.per_page, "count": len(found), "page": position.page}
    info["more_records"] = more
    if call.version >= 3:
        past, now = position.past + len(found), state.now()
        info["next_page_token"] = token_after(found[-1].seq, past, call, now) if more else None
        info["previous_page_token"] = call.params.get("page_token")
        info["page_token_expiry"] = iso(now + TOKEN_SECONDS) if more else None
        info |= {"sort_by": "id", "sort_order": "asc"}
    rows = [shown(record, fields) for record in found]
    return ok({"data": privacy.shown(state, call.args["module"], rows), "info": info})


def shown(record: Record, fields: list[str] | None) -> dict[str, Any]:
    """A record as Zoho answers it: its id and the fields asked for, or all of them."""
    names = fields if fields is not None else ["Created_Time", "Modified_Time", *record.fields]
    return {"id": record.id, **{name: record.get(name) for name in names if name != "id"}}


def get_one(state: State, call: Call) -> Answer:
    """``GET /{module}/{id}``: 200 with one element, 204 when it is not there, 400 for a malformed id."""
    if not is_id(call.args["id"]):
        return errors.invalid_data("the id given seems to be invalid", {"resource_path_index": 1})
    found = state.store.find(call.args["module"], call.args["id"])
    if found is None:
        return no_content()
    fields = split_ids(call.params["fields"]) if call.params.get("fields") else None
    refused = privacy.read_refusal(state, found[0].name, fields)
    if refused is not None:
        return refused
    return ok({"data": privacy.shown(state, found[0].name, [shown(found[1], fields)])})


def view_of(state: State, call: Call) -> View | Answer | None:
    """The view that ``cvid`` names, ``None`` without one, or the refusal of one that is not there."""
    cvid = call.params.get("cvid")
    if cvid is None:
        return None
    view = state.store.find_view(call.args["module"], cvid)
    return view if view is not None else errors.invalid_param("cvid")
