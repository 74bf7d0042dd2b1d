"""Which error becomes which answer."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import (
    Conflict,
    Field,
    NotAllowed,
    NotValid,
    SecretUnusable,
    Unavailable,
    Unreadable,
)
from chalicelib.web import responses
from chalicelib.web.signature import Unauthorized


@pytest.mark.parametrize(
    ("problem", "status", "code"),
    [
        (NotValid("bad"), 400, "invalid_request"),
        (Unauthorized("no_match"), 401, "unauthorized"),
        (NotAllowed("no"), 403, "not_allowed"),
        (responses.NotFound(), 404, "not_found"),
        (Conflict("crm", "msg_SECRET"), 409, "conflict"),
        (responses.TooLarge(5), 413, "too_large"),
        (responses.UnsupportedMediaType("send application/json"), 415, "unsupported_media_type"),
        (Unavailable("table", "SECRET"), 503, "unavailable"),
        (SecretUnusable("sources", "SECRET"), 503, "unavailable"),
        (Unreadable("D#1", "SECRET"), 503, "unavailable"),
        (RuntimeError("SECRET"), 503, "unavailable"),
    ],
)
def test_the_table_of_answers(problem: Exception, status: int, code: str) -> None:
    answer = responses.refusal(problem, "req-1")
    assert not isinstance(answer.body, str)
    assert (answer.status, answer.body["error"]["code"]) == (status, code)
    assert answer.body["error"]["request_id"] == "req-1"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert "SECRET" not in str(answer)


def test_fields_are_listed() -> None:
    fields = (Field("/ids/3", "must be a string"), Field("/x", "is not a known field"))
    for problem in (NotValid("bad", fields), NotAllowed("no", fields)):
        body = responses.refusal(problem, "r").body
        assert not isinstance(body, str)
        assert body["error"]["fields"] == [{"path": f.path, "problem": f.problem} for f in fields]


def test_every_reason_for_a_401_gives_the_same_answer() -> None:
    assert responses.refusal(Unauthorized("bad_id"), "r") == responses.refusal(
        Unauthorized("unknown_source"), "r"
    )
