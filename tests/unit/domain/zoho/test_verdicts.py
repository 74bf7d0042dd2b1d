"""The verdict table is whole, and every shape of an answer gets the verdict that the design promises."""

import json
from pathlib import Path

import pytest

from chalicelib.domain.request import Operation
from chalicelib.domain.zoho.judge_call import counted, judge_call, started_job
from chalicelib.domain.zoho.judge_items import judge_items
from chalicelib.domain.zoho.lookup import TABLE, explain, find
from chalicelib.domain.zoho.reply import CallKind, Item, Reply
from chalicelib.domain.zoho.verdict import SOURCES, Row, Verdict

DATA = Path(__file__).parents[3] / "data"
KNOWN = json.loads((DATA / "error_codes.json").read_text())
PRINTED = json.loads((DATA / "seeds" / "error_codes.json").read_text())["documents"]
DESTRUCTIVE = [k for k in CallKind if k.value.startswith(("delete_", "mass", "delink", "update"))]
BY_ID = [CallKind.DELETE_RECORDS, CallKind.MASS_DELETE_IDS, CallKind.DELINK]
KIND_OF = {
    "delete-records-v2": [CallKind.DELETE_RECORDS, CallKind.DELETE_EXTERNAL],
    "delete-records-v7": [CallKind.DELETE_RECORDS, CallKind.DELETE_EXTERNAL],
    "mass-delete-records-v7": [CallKind.MASS_DELETE_IDS, CallKind.MASS_DELETE_VIEW],
    "mass-delete-status-v6": [CallKind.JOB_STATUS],
    "delink-related-records-v7": [CallKind.DELINK],
}
SOURCE_OF = {
    "delete-records-v2": "DEL2",
    "delete-records-v7": "DEL7",
    "mass-delete-records-v7": "MASS7",
    "mass-delete-status-v6": "STAT6",
    "delink-related-records-v7": "LINK7",
}


def bare(code: str, status: int = 400, message: str = "", **details: object) -> Reply:
    return Reply(status=status, error=Item(code, message, details=details), body={"code": code})


def listed(*items: Item, status: int = 200) -> Reply:
    return Reply(status=status, items=items, body={"data": []})


def done(one: str | None) -> Item:
    return Item("SUCCESS", "record deleted", ok=True, id=one)


def error(code: str, one: str | None = None, message: str = "") -> Item:
    return Item(code, message, id=one)


# --- the table ---


@pytest.mark.parametrize("document", sorted(PRINTED))
def test_every_code_of_a_document_is_in_the_table_with_that_document_as_a_source(document: str) -> None:
    for printed in PRINTED[document]:
        for kind in KIND_OF[document]:
            row = find(printed["code"], kind)
            assert row is not None, (printed["code"], kind)
        assert any(SOURCE_OF[document] in row.sources for row in TABLE if row.code == printed["code"])


@pytest.mark.parametrize("call", sorted(set(KNOWN) - {"note", "client_only"}))
def test_every_known_code_of_a_call_is_in_the_table(call: str) -> None:
    assert [code for code in KNOWN[call] if find(code, CallKind(call)) is None] == []


def test_codes_that_no_deletion_meets_are_in_the_table_too() -> None:
    assert set(KNOWN["client_only"]) <= {row.code for row in TABLE}


def test_no_code_has_two_rows_for_one_call() -> None:
    seen = [(row.code, kind) for row in TABLE for kind in row.kinds]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.code)
def test_every_row_says_what_it_means_and_what_to_do(row: Row) -> None:
    assert row.meaning.endswith((".", ")"))
    assert row.what_to_do.endswith(".")
    assert set(row.sources) <= set(SOURCES)
    assert row.sources


@pytest.mark.parametrize("operation", list(Operation))
def test_explain_knows_every_code_and_has_words_for_others(operation: Operation) -> None:
    for row in TABLE:
        assert all(explain(row.code, operation))
    assert all(explain("BRAND_NEW", operation))


def test_explain_takes_the_operation_into_account() -> None:
    assert "view" in explain("INVALID_DATA", Operation.MASS_DELETE)[0]
    assert "record" in explain("INVALID_DATA", Operation.DELETE_RECORDS)[0]
    assert "links" in explain("INVALID_DATA", Operation.DELINK_RECORDS)[0]


# --- single ids ---

