"""The policies' routes on the Chalice application: behind IAM, SigV4 signed, as all of the operators'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from chalice.app import Chalice, IAMAuthorizer, Response

from chalicelib.web.http import Answer, HttpRequest
from chalicelib.web.routes import ANY_CONTENT_TYPE, answered, entered, refuse_others

if TYPE_CHECKING:
    # A name only: the functions that serve no HTTP need not wait for what comes with it.
    from chalicelib.web.operator_policies import PolicyEndpoints

_ROOT = "/v1/operator/policies"

#: Path, method -> the method of the endpoints.
ROUTES: dict[str, dict[str, str]] = {
    _ROOT: {"GET": "listed"},
    f"{_ROOT}/{{name}}": {"GET": "get", "PUT": "put", "DELETE": "remove"},
    f"{_ROOT}/{{name}}/run": {"POST": "run"},
}


def register(app: Chalice, endpoints: Callable[[], PolicyEndpoints]) -> None:
    """Add the routes to `app`. `endpoints` is called with each request: it builds once and keeps."""
    for path, methods in ROUTES.items():
        _add(app, path, methods, endpoints)


def _add(
    app: Chalice, path: str, methods: Mapping[str, str], endpoints: Callable[[], PolicyEndpoints]
) -> None:
    def enter(request: HttpRequest) -> Answer:
        return entered(endpoints(), methods[request.method], request)

    def view(**_in_path: str) -> Response:
        return answered(app, lambda: enter)

    taken = list(methods)
    signed = IAMAuthorizer()
    app.route(path, methods=taken, content_types=ANY_CONTENT_TYPE, authorizer=signed, name="policies")(view)
    refuse_others(app, path, taken)
