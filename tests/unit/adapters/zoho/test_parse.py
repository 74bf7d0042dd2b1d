"""Any status, any headers, any bytes: parsing never raises and never makes a success of what is none."""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.dynamodb import chunk_codec, codec
from chalicelib.adapters.zoho import clean, reading
from chalicelib.adapters.zoho.parse import json_object, reply_of, retry_after
from chalicelib.domain.outcomes import Finding, Mark, untouched
from chalicelib.domain.zoho.judge_call import counted, judge_call
from chalicelib.domain.zoho.judge_items import judge_items
from chalicelib.domain.zoho.judge_job import judge_job
from chalicelib.domain.zoho.reply import CallKind, Item, Reply
from chalicelib.domain.zoho.verdict import Verdict

NOW = 1_700_000_000.0
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
WORD = st.sampled_from(
    ["code", "status", "message", "details", "data", "id", "error", "job_id", "Status", "count"]
)
VALUE: st.SearchStrategy[object] = st.recursive(
    st.sampled_from(["SUCCESS", "success", "error", "INVALID_DATA", "1", 1, None, True, [], {}, "COMPLETED"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=5),
    max_leaves=15,
)
BODY = (
    st.binary(max_size=60)
    | JSON.map(lambda v: json.dumps(v).encode())
    | VALUE.map(lambda v: json.dumps(v).encode())
)


#: What a writer of JSON in another language lets pass: half a surrogate pair, control characters, no end.
WILD = st.text(
    st.characters() | st.sampled_from("\ud83d\udc00\x00\x1b\x9b\u202e\u2028\ufeff\n"), max_size=30
).flatmap(lambda some: st.sampled_from([some, some * 200, "x" * 5000 + some]))
WILD_VALUE: st.SearchStrategy[object] = st.recursive(
    WILD | st.integers() | st.integers(-(10**60), 10**60) | st.floats() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD | WILD, inner, max_size=5),
    max_leaves=12,
)


def info_of(reply: Reply) -> Any:
    """What a reply says of its page."""
    return (reply.body or {})["info"]


