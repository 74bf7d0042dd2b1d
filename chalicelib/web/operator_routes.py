"""The operators' routes: which method of which endpoints answers. `routes.register_signed` adds them."""

from __future__ import annotations

from collections.abc import Mapping

#: Path -> HTTP method -> name of the method of the endpoints that answers.
Routes = Mapping[str, Mapping[str, str]]
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

_OF_AN_ORG = frozenset({"org"})
_OF_A_TIME = frozenset({"since", "until", "cursor"})
#: What the query of a reading call may hold, by its path; of the others nothing.
QUERIES: Mapping[str, frozenset[str]] = {
    f"{_ROOT}/deletions": frozenset({"status", "module", "org", "source", "reference"}) | _OF_A_TIME,
    f"{_ROOT}/deletions/{{id}}/map": frozenset({"cursor"}),
    f"{_ROOT}/holds": _OF_AN_ORG | {"cursor"},
    f"{_ROOT}/holds/{{module}}/{{record_id}}": _OF_AN_ORG,
    f"{_ROOT}/log": _OF_A_TIME,
    f"{_ROOT}/pause": _OF_AN_ORG | {"source"},
    _POLICIES: _OF_AN_ORG,
    f"{_POLICIES}/{{name}}": _OF_AN_ORG,
    f"{_ROOT}/person-map": _OF_AN_ORG,
}

ALL: Routes = {**OPERATOR, **POLICIES, **PEOPLE}