ITEM_CASES = [
    (CallKind.DELETE_RECORDS, done("1"), Verdict.DELETED),
    (CallKind.DELETE_RECORDS, error("INVALID_DATA", "1", "record not deleted"), Verdict.CHECK_GONE),
    (CallKind.DELETE_RECORDS, error("INVALID_DATA", "1", "Invalid record id"), Verdict.FAILED),
    (
        CallKind.MASS_DELETE_IDS,
        error("INVALID_DATA", "1", "the id given seems to be invalid"),
        Verdict.CHECK_GONE,
    ),
    (CallKind.DELINK, error("INVALID_DATA", "1", "the related id given seems to be invalid"), Verdict.ABSENT),
    (CallKind.DELETE_RECORDS, error("RECORD_LOCKED", "1"), Verdict.RETRY_SLOWLY),
    (CallKind.MASS_DELETE_IDS, error("NOT_APPROVED", "1"), Verdict.RETRY_SLOWLY),
    (CallKind.DELETE_RECORDS, error("NO_PERMISSION", "1"), Verdict.FAILED),
    (CallKind.DELETE_RECORDS, error("CANNOT_DELETE", "1"), Verdict.FAILED),
    (CallKind.DELETE_RECORDS, error("INTERNAL_ERROR", "1"), Verdict.REPEAT),
    (CallKind.DELETE_RECORDS, error("TOO_MANY_REQUESTS", "1"), Verdict.REPEAT),
    (CallKind.DELETE_RECORDS, error("BRAND_NEW", "1"), Verdict.REPEAT),
    (CallKind.DELETE_RECORDS, Item("BRAND_NEW", ok=True, id="1"), Verdict.REPEAT),
    (CallKind.DELETE_RECORDS, Item("SUCCESS", ok=False, id="1"), Verdict.REPEAT),
    (CallKind.DELETE_RECORDS, Item("INVALID_DATA", ok=True, id="1"), Verdict.REPEAT),
    (CallKind.DELETE_RECORDS, Item("", ok=True, id="1"), Verdict.REPEAT),
]


@pytest.mark.parametrize(("kind", "item", "verdict"), ITEM_CASES)
@pytest.mark.parametrize("status", [200, 202, 207, 400, 403, 500])
def test_an_item_has_its_verdict_whatever_the_status(
    kind: CallKind, item: Item, verdict: Verdict, status: int
) -> None:
    reply = listed(item, done("2"), status=status)
    assert judge_call(kind, reply, ["2", "1"]).verdict is Verdict.ANSWERED
    judged = judge_items(kind, reply, ["2", "1"])
    assert judged["1"].verdict is verdict
    assert judged["1"].code == item.code
    assert judged["2"].verdict is Verdict.DELETED


def test_items_are_matched_by_id_and_what_is_not_spoken_of_is_open() -> None:
    reply = listed(done("9"), done("3"), error("RECORD_LOCKED", "1"))
    judged = judge_items(CallKind.DELETE_RECORDS, reply, ["1", "2", "3"])
    assert [judged[i].verdict for i in "123"] == [Verdict.RETRY_SLOWLY, Verdict.REPEAT, Verdict.DELETED]
    assert "9" not in judged


def test_two_answers_for_one_id_are_no_answer() -> None:
    reply = listed(done("1"), error("RECORD_LOCKED", "1"))
    assert judge_items(CallKind.DELETE_RECORDS, reply, ["1"])["1"].verdict is Verdict.REPEAT


def test_errors_without_an_id_count_only_where_they_must_be_meant() -> None:
    reply = listed(done("1"), error("NOT_APPROVED"), error("NOT_APPROVED"))
    judged = judge_items(CallKind.DELETE_RECORDS, reply, ["1", "2", "3"])
    assert {judged["2"].verdict, judged["3"].verdict} == {Verdict.RETRY_SLOWLY}
    mixed = listed(done("1"), error("NOT_APPROVED"), error("RECORD_LOCKED"))
    assert judge_items(CallKind.DELETE_RECORDS, mixed, ["1", "2", "3"])["2"].verdict is Verdict.REPEAT
    success = listed(done("1"), done(None))
    assert judge_items(CallKind.DELETE_RECORDS, success, ["1", "2"])["2"].verdict is Verdict.REPEAT


def test_all_items_without_an_id_but_with_one_error_are_an_answer() -> None:
    reply = listed(error("NOT_APPROVED"), error("NOT_APPROVED"), status=400)
    assert judge_call(CallKind.DELETE_RECORDS, reply, ["1", "2"]).verdict is Verdict.ANSWERED


def test_answers_about_other_ids_are_no_answer() -> None:
    assert judge_call(CallKind.DELETE_RECORDS, listed(done("9")), ["1"]).verdict is Verdict.UNKNOWN
    assert judge_call(CallKind.DELETE_RECORDS, listed(done(None)), ["1"]).verdict is Verdict.UNKNOWN
    assert judge_call(CallKind.DELETE_RECORDS, listed(), ["1"]).verdict is Verdict.UNKNOWN


