"""Whatever comes back to a call about a person: nothing is taken for "not found", for done, or for somebody
else's record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.adapters.zoho.client import ZohoClient
from chalicelib.domain.zoho.asking import By, SearchQuery, Selection, Where
from chalicelib.domain.zoho.judge_call import judge_call
from chalicelib.domain.zoho.judge_items import judge_items
from chalicelib.domain.zoho.metadata import fields_of
from chalicelib.domain.zoho.reply import DESTRUCTIVE, CallKind, Reply
from chalicelib.domain.zoho.rows import counts, listed
from chalicelib.domain.zoho.verdict import NOT_NOW, Verdict
from tests.contract.zoho.kit import Answer, Bench, SmallServer, small_server

Call = Callable[[ZohoClient], Reply]
ANNA = SearchQuery(By.EMAIL, "anna@example.com")
READS: dict[str, tuple[CallKind, str, Call]] = {
    "modules": (CallKind.METADATA, "modules", lambda crm: crm.modules()),
    "fields": (CallKind.METADATA, "fields", lambda crm: crm.fields("Leads")),
    "related_lists": (CallKind.METADATA, "related_lists", lambda crm: crm.related_lists("Leads")),
    "search": (CallKind.SEARCH, "data", lambda crm: crm.search("Leads", ANNA, 1)),
    "select": (
        CallKind.SELECT, "data", lambda crm: crm.select(Selection("Leads", Where(("Email",), ("a",))))
    ),
    "read_values": (CallKind.READ, "data", lambda crm: crm.read_values("Leads", ["1", "2"], ["Email"])),
    "read_record": (CallKind.READ, "data", lambda crm: crm.read_record("Leads", "1")),
    "related": (CallKind.RELATED, "data", lambda crm: crm.related("Leads", "1", "Notes", 1)),
    "related_counts": (
        CallKind.RELATED_COUNT, "get_related_records_count",
        lambda crm: crm.related_counts("Leads", "1", ["Notes"]),
    ),
}  # fmt: skip
CHANGES: dict[str, tuple[CallKind, str, Call]] = {
    "update": (CallKind.UPDATE, "1", lambda crm: crm.update("Leads", "1", {"Email": None})),
    "delete_attachment": (
        CallKind.DELETE_ATTACHMENT,
        "2",
        lambda crm: crm.delete_attachment("Leads", "1", "2"),
    ),
    "delete_photo": (CallKind.DELETE_PHOTO, "1", lambda crm: crm.delete_photo("Leads", "1")),
}
LISTS = {name for name, (_, container, _) in READS.items() if container == "data"}


@pytest.fixture(scope="module")
def server() -> Iterator[SmallServer]:
    with small_server() as running:
        yield running


@pytest.fixture(scope="module")
def crm(server: SmallServer) -> ZohoClient:
    return Bench(server.url).client(seconds=600.0)


def answered(server: SmallServer, crm: ZohoClient, call: Call, body: Any, status: int = 200) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer: Answer = (status, content)
    server.answer = lambda _: answer
    return call(crm)


UNUSABLE: list[Any] = [
    b"", b"<html>", b"[]", b"null", b'{"data": [{"id": "1"}]', {}, {"info": {}}, {"data": None},
    {"data": {"id": "1"}}, {"data": ["1"]}, {"data": [{"id": None}]}, {"data": [{"name": "no id"}]},
    {"data": [{"id": "1"}, {}]}, {"data": [{"id": True}]}, {"data": [{"id": {"id": "1"}}]},
    {"status": "success"},
]  # fmt: skip


@pytest.mark.parametrize("name", sorted(READS))
@pytest.mark.parametrize("body", UNUSABLE)
def test_a_200_that_lists_nothing_readable_is_asked_for_again(
    server: SmallServer, crm: ZohoClient, name: str, body: Any
) -> None:
    kind, _, call = READS[name]
    reply = answered(server, crm, call, body)
    assert judge_call(kind, reply).verdict is Verdict.RETRY
    assert listed(reply.body).rows == ()


@pytest.mark.parametrize("name", sorted(LISTS))
def test_204_is_an_empty_list(server: SmallServer, crm: ZohoClient, name: str) -> None:
    kind, _, call = READS[name]
    reply = answered(server, crm, call, b"", 204)
    assert judge_call(kind, reply).verdict is Verdict.ANSWERED
    assert (listed(reply.body).rows, listed(reply.body).more) == ((), False)


def test_an_org_without_modules_is_no_answer(server: SmallServer, crm: ZohoClient) -> None:
    kind, container, call = READS["modules"]
    for body, status in ((b"", 204), ({container: []}, 200), ({container: [{"id": "1"}]}, 200)):
        assert judge_call(kind, answered(server, crm, call, body, status)).verdict is Verdict.RETRY


def test_a_module_of_which_no_field_is_told_is_told_as_such(server: SmallServer, crm: ZohoClient) -> None:
    kind, container, call = READS["fields"]
    for body, status in ((b"", 204), ({container: []}, 200), ({container: [{"id": "1"}]}, 200)):
        reply = answered(server, crm, call, body, status)
        assert judge_call(kind, reply).verdict is Verdict.ANSWERED
        assert fields_of(reply.body) == ()


def test_a_count_without_a_word_is_no_answer(server: SmallServer, crm: ZohoClient) -> None:
    kind, _, call = READS["related_counts"]
    assert judge_call(kind, answered(server, crm, call, b"", 204)).verdict is Verdict.RETRY


def test_a_module_without_related_lists_is_one(server: SmallServer, crm: ZohoClient) -> None:
    kind, _, call = READS["related_lists"]
    for body, status in ((b"", 204), ({"related_lists": []}, 200)):
        assert judge_call(kind, answered(server, crm, call, body, status)).verdict is Verdict.ANSWERED


@pytest.mark.parametrize("name", ["read_values", "read_record"])
@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"id": "1"}, {"id": "9"}]},
        {"data": [{"id": "9"}]},
        {"data": [{"id": "1"}], "info": {"more_records": True}},
        {"data": [{"id": " 1"}]},
    ],
)
def test_other_records_than_asked_for_are_no_answer(
    server: SmallServer, crm: ZohoClient, name: str, body: Any
) -> None:
    kind, _, call = READS[name]
    reply = answered(server, crm, call, body)
    assert judge_call(kind, reply).verdict is Verdict.RETRY
    assert listed(reply.body).rows == ()


def test_ids_may_come_as_numbers_and_unknown_fields_pass(server: SmallServer, crm: ZohoClient) -> None:
    body = {"data": [{"id": 1, "Brand_New": {"deep": [1, {"x": None}]}}], "brand_new": 1}
    for name in sorted(LISTS):
        reply = answered(server, crm, READS[name][2], body)
        assert [row.id for row in listed(reply.body).rows] == ["1"], name
        assert listed(reply.body).rows[0].values["Brand_New"] == {"deep": [1, {"x": None}]}


def test_a_page_of_the_largest_size_is_taken_and_a_larger_answer_is_not(
    server: SmallServer, crm: ZohoClient
) -> None:
    row = {f"Field_{n}": "x" * 300 for n in range(49)}
    rows = [{"id": str(n), **row} for n in range(1, 201)]
    reply = answered(server, crm, READS["search"][2], {"data": rows, "info": {"more_records": True}})
    assert (len(reply.items), listed(reply.body).more) == (200, True)
    reply = answered(server, crm, READS["search"][2], {"data": [{"id": "1", "x": "y" * 5_000_000}]})
    assert judge_call(CallKind.SEARCH, reply).verdict is Verdict.RETRY


def test_some_lists_counted_and_others_refused_is_an_answer(server: SmallServer, crm: ZohoClient) -> None:
    good = {"count": 2, "related_list": {"api_name": "Notes", "id": "5"}}
    bad = {
        "code": "INVALID_DATA",
        "details": {},
        "message": "Given related_list is invalid",
        "status": "error",
    }
    for status, items, found in ((207, [good, bad], {"Notes": 2}), (400, [bad], {})):
        body = {"get_related_records_count": items}
        reply = answered(server, crm, READS["related_counts"][2], body, status)
        assert judge_call(CallKind.RELATED_COUNT, reply).verdict is Verdict.ANSWERED
        assert counts(reply.body) == found


@pytest.mark.parametrize("name", sorted(CHANGES))
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""), (204, b""), (200, {}), (200, {"data": []}), (502, b"<html>"),
        (200, {"data": [{"code": "SUCCESS", "status": "success", "details": {"id": "77"}}]}),
        (200, {"data": [{"code": "SUCCESS", "status": "error", "details": {"id": "1"}}]}),
        (200, {"data": [{"code": "BRAND_NEW", "status": "success", "details": {"id": "1"}}]}),
        (200, {"code": "SUCCESS", "status": "error", "message": "no", "details": {}}),
    ],
)  # fmt: skip
def test_no_change_is_taken_for_done_on_a_word_that_is_not_about_it(
    server: SmallServer, crm: ZohoClient, name: str, status: int, body: Any
) -> None:
    kind, one, call = CHANGES[name]
    assert kind in DESTRUCTIVE
    reply = answered(server, crm, call, body, status)
    judged = judge_call(kind, reply, [one])
    if judged.verdict is Verdict.ANSWERED:
        judged = judge_items(kind, reply, [one])[one]
    assert judged.verdict in NOT_NOW, judged


@pytest.mark.parametrize("name", ["update", "delete_attachment"])
def test_a_success_has_to_name_what_it_is_about(server: SmallServer, crm: ZohoClient, name: str) -> None:
    kind, one, call = CHANGES[name]
    for details in ({}, {"id": None}):
        item = {"code": "SUCCESS", "status": "success", "message": "done", "details": details}
        for body in ({"data": [item]}, item):
            reply = answered(server, crm, call, body)
            assert judge_call(kind, reply, [one]).verdict is Verdict.UNKNOWN
            assert judge_items(kind, reply, [one])[one].verdict is Verdict.REPEAT


@pytest.mark.parametrize("name", sorted(READS) + sorted(CHANGES))
def test_an_answer_that_is_lost_may_be_asked_for_again(
    server: SmallServer, crm: ZohoClient, name: str
) -> None:
    kind, _, call = {**READS, **CHANGES}[name]
    server.answer = lambda _: None
    reply = call(crm)
    assert reply.sent
    assert judge_call(kind, reply, ["1"]).verdict is (
        Verdict.UNKNOWN if kind in DESTRUCTIVE else Verdict.RETRY
    )


CODES = [
    ("TOO_MANY_REQUESTS", 429, Verdict.WAIT_CREDITS),
    ("NO_PERMISSION", 403, Verdict.FAIL),
    ("AUTHORIZATION_FAILED", 400, Verdict.FAIL),
    ("INVALID_MODULE", 400, Verdict.FAIL),
    ("INVALID_URL_PATTERN", 404, Verdict.FAIL),
    ("NOT_SUPPORTED", 400, Verdict.FAIL),
    ("OAUTH_SCOPE_MISMATCH", 401, Verdict.FAIL),
    ("BRAND_NEW", 400, Verdict.RETRY),
]


@pytest.mark.parametrize(("code", "status", "verdict"), CODES)
@pytest.mark.parametrize("name", sorted(READS) + sorted(CHANGES))
def test_the_verdict_walk(
    server: SmallServer, crm: ZohoClient, name: str, code: str, status: int, verdict: Verdict
) -> None:
    kind, _, call = {**READS, **CHANGES}[name]
    body = {"code": code, "details": {}, "message": "no", "status": "error"}
    judged = judge_call(kind, answered(server, crm, call, body, status), ["1"])
    assert (judged.verdict, judged.code) == (verdict, code)


@pytest.mark.parametrize(
    ("name", "code", "verdict"),
    [
        ("update", "INVALID_DATA", Verdict.CHECK_GONE),
        ("update", "DUPLICATE_DATA", Verdict.FAILED),
        ("update", "NOT_ALLOWED", Verdict.FAILED),
        ("update", "MANDATORY_NOT_FOUND", Verdict.FAILED),
        ("update", "RECORD_IN_BLUEPRINT", Verdict.FAILED),
        ("delete_attachment", "INVALID_DATA", Verdict.CHECK_GONE),
        ("delete_photo", "INVALID_DATA", Verdict.CHECK_GONE),
        *((name, "RECORD_LOCKED", Verdict.RETRY_SLOWLY) for name in CHANGES),
        *((name, "NOT_APPROVED", Verdict.RETRY_SLOWLY) for name in CHANGES),
        *((name, "CANNOT_PROCESS", Verdict.FAILED) for name in CHANGES),
        *((name, "BRAND_NEW", Verdict.REPEAT) for name in CHANGES),
    ],
)
def test_what_a_change_of_one_record_is_refused_with(
    server: SmallServer, crm: ZohoClient, name: str, code: str, verdict: Verdict
) -> None:
    kind, one, call = CHANGES[name]
    item = {"code": code, "details": {"id": one}, "message": "no", "status": "error"}
    reply = answered(server, crm, call, {"data": [item]}, 400)
    assert judge_call(kind, reply, [one]).verdict is Verdict.ANSWERED
    judged = judge_items(kind, reply, [one])[one]
    assert (judged.verdict, judged.code) == (verdict, code)


def test_search_that_gives_no_more_says_that_others_may_be_there(
    server: SmallServer, crm: ZohoClient
) -> None:
    body = {"code": "LIMIT_REACHED", "details": {}, "message": "no", "status": "error"}
    reply = answered(server, crm, READS["search"][2], body, 400)
    assert judge_call(CallKind.SEARCH, reply).verdict is Verdict.TOO_LONG


def test_no_text_of_a_record_breaks_what_shows_it(server: SmallServer, crm: ZohoClient) -> None:
    reply = answered(
        server, crm, READS["read_record"][2], b'{"data": [{"id": "1", "Email": "a\\u202e\\ud800b"}]}'
    )
    assert listed(reply.body).rows[0].values["Email"] == "a\ufffd\ufffdb"


def test_what_may_never_be_sent_is_not(server: SmallServer, crm: ZohoClient) -> None:
    before = len(server.crm)
    calls: list[Callable[[], Reply]] = [
        lambda: crm.update("Leads", "1", {}),
        lambda: crm.update("Leads", "1", {"id": "2"}),
        lambda: crm.update("Leads", "x", {"Email": None}),
        lambda: crm.delete_attachment("Leads", "1", "../2"),
        lambda: crm.delete_photo("Leads", ""),
        lambda: crm.read_values("Leads", ["1"], []),
        lambda: crm.read_values("Leads", [], ["Email"]),
        lambda: crm.related_counts("Leads", "1", []),
        lambda: crm.related_counts("Leads", "1", ["x"] * 21),
        lambda: crm.related("Leads", "1", "..", 1),
    ]
    for call in calls:
        with pytest.raises(ValueError):
            call()
    assert len(server.crm) == before