def texts_of(value: object) -> Iterator[str]:
    """Every text in what the adapter gives, names and details too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from (*texts_of(name), *texts_of(each))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_of(each)
    elif isinstance(value, Item):
        yield from texts_of((value.code, value.message, value.id, value.details))
    elif isinstance(value, Reply):
        yield from texts_of((value.items, value.error, value.body, value.failure))


@given(
    value=st.dictionaries(WORD, WILD_VALUE, max_size=6)
    | st.fixed_dictionaries({"data": st.lists(st.dictionaries(WORD, WILD_VALUE, max_size=5), max_size=4)}),
    ascii_only=st.booleans(),
    status=st.sampled_from([200, 202, 207, 400, 500]),
    kind=st.sampled_from(CallKind),
)
def test_whatever_json_zoho_answers_its_texts_are_bounded_and_can_be_kept_and_shown(
    value: dict[str, object], ascii_only: bool, status: int, kind: CallKind
) -> None:
    content = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    reply = reading.with_next_page(reply_of(status, {"date": "\x00" * 5000}, content, NOW), None)
    report = judge_job(reply)
    judged = judge_call(kind, reply, ["1"])
    kept = (reply, reading.records(reply).items, report.status, judged.code, judged.message)
    for text in texts_of(kept):
        assert len(text) <= clean.LONGEST
        assert len(text.encode()) <= 4 * clean.LONGEST
        assert not any(
            unicodedata.category(each) in ("Cc", "Cs") or each in "\u202e\u2028\ufeff" for each in text
        )
    for item in (*reply.items, *([reply.error] if reply.error else [])):
        assert len(item.code) <= clean.LONGEST_CODE
        assert len(item.message.encode()) <= clean.MOST_MESSAGE_BYTES
    assert len(report.status) <= clean.LONGEST_CODE
    marks = untouched(0, ("1", "2")).with_findings({0: Finding(Mark.FAILED, judged.code, judged.message)})
    assert chunk_codec.chunk_from(0, codec.pack(["1", "2"]), chunk_codec.chunk_marks(marks)) == marks
    assert (counted(reply) or 0) < 2**63


@pytest.mark.parametrize("given", ["a b", "x" * clean.LONGEST, "half \ud83d", "\u00e9", 7, ["a"]])
def test_a_page_token_is_taken_whole_or_not_at_all(given: object) -> None:
    body = {"data": [{"id": "1"}], "info": {"more_records": True, "next_page_token": given}}
    reply = reading.with_next_page(reading.records(parsed(200, body)), None)
    assert info_of(reply)["next_page_token"] is None


def test_a_page_token_as_zoho_makes_them_is_taken_as_it_is() -> None:
    given = "c8582xx9e4c7ffd1234_" * 20 + "+/="
    body = {"data": [{"id": "1"}], "info": {"more_records": True, "next_page_token": given}}
    reply = reading.with_next_page(reading.records(parsed(200, body)), None)
    assert info_of(reply)["next_page_token"] == given


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("the record is locked", "the record is locked"),
        ("two\r\nlines\tand more", "two lines and more"),
        ("half \ud83d", "half \ufffd"),
        ("whole \U0001f600", "whole \U0001f600"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("a\u202eb", "a\ufffdb"),
        ("\u00e9" * 300, "\u00e9" * 200),
        ("\u4e00" * 300, "\u4e00" * 133),
    ],
)
def test_zohos_words_are_kept_as_far_as_they_can_be_shown(said: str, kept: str) -> None:
    assert reply_of(400, {}, json.dumps({"code": "X", "message": said}).encode(), NOW).error == Item(
        "X", kept
    )


def parsed(status: int, body: object) -> Reply:
    return reply_of(status, {}, json.dumps(body).encode(), NOW)


@given(
    status=st.integers(100, 599),
    body=BODY,
    headers=st.dictionaries(
        st.sampled_from(["Retry-After", "X-API-CREDITS-REMAINING", "x"]), st.text(max_size=30)
    ),
    kind=st.sampled_from(CallKind),
    ids=st.lists(st.sampled_from(["1", "2", "3"]), unique=True, max_size=3),
)
def test_nothing_raises_and_nothing_unsaid_is_a_success(
    status: int, body: bytes, headers: dict[str, str], kind: CallKind, ids: list[str]
) -> None:
    reply = reply_of(status, headers, body, NOW)
    judged = judge_call(kind, reply, ids)
    assert isinstance(judged.code, str)
    assert judged.code
    judge_job(reading.records(reply))
    for one, said in judge_items(kind, reply, ids).items():
        if said.verdict is Verdict.DELETED:
            named = {item.id for item in reply.items if item.ok and item.code == "SUCCESS"}
            assert named if kind is CallKind.DELETE_EXTERNAL else one in named
    if judged.verdict is Verdict.STARTED:
        assert b"job_id" in body
    assert reply.retry_after is None or 0 <= reply.retry_after <= 3600


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"1",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 1} x',
    ],
)
def test_what_is_no_json_object_is_no_body(content: bytes) -> None:
    assert json_object(content) is None
    assert reply_of(200, {}, content, NOW).body is None


def test_items_with_ids_as_strings_or_integers() -> None:
    reply = parsed(
        207,
        {
            "data": [
                {
                    "code": "SUCCESS",
                    "details": {"id": 410405000002264040},
                    "message": "m",
                    "status": "success",
                },
                {
                    "code": "INVALID_DATA",
                    "details": {"id": "2"},
                    "message": "n",
                    "status": "error",
                    "error_meta": {},
                },
                "rubbish",
                {"code": "NOT_APPROVED", "details": [], "status": "error"},
                {"code": 7, "details": {"id": True}},
            ]
        },
    )
    assert [(item.id, item.code, item.ok) for item in reply.items] == [
        ("410405000002264040", "SUCCESS", True),
        ("2", "INVALID_DATA", False),
        (None, "NOT_APPROVED", False),
        (None, "", False),
    ]


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"code": "INVALID_TOKEN", "details": {}, "message": "m", "status": "error"}, "INVALID_TOKEN", "m"),
        ({"code": "NO_PERMISSION", "message": "m"}, "NO_PERMISSION", "m"),
        (
            {"code": 429, "error": "TOO_MANY_REQUESTS", "error_info": "m", "details": []},
            "TOO_MANY_REQUESTS",
            "m",
        ),
        ({"error": "invalid_code"}, "invalid_code", ""),
        ({"error": "Access Denied", "error_description": "m", "status": "failure"}, "Access Denied", "m"),
        ({"error": {"code": "INVALID_DATA", "message": "m"}}, "INVALID_DATA", "m"),
    ],
)
def test_bare_errors_of_every_shape(body: dict[str, object], code: str, message: str) -> None:
    error = parsed(400, body).error
    assert error is not None
    assert (error.code, error.message, error.ok) == (code, message, False)


def test_a_bare_success_is_an_item() -> None:
    reply = parsed(200, {"code": "SUCCESS", "details": {"job_id": "7"}, "status": "success", "message": ""})
    assert reply.error is None
    assert judge_call(CallKind.MASS_DELETE_VIEW, reply).verdict is Verdict.STARTED


def test_both_shapes_at_once() -> None:
    items = [{"code": "SUCCESS", "details": {"id": "1"}, "status": "success"}]
    reply = parsed(400, {"data": items, "code": "INVALID_DATA", "status": "error"})
    assert judge_call(CallKind.DELETE_RECORDS, reply, ["1"]).verdict is Verdict.ANSWERED
    assert judge_items(CallKind.DELETE_RECORDS, reply, ["1"])["1"].verdict is Verdict.DELETED


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("999999999999999999", 3600.0),
        ("Tue, 14 Nov 2023 22:13:30 GMT", 10.0),
        ("Tue, 14 Nov 2000 22:13:30 GMT", 0.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
    ],
)
def test_retry_after(text: str, seconds: float | None) -> None:
    assert retry_after(text, NOW) == seconds


# --- lists of records ---


def test_nothing_found_is_an_empty_list() -> None:
    for status in (204, 304):
        reply = reading.records(Reply(status=status))
        assert (reply.status, reply.items, reply.body) == (
            200,
            (),
            {"data": [], "info": {"more_records": False}},
        )


@pytest.mark.parametrize(
    "body", [{}, {"data": None}, {"data": {}}, {"data": [{}]}, {"data": [{"id": None}]}, {"data": ["1"]}]
)
def test_what_is_no_list_of_records_never_means_that_there_are_none(body: dict[str, object]) -> None:
    reply = reading.records(parsed(200, body))
    assert reply.body is None
    assert judge_call(CallKind.READ, reply).verdict is Verdict.RETRY


def test_records_are_items() -> None:
    reply = reading.records(parsed(200, {"data": [{"id": "1"}, {"id": 2}]}))
    assert [(item.id, item.ok) for item in reply.items] == [("1", True), ("2", True)]
    assert reading.usable(reply, ["2", "1", "3"])
    assert not reading.usable(reply, ["1"])


def test_pages_without_a_token_are_counted() -> None:
    more = parsed(200, {"data": [], "info": {"more_records": True}})
    second = reading.with_next_page(more, None)
    assert info_of(second)["next_page_token"] == "page:2"
    assert reading.page_of("page:2") == {"page": "2"}
    third = reading.with_next_page(more, "page:2")
    assert info_of(third)["next_page_token"] == "page:3"
    own = parsed(200, {"data": [], "info": {"more_records": True, "next_page_token": "abc"}})
    assert reading.with_next_page(own, None) == own
    assert reading.page_of("abc") == {"page_token": "abc"}
    assert reading.page_of(None) == {}


def test_queries() -> None:
    assert reading.select_ids("Leads", ["1", "2"]) == "select id from Leads where id in (1,2) limit 200"
    query = reading.select_one("Leads", "External", "a'b\\c")
    assert query == "select id from Leads where External = 'a\\'b\\\\c' limit 2"
    for name in ("Leads where", "", "1a", "a'"):
        with pytest.raises(ValueError, match="API name"):
            reading.select_one(name, "External", "x")


@pytest.mark.parametrize("kind", CallKind)
def test_an_item_without_a_code_is_judged_by_the_status(kind: CallKind) -> None:
    judged = judge_call(kind, reply_of(200, {}, b'{"data":[{}]}', NOW), ["1"])
    assert judged.code
    assert judged.verdict is not Verdict.STARTED


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Sun, 29 Nov 2026 15:30:00 GMT", 1_795_966_200.0),
        ("Sun, 29 Nov 2026 15:30:00 -0000", 1_795_966_200.0),
        ("Sun, 29 Nov 2026 16:30:00 +0100", 1_795_966_200.0),
        ("", None),
        ("yesterday", None),
        ("Sun, 29 Nov 99999999999 15:30:00 GMT", None),
        ("\ud83d", None),
    ],
)
def test_zohos_own_clock_is_told_where_its_date_can_be_read(text: str, at: float | None) -> None:
    assert reply_of(200, {"DATE": text}, b"{}", NOW).date == at
    assert reply_of(204, {"date": text}, b"", NOW).date == at


def test_without_a_date_zohos_clock_is_not_known() -> None:
    assert reply_of(200, {}, b"{}", NOW).date is None


def test_an_empty_list_keeps_what_the_answer_told_beside_it() -> None:
    told = Reply(204, credits_left=7, date=5.0)
    assert reading.records(told) == Reply(
        200, body={"data": [], "info": {"more_records": False}}, credits_left=7, date=5.0
    )


@pytest.mark.parametrize("code", ["anna@example.com", "+436601234567", "0660/1234567", "1"])
def test_a_code_that_is_none_is_not_kept(code: str) -> None:
    for body in ({"code": code}, {"error": code}, {"error": {"code": code}}):
        reply = parsed(400, body)
        assert reply.error is not None
        assert reply.error.code == "UNREADABLE_CODE"
    (item,) = parsed(400, {"data": [{"code": code, "status": "error", "details": {"id": "1"}}]}).items
    assert item.code == "UNREADABLE_CODE"