def test_an_id_that_zoho_cannot_read_fails_alone() -> None:
    for kind in DESTRUCTIVE:
        if kind is not CallKind.MASS_DELETE_VIEW:
            judged = judge_items(kind, bare("UNABLE_TO_PARSE_DATA_TYPE"), ["1"])["1"]
            assert (judged.verdict, judged.code) == (Verdict.FAILED, "UNABLE_TO_PARSE_DATA_TYPE")


# --- whole calls ---

BARE_CASES = [
    (CallKind.DELETE_RECORDS, "INVALID_DATA", 400, 2, Verdict.SPLIT),
    (CallKind.DELETE_RECORDS, "INVALID_DATA", 400, 1, Verdict.ANSWERED),
    (CallKind.DELETE_RECORDS, "RECORD_LOCKED", 400, 2, Verdict.SPLIT),
    (CallKind.DELETE_RECORDS, "NOT_APPROVED", 400, 1, Verdict.ANSWERED),
    (CallKind.DELETE_RECORDS, "NOT_SUPPORTED", 400, 2, Verdict.FAIL),
    (CallKind.MASS_DELETE_IDS, "NOT_SUPPORTED", 400, 2, Verdict.FALLBACK),
    (CallKind.MASS_DELETE_IDS, "ALREADY_SCHEDULED", 400, 2, Verdict.WAIT_LANE),
    (CallKind.MASS_DELETE_VIEW, "ALREADY_SCHEDULED", 400, 0, Verdict.WAIT_LANE),
    (CallKind.MASS_DELETE_VIEW, "ALREADY_SCHEDULED", 202, 0, Verdict.WAIT_LANE),
    (CallKind.MASS_DELETE_VIEW, "NOT_SUPPORTED", 400, 0, Verdict.FAIL),
    (CallKind.MASS_DELETE_VIEW, "NO_RECORDS_FOUND", 400, 0, Verdict.NOTHING),
    (CallKind.MASS_DELETE_VIEW, "INVALID_DATA", 400, 0, Verdict.FAIL),
    (CallKind.MASS_DELETE_VIEW, "LIMIT_EXCEEDED", 400, 0, Verdict.FAIL),
    (CallKind.MASS_DELETE_VIEW, "RECORD_LIMIT_EXCEEDED", 400, 0, Verdict.FAIL),
    (CallKind.MASS_DELETE_VIEW, "NOT_APPROVED", 400, 0, Verdict.RETRY_SLOWLY),
    (CallKind.MASS_DELETE_VIEW, "BRAND_NEW", 400, 0, Verdict.RETRY),
    (CallKind.MASS_DELETE_VIEW, "BRAND_NEW", 200, 0, Verdict.UNKNOWN),
    (CallKind.DELETE_RECORDS, "BRAND_NEW", 400, 2, Verdict.RETRY),
    (CallKind.DELETE_RECORDS, "BRAND_NEW", 200, 2, Verdict.UNKNOWN),
    (CallKind.JOB_STATUS, "INVALID_DATA", 400, 0, Verdict.GONE),
    (CallKind.JOB_STATUS, "NOT_FOUND", 404, 0, Verdict.GONE),
    (CallKind.JOB_STATUS, "BRAND_NEW", 404, 0, Verdict.GONE),
    (CallKind.COUNT, "NOT_SUPPORTED", 400, 0, Verdict.UNCOUNTABLE),
    (CallKind.COUNT, "INVALID_DATA", 400, 0, Verdict.FAIL),
    (CallKind.DELINK, "INVALID_DATA", 404, 2, Verdict.FAIL),
    (CallKind.DELINK, "INVALID_DATA", 400, 2, Verdict.SPLIT),
    (CallKind.DELINK, "INVALID_DATA", 400, 1, Verdict.ANSWERED),
    (CallKind.READ, "INVALID_QUERY", 400, 0, Verdict.FAIL),
    *((kind, "UNABLE_TO_PARSE_DATA_TYPE", 400, 2, Verdict.SPLIT) for kind in BY_ID),
    *((kind, "UNABLE_TO_PARSE_DATA_TYPE", 400, 1, Verdict.ANSWERED) for kind in BY_ID),
    *((kind, "LIMIT_EXCEEDED", 400, 2, Verdict.SPLIT) for kind in BY_ID),
    (CallKind.MASS_DELETE_VIEW, "UNABLE_TO_PARSE_DATA_TYPE", 400, 0, Verdict.FAIL),
]


