"""The operators' routes: which method of which endpoints answers. `routes.register_signed` adds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.web.routes import Routes

_ROOT = "/v1/operator"
_POLICIES = f"{_ROOT}/policies"

#: Of OperatorEndpoints.
OPERATOR: Routes = {
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

#: Of PolicyEndpoints.
POLICIES: Routes = {
    _POLICIES: {"GET": "listed"},
    f"{_POLICIES}/{{name}}": {"GET": "get", "PUT": "put", "DELETE": "remove"},
    f"{_POLICIES}/{{name}}/run": {"POST": "run"},
}

#: Of PersonEndpoints.
PEOPLE: Routes = {
    f"{_ROOT}/deletions/{{id}}/map": {"GET": "map"},
    f"{_ROOT}/person-map": {"GET": "person_map", "PUT": "put_person_map"},
}

ALL: Routes = {**OPERATOR, **POLICIES, **PEOPLE}
