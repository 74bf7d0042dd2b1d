"""The routes about erasing people on the Chalice application: behind IAM, as all of the operators'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from chalice.app import Chalice, IAMAuthorizer, Response

from chalicelib.web.http import Answer, HttpRequest
from chalicelib.web.routes import ANY_CONTENT_TYPE, answered, entered, refuse_others

if TYPE_CHECKING:
    # A name only: the functions that serve no HTTP need not wait for what comes with it.
    from chalicelib.web.operator_people import PersonEndpoints

_ROOT = "/v1/operator"

#: Path, method -> the method of the endpoints.
ROUTES: dict[str, dict[str, str]] = {
    f"{_ROOT}/deletions/{{id}}/map": {"GET": "map"},
    f"{_ROOT}/person-map": {"GET": "person_map", "PUT": "put_person_map"},
}


def register(app: Chalice, endpoints: Callable[[], PersonEndpoints]) -> None:
    """Add the routes to `app`. `endpoints` is called with each request: it builds once and keeps."""
    for path, methods in ROUTES.items():
        _add(app, path, methods, endpoints)


def _add(
    app: Chalice, path: str, methods: Mapping[str, str], endpoints: Callable[[], PersonEndpoints]
) -> None:
    def enter(request: HttpRequest) -> Answer:
        return entered(endpoints(), methods[request.method], request)

    def view(**_in_path: str) -> Response:
        return answered(app, lambda: enter)

    taken = list(methods)
    signed = IAMAuthorizer()
    app.route(path, methods=taken, content_types=ANY_CONTENT_TYPE, authorizer=signed, name="people")(view)
    refuse_others(app, path, taken)