@pytest.mark.parametrize(("kind", "code", "status", "asked", "verdict"), BARE_CASES)
@pytest.mark.parametrize("wrapped", [False, True])
def test_an_error_of_the_call(
    kind: CallKind, code: str, status: int, asked: int, verdict: Verdict, wrapped: bool
) -> None:
    reply = listed(error(code), status=status) if wrapped else bare(code, status)
    judged = judge_call(kind, reply, ["1", "2"][:asked])
    assert (judged.verdict, judged.code) == (verdict, code)


@pytest.mark.parametrize("kind", DESTRUCTIVE)
@pytest.mark.parametrize(
    ("code", "status", "verdict"),
    [
        ("INVALID_TOKEN", 401, Verdict.WAIT_CREDENTIALS),
        ("AUTHENTICATION_FAILURE", 401, Verdict.WAIT_CREDENTIALS),
        ("BRAND_NEW", 401, Verdict.WAIT_CREDENTIALS),
        ("OAUTH_SCOPE_MISMATCH", 401, Verdict.FAIL),
        ("NO_PERMISSION", 403, Verdict.FAIL),
        ("AUTHORIZATION_FAILED", 400, Verdict.FAIL),
        ("INVALID_MODULE", 400, Verdict.FAIL),
        ("INVALID_URL_PATTERN", 404, Verdict.FAIL),
        ("INVALID_REQUEST_METHOD", 400, Verdict.FAIL),
        ("REQUIRED_PARAM_MISSING", 400, Verdict.FAIL),
        ("MANDATORY_NOT_FOUND", 400, Verdict.FAIL),
        ("TOO_MANY_REQUESTS", 429, Verdict.WAIT_CREDITS),
        ("BRAND_NEW", 429, Verdict.WAIT_CREDITS),
        ("INTERNAL_ERROR", 500, Verdict.UNKNOWN),
        ("INTERNAL_ERROR", 400, Verdict.UNKNOWN),
        ("NO_PERMISSION", 500, Verdict.UNKNOWN),
        ("BRAND_NEW", 503, Verdict.UNKNOWN),
    ],
)
def test_errors_that_every_destructive_call_shares(
    kind: CallKind, code: str, status: int, verdict: Verdict
) -> None:
    assert judge_call(kind, bare(code, status), ["1"]).verdict is verdict


@pytest.mark.parametrize("status", [200, 202, 204, 207, 500, 502, 503, 504, 408])
@pytest.mark.parametrize("kind", DESTRUCTIVE)
def test_no_readable_answer_leaves_the_outcome_unknown(kind: CallKind, status: int) -> None:
    assert judge_call(kind, Reply(status=status), ["1"]).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 413, 418])
def test_a_view_is_sent_again_only_after_a_refusal_that_could_be_read(status: int) -> None:
    assert judge_call(CallKind.MASS_DELETE_VIEW, Reply(status=status)).verdict is Verdict.UNKNOWN


def test_a_429_without_a_body_waits_for_credits() -> None:
    for kind in DESTRUCTIVE:
        assert judge_call(kind, Reply(status=429), ["1"]).verdict is Verdict.WAIT_CREDITS


@pytest.mark.parametrize(("status", "verdict"), [
    (302, Verdict.RETRY), (400, Verdict.RETRY), (403, Verdict.RETRY), (404, Verdict.RETRY),
    (414, Verdict.SPLIT),
    (401, Verdict.WAIT_CREDENTIALS),
])  # fmt: skip
def test_by_id_an_unreadable_refusal_is_tried_again(status: int, verdict: Verdict) -> None:
    assert judge_call(CallKind.DELETE_RECORDS, Reply(status=status), ["1", "2"]).verdict is verdict


def test_an_answer_that_never_came() -> None:
    for kind in DESTRUCTIVE:
        assert judge_call(kind, Reply(status=None, failure="ReadTimeout"), ["1"]).verdict is Verdict.UNKNOWN
        assert judge_call(kind, Reply(status=None, sent=False), ["1"]).verdict is Verdict.RETRY
    assert judge_call(CallKind.COUNT, Reply(status=None)).verdict is Verdict.RETRY


