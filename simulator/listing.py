"""Reading: get records, one record, the count and the deleted list."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from simulator import errors
from simulator.clock import iso, parse_iso
from simulator.http import Answer, Call, no_content, ok
from simulator.modules import NO_COUNT
from simulator.record import Record, Tombstone
from simulator.records import is_id, split_ids
from simulator.search import parse_search
from simulator.state import State
from simulator.views import View

PER_PAGE = 200
FIELDS_LIMIT = 50
PAGES_LIMIT = 2_000
TOKENS_LIMIT = 100_000
TOKEN_SECONDS = 86_400
USER = {"name": "Patricia Boyle", "id": "3652397000000186017"}


def page_of(call: Call) -> tuple[int, int] | Answer:
    """``page`` (from 1) and ``per_page`` (1 to 200), or what is wrong with them."""
    numbers = []
    for name, usual, most in (("page", 1, 10**9), ("per_page", PER_PAGE, PER_PAGE)):
        text = call.params.get(name) or str(usual)
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
            return errors.invalid_param(name)
        numbers.append(int(text))
    return numbers[0], numbers[1]


def get_records(state: State, call: Call) -> Answer:
    """``GET /{module}?fields=&cvid=&ids=&page=&page_token=&per_page=&converted=&approved=``.

    200 ``{"data": [...], "info": {...}}``, 204 when empty. ``fields`` is mandatory from v3 on; pages reach 2,000
    records, page tokens (good for a day, bound to the query) 100,000.
    """
    params = call.params
    fields = split_ids(params["fields"]) if params.get("fields") else None
    if fields is None and call.version >= 3:
        return errors.param_missing("fields")
    if fields and len(fields) > FIELDS_LIMIT:
        return errors.limit_exceeded("fields", FIELDS_LIMIT)
    paging = page_of(call)
    if isinstance(paging, Answer):
        return paging
    view = _view_of(state, call)
    if isinstance(view, Answer):
        return view
    if view is not None and params.get("sort_by"):
        return errors.invalid_param("sort_by")
    records: Iterable[Record]
    if params.get("ids"):
        ids = split_ids(params["ids"])
        if len(ids) > 100:
            return errors.limit_exceeded("ids", 100)
        if not all(map(is_id, ids)):
            return errors.wrong_format({"param_name": "ids"})
        found = (state.store.find(call.args["module"], one) for one in ids)
        records = [pair[1] for pair in found if pair]
    else:
        records = view.members.values() if view else state.store.all_records(call.args["module"])
    return _page(state, call, _visible(records, params), fields, paging)


def _visible(records: Iterable[Record], params: dict[str, str]) -> Iterator[Record]:
    """Without converted and unapproved records unless ``converted`` and ``approved`` ask for them."""
    converted, approved = params.get("converted", "false"), params.get("approved", "true")
    for record in records:
        is_converted = "true" if record.fields.get("$converted") is True else "false"
        is_approved = "false" if record.fields.get("$approved") is False else "true"
        if converted in (is_converted, "both") and approved in (is_approved, "both"):
            yield record


def _page(
    state: State, call: Call, records: Iterator[Record], fields: list[str] | None, paging: tuple[int, int]
) -> Answer:
    page, per_page = paging
    past = (page - 1) * per_page
    token = call.params.get("page_token")
    if token:
        read = _read_token(token, call, state.now())
        if isinstance(read, Answer):
            return read
        seq, past = read
        records = (record for record in records if record.seq > seq)
        page = past // per_page + 1
        if past + per_page > TOKENS_LIMIT:
            return errors.refusal(
                400, "PAGINATION_LIMIT_EXCEEDED", "pagination limit exceeded", {"limit": TOKENS_LIMIT}
            )
    elif call.version >= 3 and past + per_page > PAGES_LIMIT:
        details = {"page": page, "per_page": per_page, "limit": PAGES_LIMIT}
        return errors.refusal(
            400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", "discrete pagination limit exceeded", details
        )
    window = islice(records, 0 if token else past, (0 if token else past) + per_page + 1)
    found = list(window)
    more, found = len(found) > per_page, found[:per_page]
    if not found:
        return no_content()
    info: dict[str, Any] = {"per_page": per_page, "count": len(found), "page": page, "more_records": more}
    if call.version >= 3:
        following = _token(found[-1].seq, past + len(found), call, state.now()) if more else None
        info |= {"next_page_token": following, "previous_page_token": token or None}
        info["page_token_expiry"] = iso(state.now() + TOKEN_SECONDS) if more else None
        info |= {"sort_by": "id", "sort_order": "desc"}
    return ok({"data": [shown(record, fields) for record in found], "info": info})


def _bound(call: Call) -> str:
    """What a page token belongs to: everything in the query that picks the records."""
    names = ("cvid", "ids", "converted", "approved", "sort_by", "sort_order")
    return "&".join([call.args["module"], *(call.params.get(name, "") for name in names)])


def _token(seq: int, past: int, call: Call, now: float) -> str:
    content = json.dumps([seq, past, now + TOKEN_SECONDS, _bound(call)])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _read_token(token: str, call: Call, now: float) -> tuple[int, int] | Answer:
    try:
        seq, past, expires, bound = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error, TypeError):
        return errors.invalid_param("page_token")
    if bound != _bound(call):
        return errors.refusal(400, "TOKEN_BOUND_DATA_MISMATCH", "the page_token belongs to another query")
    if expires <= now:
        return errors.refusal(400, "EXPIRED_VALUE", "page_token has expired", {"param_name": "page_token"})
    return seq, past


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
    return ok({"data": [shown(found[1], fields)]})


def _view_of(state: State, call: Call) -> View | Answer | None:
    cvid = call.params.get("cvid")
    if cvid is None:
        return None
    view = state.store.find_view(call.args["module"], cvid)
    return view if view is not None else errors.invalid_param("cvid")


def count(state: State, call: Call) -> Answer:
    """``GET /{module}/actions/count`` of everything, of a ``cvid``, or of a search: 200 ``{"count": n}``."""
    params = call.params
    if call.args["module"] in NO_COUNT:
        text = "the given module is not supported for count"
        return errors.refusal(400, "NOT_SUPPORTED", text, {"resource_path_index": 0})
    searches = [name for name in ("criteria", "email", "phone", "word") if params.get(name)]
    if len(searches) + ("cvid" in params) > 1:
        details = {
            "ambiguity_due_to": [{"param_name": name} for name in ("cvid", *searches) if name in params]
        }
        return errors.refusal(
            400, "AMBIGUITY_DURING_PROCESSING", "ambiguity while processing the request", details
        )
    view = _view_of(state, call)
    if isinstance(view, Answer):
        return view
    if view is not None:
        return ok({"count": len(view.members)})
    if not searches:
        return ok({"count": sum(len(part.records) for part in state.store.parts(call.args["module"]))})
    try:
        matches = parse_search(searches[0], params[searches[0]])
    except ValueError:
        return errors.refusal(400, "INVALID_QUERY", "invalid query formed", {"param_name": searches[0]})
    records = _visible(state.store.all_records(call.args["module"]), {"approved": "both", **params})
    return ok({"count": sum(1 for record in records if matches(record))})


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
    since = 0.0
    if call.headers.get("if-modified-since"):
        moment = parse_iso(call.headers["if-modified-since"])
        if moment is None:
            return errors.invalid_data("invalid data", {"header": "If-Modified-Since"})
        since = moment
    page, per_page = paging
    stones = _deleted_since(state, call.args["module"], since, wanted)
    found = list(islice(stones, (page - 1) * per_page, page * per_page + 1))
    more, found = len(found) > per_page, found[:per_page]
    if not found:
        return no_content()
    info = {"per_page": per_page, "count": len(found), "page": page, "more_records": more}
    return ok({"data": [_deleted_item(stone) for stone in found], "info": info})


def _deleted_since(state: State, module: str, since: float, wanted: str) -> Iterator[Tombstone]:
    for part in state.store.parts(module):
        for stone in reversed(part.deleted.values()):
            if int(stone.deleted_at) < int(since):
                break
            if wanted in ("all", stone.type):
                yield stone


def _deleted_item(stone: Tombstone) -> dict[str, Any]:
    return {
        "id": stone.id,
        "display_name": stone.name,
        "type": stone.type,
        "deleted_by": USER,
        "created_by": USER,
        "deleted_time": iso(stone.deleted_at),
    }
