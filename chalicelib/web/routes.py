"""The HTTP routes on the Chalice application, and the one place where an error becomes an answer.

About Chalice 1.34:
- A route checks the content type itself, before our code: a missing one counts as JSON, "*/*" anywhere in it
passes, and its 415 has a body of its own. An empty list of content types switches that off, so that the
contract's 415 with its request id is the only one. The list goes into the packaged API as `consumes`, where
an empty one is fine.
- What a route raises never reaches a middleware: Chalice logs it with its message, which may hold what a
sender sent, and answers 500 in its own words. So nothing is raised from here: the unexpected is noted by type
and place and answered 503, on which every sender tries again.
- A method that a path does not take never reaches the function: API Gateway answers for a path that it does
not know at all. So the other methods of our paths are routes too, which answer 405.
- `raw_body` is decoded from the event alone; we read the event ourselves, because a request with a header
that came twice has both only there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from chalice.app import Chalice, IAMAuthorizer, Response

from chalicelib import observability
from chalicelib.domain.errors import ExpungeError, Field, NotValid, Unavailable
from chalicelib.web import responses
from chalicelib.web.http import Answer, HttpRequest, from_event
from chalicelib.web.operator_routes import QUERIES, Routes
from chalicelib.web.signature import Unauthorized

if TYPE_CHECKING:
    # Names only: the functions that serve no HTTP need not wait for what lies behind them.
    from chalicelib.web.intake import Intake
    from chalicelib.web.operator import OperatorEndpoints
    from chalicelib.web.operator_people import PersonEndpoints
    from chalicelib.web.operator_policies import PolicyEndpoints
    from chalicelib.web.status import Reading

    SignedEndpoints = OperatorEndpoints | PolicyEndpoints | PersonEndpoints

ANY_CONTENT_TYPE: list[str] = []
WRONG_METHOD = "wrong_method"  # name of the routes that answer 405
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")

SEND = "/v1/sources/{source}/deletions"
READ = "/v1/deletions/{id}"
READ_RECORDS = "/v1/deletions/{id}/records"

Endpoint = Callable[[HttpRequest], Answer]


@dataclass(frozen=True, slots=True)
class PublicEndpoints:
    """What the routes hand over to."""

    intake: Intake
    reading: Reading


def register(app: Chalice, endpoints: Callable[[], PublicEndpoints]) -> None:
    """Add the public routes to `app`. `endpoints` is called with each request: it builds once and keeps."""

    @app.route(SEND, methods=["POST"], content_types=ANY_CONTENT_TYPE)
    def receive(source: str) -> Response:  # noqa: ARG001  # Chalice hands over what the path holds
        return answered(app, lambda: endpoints().intake)

    @app.route(READ, methods=["GET"], content_types=ANY_CONTENT_TYPE)
    def status(id: str) -> Response:  # noqa: A002, ARG001
        return answered(app, lambda: endpoints().reading.status, for_people=True)

    @app.route(READ_RECORDS, methods=["GET"], content_types=ANY_CONTENT_TYPE)
    def records(id: str) -> Response:  # noqa: A002, ARG001
        return answered(app, lambda: endpoints().reading.records)

    for path in (SEND, READ, READ_RECORDS):
        _refuse_others(app, path, list(app.routes[path]))


def register_signed(
    app: Chalice, routes: Routes, endpoints: Callable[[], SignedEndpoints], name: str
) -> None:
    """Add operators' routes to `app`: behind IAM, SigV4 signed. `endpoints` is called with each request: it
    builds once and keeps. `name`: what Chalice calls them in the packaged API.
    """
    for path, methods in routes.items():
        _add_signed(app, path, methods, endpoints, name)


def _add_signed(
    app: Chalice, path: str, methods: Mapping[str, str], endpoints: Callable[[], SignedEndpoints], name: str
) -> None:
    def enter(request: HttpRequest) -> Answer:
        return _entered(endpoints(), methods[request.method], request, QUERIES.get(path, frozenset()))

    def view(**_in_path: str) -> Response:
        return answered(app, lambda: enter)

    taken, signed = list(methods), IAMAuthorizer()
    app.route(path, methods=taken, content_types=ANY_CONTENT_TYPE, authorizer=signed, name=name)(view)
    _refuse_others(app, path, taken)


def _refuse_others(app: Chalice, path: str, taken: list[str]) -> None:
    """Answer 405 to the methods of `path` that are not in `taken`."""

    def refuse(_request: HttpRequest) -> Answer:
        raise responses.MethodNotAllowed(", ".join(taken))

    def wrong_method(**_in_path: str) -> Response:
        return answered(app, lambda: refuse)

    others = [method for method in METHODS if method not in taken]
    app.route(path, methods=others, content_types=ANY_CONTENT_TYPE, name=WRONG_METHOD)(wrong_method)


def answered(app: Chalice, endpoint: Callable[[], Endpoint], *, for_people: bool = False) -> Response:
    """The answer of an endpoint to the application's current request; never raises.

    `for_people`: a browser gets a refusal as a page in plain words.
    """
    current = app.current_request
    request = from_event(current.to_original_event() if current else {})
    observability.follow(request.request_id)
    try:
        answer = endpoint()(request)
    except Exception as problem:  # noqa: BLE001  # see above: nothing may be left to Chalice
        _noted(problem, request.request_id)
        answer = responses.refusal(problem, request.request_id)
        if for_people and request.accepts_html():
            answer = _in_words(answer, request.request_id)
    return Response(body=answer.body, status_code=answer.status, headers=dict(answer.headers))


def _entered(endpoints: SignedEndpoints, name: str, request: HttpRequest, reads: frozenset[str]) -> Answer:
    """The answer of an operators' endpoint, the method `name`. `reads`: the parameters that a GET takes.

    Raises what responses.refusal turns into answers: NotValid for a parameter that a call does not take, as a
    misspelled filter would list what nobody asked for.
    """
    if request.query and request.method != "GET":
        from chalicelib.web import dry_run

        return dry_run.answered(endpoints, name, request)
    if unknown := sorted(request.query.keys() - reads):
        fields = tuple(Field(f"/{each}", "is not known here") for each in unknown)
        raise NotValid("the request is not valid", fields)
    answer: Answer = getattr(endpoints, name)(request)
    return answer


def _in_words(refusal: Answer, request_id: str) -> Answer:
    from chalicelib.web import page

    nonce = token_urlsafe(16)
    headers = {**refusal.headers, "Vary": "Accept", **page.headers(nonce)}
    del headers["Content-Type"]
    return responses.page(refusal.status, page.refused(refusal.status, request_id, nonce), headers)


def _noted(problem: Exception, request_id: str) -> None:
    """Why a request was refused, for the log and the metrics: codes and places, nothing that was sent."""
    match problem:
        case Unauthorized():
            observability.note("Unauthorized", reason=problem.reason, request=request_id)
            observability.count(f"Unauthorized_{problem.reason}")
        case Unavailable():
            observability.trouble(
                "Unavailable", problem, what=problem.what, why=problem.reason, request=request_id
            )
        case ExpungeError():
            observability.note(type(problem).__name__, request=request_id)
        case _:
            observability.trouble("Unexpected", problem, request=request_id)
