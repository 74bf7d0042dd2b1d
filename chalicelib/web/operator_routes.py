"""The operator routes on the Chalice application: behind IAM, SigV4 signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from chalice.app import Chalice, IAMAuthorizer, Response

from chalicelib.web.http import Answer, HttpRequest
from chalicelib.web.routes import ANY_CONTENT_TYPE, answered, entered, refuse_others

if TYPE_CHECKING:
    # A name only: the functions that serve no HTTP need not wait for what lies behind it.
    from chalicelib.web.operator import OperatorEndpoints

_ROOT = "/v1/operator"

#: Path, method -> the method of the endpoints.
ROUTES: dict[str, dict[str, str]] = {
    f"{_ROOT}/deletions": {"POST": "send", "GET": "listed"},
    f"{_ROOT}/deletions/{{id}}": {"GET": "read"},
    f"{_ROOT}/deletions/{{id}}/cancel": {"POST": "cancel"},
    f"{_ROOT}/deletions/{{id}}/retry": {"POST": "retry"},
    f"{_ROOT}/deletions/{{id}}/approve": {"POST": "approve"},
    f"{_ROOT}/deletions/{{id}}/resolve": {"POST": "resolve"},
    f"{_ROOT}/deletions/{{id}}/restore": {"POST": "restore"},
    f"{_ROOT}/deletions/{{id}}/delete_permanently": {"POST": "delete_permanently"},
    f"{_ROOT}/deletions/{{id}}/forget": {"POST": "forget"},
    f"{_ROOT}/sources/{{source}}/cancel": {"POST": "cancel_source"},
    f"{_ROOT}/holds": {"GET": "holds"},
    f"{_ROOT}/holds/{{module}}/{{record_id}}": {"GET": "hold", "PUT": "set_hold", "DELETE": "remove_hold"},
    f"{_ROOT}/log": {"GET": "read_log", "POST": "tell_log"},
    f"{_ROOT}/pause": {"GET": "paused", "PUT": "pause"},
}


def register(app: Chalice, endpoints: Callable[[], OperatorEndpoints]) -> None:
    """Add the operator routes to `app`. `endpoints` is called with each request: it builds once and keeps."""
    for path, methods in ROUTES.items():
        _add(app, path, methods, endpoints)


def _add(
    app: Chalice, path: str, methods: Mapping[str, str], endpoints: Callable[[], OperatorEndpoints]
) -> None:
    def enter(request: HttpRequest) -> Answer:
        return entered(endpoints(), methods[request.method], request)

    def view(**_in_path: str) -> Response:
        return answered(app, lambda: enter)

    signed = app.route(
        path,
        methods=list(methods),
        content_types=ANY_CONTENT_TYPE,
        authorizer=IAMAuthorizer(),
        name="operator",
    )
    signed(view)
    refuse_others(app, path, list(methods))
