"""COQL: ``POST /coql`` with ``{"select_query": "select id from Leads where ... limit 200 offset 0"}``."""

from __future__ import annotations

from itertools import islice
from typing import Any

from simulator import errors, privacy
from simulator.coql_parser import CoqlError, Query, parse
from simulator.criteria import comparable
from simulator.http import Answer, Call, no_content, ok
from simulator.listing import shown
from simulator.modules import NOT_IN_API
from simulator.record import Record
from simulator.state import State

OFFSET_LIMIT = 100_000


def row_limit(version: int) -> int:
    """The largest LIMIT: 200 rows up to v3, 2,000 from v4 on."""
    return 200 if version < 4 else 2_000


def _read(call: Call, *, by_case: bool = False) -> Query:
    try:
        text = call.json()["select_query"]
    except (ValueError, KeyError, TypeError):
        raise CoqlError(
            "MANDATORY_NOT_FOUND", "required field not found", {"api_name": "select_query"}
        ) from None
    if not isinstance(text, str):
        raise CoqlError("INVALID_DATA", "invalid data", {"api_name": "select_query"})
    return parse(text, call.version, by_case=by_case)


def price(call: Call) -> int:
    """1, 2 or 3 credits for a LIMIT up to 200, 1,000 and 2,000."""
    try:
        limit = _read(call).limit
    except CoqlError:
        return 1
    return 1 if limit <= 200 else 2 if limit <= 1_000 else 3


def query(state: State, call: Call) -> Answer:
    """200 ``{"data": [...], "info": {"count", "more_records"}}``, 204 when empty.

    400 ``SYNTAX_ERROR``, ``INVALID_QUERY``, ``LIMIT_EXCEEDED``, ``DUPLICATE_DATA``. The records are looked
    through without holding the lock, so that a long query does not hold up other calls.
    """
    try:
        asked = _read(call, by_case=state.settings.coql_case == "sensitive")
    except CoqlError as problem:
        return errors.refusal(400, problem.code, problem.message, problem.details)
    most = row_limit(call.version)
    if asked.limit > most or asked.offset > OFFSET_LIMIT:
        name, limit = ("limit", most) if asked.limit > most else ("offset", OFFSET_LIMIT)
        return errors.refusal(400, "LIMIT_EXCEEDED", f"the {name} must not exceed {limit}", {"limit": limit})
    with state.lock:
        there = asked.module == "Activities" or state.store.find_module(asked.module)
        if asked.module in NOT_IN_API or not there or not state.schema.served(asked.module):
            return errors.refusal(400, "INVALID_QUERY", "invalid query formed", {"module": asked.module})
        refused = privacy.query_refusal(state, asked.module, asked.compared)
        refused = refused or privacy.read_refusal(state, asked.module, asked.fields)
        if refused is not None:
            return refused
        hidden = state.settings.coql_hides
        records = [
            record
            for record in state.store.all_records(asked.module)
            if not (hidden and privacy.hides(hidden, record))
        ]
        if asked.where is not None:
            asked.where = privacy.seen_by(state, asked.module, asked.where)
    return _answer(state, asked, records)


def _answer(state: State, asked: Query, records: list[Record]) -> Answer:
    matches = asked.where
    found = iter(records) if matches is None else filter(matches, records)
    if asked.counted:
        number = sum(1 for _ in found)
        return ok({"data": [{"count": number}], "info": {"count": 1, "more_records": False}})
    if asked.order_by:
        found = iter(_sorted(list(found), asked))
    window = list(islice(found, asked.offset, asked.offset + asked.limit + 1))
    more, window = len(window) > asked.limit, window[: asked.limit]
    if not window:
        return no_content()
    data: list[dict[str, Any]] = [shown(record, asked.fields) for record in window]
    data = privacy.shown(state, asked.module, data)
    return ok({"data": data, "info": {"count": len(data), "more_records": more}})


def _sorted(records: list[Record], asked: Query) -> list[Record]:
    for name, descending in reversed(asked.order_by):
        records.sort(key=lambda record: _order(record.get(name)), reverse=descending)
    return records


def _order(value: Any) -> tuple[int, Any]:
    """Empty fields first, as a database does it."""
    return (-1, 0) if value is None else comparable(value)
