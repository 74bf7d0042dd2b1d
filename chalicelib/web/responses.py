"""The contract's answers, and the one place that says which error becomes which (contract section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.errors import (
    Conflict,
    ExpungeError,
    LimitReached,
    Missing,
    NotAllowed,
    NotValid,
    Rejected,
    Unavailable,
    WrongState,
)
from chalicelib.web.http import Answer
from chalicelib.web.signature import Unauthorized

#: On every answer: it is about one request and one reader, and its address may carry a capability token.
ALWAYS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
JSON = {"Content-Type": "application/json"}
RETRY_AFTER_SECONDS = 5

_UNAUTHORIZED = "the request could not be verified: expunge verify tells why"
_UNAVAILABLE = "not known to be accepted: send it again with the same id"


class HttpProblem(ExpungeError):
    """An error that only HTTP knows; each kind has a status and a code, some have headers."""

    status: int
    code: str

    def __init__(self, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.headers = headers or {}


class NotFound(HttpProblem):
    """No such path, or a read link that is not good: the same answer for both."""

    status, code = 404, "not_found"

    def __init__(self) -> None:
        super().__init__("there is nothing here")


class MethodNotAllowed(HttpProblem):
    """The path does not take this method; `allowed` are those that it takes."""

    status, code = 405, "method_not_allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"this path takes {allowed}", {"Allow": allowed})


class TooLarge(HttpProblem):
    """The body is over the limit."""

    status, code = 413, "too_large"

    def __init__(self, most: int) -> None:
        super().__init__(f"the body may have {most} bytes at most")


class UnsupportedMediaType(HttpProblem):
    """A content type that this path, or this source, does not take."""

    status, code = 415, "unsupported_media_type"


def ok(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    """An answer that carries what was asked for."""
    return Answer(status, body, {**ALWAYS, **JSON, **(headers or {})})


def page(status: int, text: str, headers: Mapping[str, str]) -> Answer:
    """An HTML page."""
    return Answer(status, text, {**ALWAYS, "Content-Type": "text/html; charset=utf-8", **headers})


def refusal(problem: Exception, request_id: str) -> Answer:
    """The answer for an error, expected or not.

    What nobody expected is 503 too, not 500: it is just as true that the request is not known to be accepted,
    every sender tries again on it, and a second try with the same id is either the first acceptance or a
    replay.
    """
    match problem:
        case NotValid():
            return _error(400, "invalid_request", problem.message, request_id, fields=_fields(problem))
        case Unauthorized():
            return _error(401, "unauthorized", _UNAUTHORIZED, request_id)
        case NotAllowed() | LimitReached():
            return _held_to_limits(problem, request_id)
        case Missing():
            return refusal(NotFound(), request_id)
        case Rejected():
            return _error(400, "invalid_request", "the request is too large to be kept", request_id)
        case Conflict() | WrongState():
            return _error(409, "conflict", problem.why, request_id)
        case HttpProblem():
            return _error(problem.status, problem.code, str(problem), request_id, headers=problem.headers)
        case Unavailable() | _:
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return _error(503, "unavailable", _UNAVAILABLE, request_id, headers=headers)


def _held_to_limits(problem: NotAllowed | LimitReached, request_id: str) -> Answer:
    """The sender may not do it, or not now."""
    fields = _fields(problem)
    if isinstance(problem, NotAllowed):
        return _error(403, "not_allowed", problem.message, request_id, fields=fields)
    headers = {"Retry-After": str(problem.retry_after)}
    return _error(429, "limit_reached", problem.message, request_id, fields=fields, headers=headers)


def _fields(problem: NotValid | NotAllowed | LimitReached) -> list[dict[str, str]]:
    return [{"path": field.path, "problem": field.problem} for field in problem.fields]


def _error(
    status: int,
    code: str,
    message: str,
    request_id: str,
    *,
    fields: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    error: dict[str, Any] = {"code": code, "message": message, "request_id": request_id}
    if fields is not None:
        error["fields"] = fields
    return ok(status, {"error": error}, headers)