@pytest.mark.parametrize(("code", "verdict"), [
    ("invalid_code", Verdict.WAIT_CREDENTIALS), ("invalid_client", Verdict.WAIT_CREDENTIALS),
    ("invalid_client_secret", Verdict.WAIT_CREDENTIALS), ("Access Denied", Verdict.WAIT_TOKEN),
    ("access_denied", Verdict.WAIT_TOKEN), ("OUT_OF_TIME", Verdict.RETRY), ("brand_new", Verdict.RETRY),
])  # fmt: skip
@pytest.mark.parametrize("kind", [CallKind.MASS_DELETE_VIEW, CallKind.DELETE_RECORDS, CallKind.COUNT])
def test_without_a_token_nothing_was_sent(kind: CallKind, code: str, verdict: Verdict) -> None:
    reply = Reply(status=200, sent=False, error=Item(code))
    assert judge_call(kind, reply, ["1"]).verdict is verdict


def test_the_token_endpoint_itself() -> None:
    assert judge_call(CallKind.TOKEN, Reply(status=429)).verdict is Verdict.WAIT_TOKEN
    assert judge_call(CallKind.TOKEN, bare("Access Denied", 200)).verdict is Verdict.WAIT_TOKEN
    assert judge_call(CallKind.TOKEN, bare("invalid_code", 200)).verdict is Verdict.WAIT_CREDENTIALS
    assert judge_call(CallKind.TOKEN, Reply(status=502)).verdict is Verdict.RETRY


@pytest.mark.parametrize("index", [0, 1, 2])
def test_delink_tells_a_missing_parent_from_a_missing_link(index: int) -> None:
    reply = bare("INVALID_DATA", resource_path_index=index)
    assert judge_call(CallKind.DELINK, reply, ["1"]).verdict is Verdict.FAIL
    link = bare("INVALID_DATA", resource_path_index=3)
    assert judge_call(CallKind.DELINK, link, ["1"]).verdict is Verdict.ANSWERED
    assert judge_items(CallKind.DELINK, link, ["1"])["1"].verdict is Verdict.ABSENT


def test_an_external_id_is_answered_with_the_records_own() -> None:
    judged = judge_items(CallKind.DELETE_EXTERNAL, listed(done("410")), ["ext-1"])
    assert judged["ext-1"].verdict is Verdict.DELETED
    two = listed(done("410"), done("411"))
    assert judge_call(CallKind.DELETE_EXTERNAL, two, ["ext-1"]).verdict is Verdict.UNKNOWN


def test_a_module_in_the_path_is_not_an_id() -> None:
    assert (
        judge_call(CallKind.DELETE_EXTERNAL, bare("INVALID_DATA", resource_path_index=0), ["a"]).verdict
        is Verdict.FAIL
    )
    own = bare("INVALID_DATA", resource_path_index=1)
    assert judge_items(CallKind.DELETE_EXTERNAL, own, ["a"])["a"].verdict is Verdict.CHECK_GONE


@pytest.mark.parametrize("code", ["NOT_SUPPORTED", "INTERNAL_ERROR", "BRAND_NEW"])
@pytest.mark.parametrize("status", [400, 403, 500])
def test_an_edition_without_mass_delete_by_view_fails_under_any_code(code: str, status: int) -> None:
    words = "Scheduled Mass Operation feature is not available in your edition"
    judged = judge_call(CallKind.MASS_DELETE_VIEW, bare(code, status, words))
    assert (judged.verdict, judged.code) == (Verdict.FAIL, "NOT_IN_EDITION")


@pytest.mark.parametrize("job", ["3652397000009565021", 3652397000009565021])
def test_a_job_was_started(job: object) -> None:
    reply = listed(Item("SUCCESS", ok=True, details={"job_id": job}))
    assert judge_call(CallKind.MASS_DELETE_VIEW, reply).verdict is Verdict.STARTED
    assert started_job(reply) == "3652397000009565021"


@pytest.mark.parametrize("job", [None, "", "x", True, 1.5, ["1"]])
def test_a_success_without_a_job_id_is_unknown(job: object) -> None:
    reply = listed(Item("SUCCESS", ok=True, details={"job_id": job}))
    assert judge_call(CallKind.MASS_DELETE_VIEW, reply).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("value", "number"), [
    (0, 0), (123, 123), ("123", 123), (-1, None), (True, None), (1.0, None), ("", None), ("1" * 30, None),
    (None, None),
])  # fmt: skip
def test_a_count(value: object, number: int | None) -> None:
    reply = Reply(status=200, body={"count": value})
    assert counted(reply) == number
    assert judge_call(CallKind.COUNT, reply).verdict is (
        Verdict.RETRY if number is None else Verdict.ANSWERED
    )


def test_a_read_is_answered_only_with_a_body() -> None:
    assert judge_call(CallKind.READ, Reply(status=200, body={"data": []})).verdict is Verdict.ANSWERED
    assert judge_call(CallKind.READ, Reply(status=200)).verdict is Verdict.RETRY
