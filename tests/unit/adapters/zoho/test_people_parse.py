"""Any status and any bytes to a call about a person: nothing raises, and only what is there is read."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.zoho import reading
from chalicelib.adapters.zoho.parse import reply_of
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.judge_items import judge_items
from chalicelib.domain.zoho.metadata import fields_of, modules_of
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.rows import listed
from chalicelib.domain.zoho.verdict import Verdict

KEYS = st.sampled_from(
    ["data", "info", "id", "more_records", "modules", "fields", "api_name", "code", "status", "details", "x"]
)
VALUE: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(
        ["1", "2", 1, 2, "9", None, True, False, "SUCCESS", "success", "error", "INVALID_DATA", "", "Email"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)
BODY = st.dictionaries(KEYS, VALUE, max_size=5).map(lambda v: json.dumps(v).encode()) | st.binary(max_size=40)
STATUS = st.sampled_from([200, 200, 200, 201, 202, 204, 207, 304, 400, 401, 403, 404, 429, 500, 502])
CHANGES = (CallKind.UPDATE, CallKind.DELETE_ATTACHMENT, CallKind.DELETE_PHOTO)


def told(status: int, body: bytes, container: str = "data") -> Reply:
    return reply_of(status, {}, body, 0.0, container)


@given(STATUS, BODY)
def test_a_list_that_is_used_has_an_id_for_every_row(status: int, body: bytes) -> None:
    reply = reading.records(told(status, body))
    if judge_call(CallKind.SEARCH, reply).verdict is Verdict.ANSWERED:
        rows = listed(reply.body).rows
        assert [row.id for row in rows] == [item.id for item in reply.items]
        assert all(row.id for row in rows)
    else:
        assert status not in (204, 304)


@given(STATUS, BODY, st.sampled_from(["modules", "fields"]))
def test_metadata_that_is_used_names_something(status: int, body: bytes, container: str) -> None:
    reply = reading.described(told(status, body, container), container, empty=False)
    if judge_call(CallKind.METADATA, reply).verdict is Verdict.ANSWERED:
        assert modules_of(reply.body) if container == "modules" else fields_of(reply.body)


@given(st.sampled_from(CHANGES), STATUS, BODY)
def test_a_change_is_done_only_where_an_item_says_so(kind: CallKind, status: int, body: bytes) -> None:
    reply = told(status, body)
    judge_call(kind, reply, ["1"])
    judged = judge_items(kind, reply, ["1"])["1"]
    if judged.verdict in (Verdict.CHANGED, Verdict.DELETED):
        (item,) = {each.code: each for each in reply.items if each.id in ("1", None)}.values()
        assert (item.ok, item.code, reply.error) == (True, "SUCCESS", None)
        assert item.id == "1" or kind is CallKind.DELETE_PHOTO
