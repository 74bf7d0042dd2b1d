"""Search Records: what the index knows, which may be behind what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from itertools import islice

from simulator import errors, privacy
from simulator.http import Answer, Call, no_content, ok
from simulator.listing import shown, visible
from simulator.paging import page_of
from simulator.record import Record
from simulator.records import split_ids
from simulator.schema import parts_of
from simulator.search import How, parse_search
from simulator.state import State

#: The most records that Search walks through (Search Records page).
MOST = 2_000
SHORTEST = 2
#: The scope that Search needs beside the module's own.
SCOPE = "ZohoSearch.securesearch.READ"
#: In this order, the first one that is given counts.
_BY = ("criteria", "email", "phone", "word")
_NO_SEARCH = frozenset({"Appointments_Rescheduled_History__s", "Attachments"})
_APPROVED = "approved"
_GUESTS = frozenset({"Participants"})


def search(state: State, call: Call) -> Answer:
    """``GET /{module}/search?criteria|email|phone|word&converted=&approved=&approval_state=&page=``.

    200 ``{"data": [...], "info": {...}}``, 204 without a hit. Values are found by a part of them, as at Zoho.
    Up to v7 ``approved`` says whether unapproved records are found, in v8 ``approval_state`` names one state.
    """
    module = call.args["module"]
    kind = next((name for name in _BY if call.params.get(name)), "")
    refused = _refused(state, module, kind, call.params.get(kind, ""))
    if refused is not None:
        return refused
    paging = page_of(call)
    if isinstance(paging, Answer):
        return paging
    page, per_page = paging
    if page * per_page > MOST:
        return errors.refusal(400, "LIMIT_REACHED", "the limit of records to be searched is reached")
    try:
        asked = parse_search(kind, call.params[kind], how(state, module))
    except ValueError:
        return errors.refusal(400, "INVALID_QUERY", "invalid query formed", {"param_name": kind})
    fields = split_ids(call.params["fields"]) if call.params.get("fields") else None
    refused = privacy.criteria_refusal(state, module, asked.compared)
    refused = refused or privacy.read_refusal(state, module, fields)
    if refused is not None:
        return refused
    matches = privacy.seen_by(state, module, asked.matches) if kind == "criteria" else asked.matches
    hits = (record for record in _asked(state, call) if matches(record))
    found = list(islice(hits, (page - 1) * per_page, page * per_page + 1))
    more, found = len(found) > per_page, found[:per_page]
    if not found:
        return no_content()
    info = {"per_page": per_page, "count": len(found), "page": page, "more_records": more}
    rows = [shown(record, fields) for record in found]
    return ok({"data": privacy.shown(state, module, rows), "info": info})


def _refused(state: State, module: str, kind: str, text: str) -> Answer | None:
    """What is wrong with the module or the value."""
    if module in _NO_SEARCH or not state.schema.searched(module):
        said = "the given module is not supported for search"
        return errors.refusal(400, "NOT_SUPPORTED", said, {"resource_path_index": 0})
    if not kind:
        return errors.param_missing("criteria")
    if len(text) < SHORTEST or set(text) & set(state.settings.search_refuses):
        return errors.invalid_param(kind)
    return None


def how(state: State, module: str) -> How:
    """How Search looks into the module."""
    settings = state.settings
    part = parts_of(module)[0]
    return How(
        cache(partial(state.schema.type_of, part)),
        privacy.blind(state, module) | (_GUESTS if not settings.participants_searched else frozenset()),
        settings.search_parts,
        settings.phone_search == "digits",
    )


def _asked(state: State, call: Call) -> Iterator[Record]:
    """The records of the index with the state of approval and conversion that is asked for."""
    records = _indexed(state, call.args["module"])
    if call.version < 8:
        yield from visible(records, call.params)
        return
    wanted = call.params.get("approval_state", _APPROVED)
    for record in visible(records, {**call.params, "approved": "both"}):
        if _approval(record) == wanted:
            yield record


def _approval(record: Record) -> str:
    """Zoho's name of the record's state: the field ``$approval_state``, else by ``$approved``."""
    named = record.fields.get("$approval_state")
    if named:
        return str(named)
    return "approval_process_pending" if record.fields.get("$approved") is False else _APPROVED


def _indexed(state: State, module: str) -> Iterator[Record]:
    """What the index holds: the records as they are, but for what happened in the last
    ``search_lag_seconds``. What was deleted since then is still found, what was made or changed is not yet.
    """
    moment = state.now() - state.settings.search_lag_seconds
    hidden = state.settings.search_hides
    for record in state.store.all_records(module):
        if record.modified <= moment and not (hidden and privacy.hides(hidden, record)):
            yield record
    for part in state.store.parts(module):
        for stone in reversed(part.deleted.values()):
            if stone.deleted_at <= moment:
                break
            if stone.record is not None and stone.record.modified <= moment:
                yield stone.record
