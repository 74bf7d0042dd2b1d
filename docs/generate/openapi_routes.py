"""What docs/openapi.json says about each route: the words, the parameters and the statuses.

Every route of the contract is described here; those that the application does not have are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from docs.generate.openapi_words import Schema, ref

EVERYWHERE = ("429", "503")  # of every route: throttling, and a store out of reach
GATEWAY = ("404", "405")  # a path or method that is not there
COMMAND = ("400", "403", "404", "409")


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path. `statuses`: its refusals; `good`: the answers that carry what was asked for."""

    name: str
    summary: str
    good: Mapping[str, Schema]
    statuses: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    body: Schema | None = None
    security: str = "iam"
    says: str = ""


_INTAKE = ("400", "403", "409", "413", "415")
_LIST = ("by_status", "by_module", "org", "by_source", "by_reference", "since", "until", "page")
_HELD = ("module", "record_id", "org")
_NAMED = ("name", "org")
_ASKED = ("id", "dry_run")
_OPERATOR = "/v1/operator"
_ONE = f"{_OPERATOR}/deletions/{{id}}"
_HOLD = f"{_OPERATOR}/holds/{{module}}/{{record_id}}"
_POLICY = f"{_OPERATOR}/policies/{{name}}"
_DONE = {"202": ref("OperatorsDeletion"), "200": ref("OperatorsDeletion")}
_MADE = {"202": ref("Receipt"), "200": {"anyOf": [ref("WouldBe"), ref("Receipt")]}}
_MADE_ABOUT = {
    "202": ref("OperatorsDeletion"),
    "200": {"anyOf": [ref("WouldBe"), ref("OperatorsDeletion")]},
}
_POLICY_IS = {"200": ref("StoredPolicy")}
_HOLD_IS = {"200": ref("Hold")}
_ONE_OF = ("400", "403", "404")
_NONE = ref("Nothing")

ROUTES: dict[tuple[str, str], Route] = {
    ("/v1/sources/{source}/deletions", "POST"): Route(
        "send",
        "Ask for a deletion",
        {"202": ref("Receipt")},
        ("401", *_INTAKE),
        ("source", "webhook-id", "webhook-timestamp", "Expunge-Asked-By"),
        ref("DeletionRequest"),
        "sender",
        "Answers are checked for in this order: 415 (neither JSON nor form), 413, 503 (secrets), 401,"
        " 503 (the source's entry), 415 (form on a source that signs), 202 replayed or 409, 400, 403."
        " Webhook-id and webhook-timestamp go with a signature; a source of the token profile sends neither.",
    ),
    ("/v1/deletions/{id}", "GET"): Route(
        "read",
        "Read one deletion",
        {"200": ref("Deletion")},
        (),
        ("id", "token"),
        security="link",
        says="A capability URL: `links.self` of the 202. A page for a browser (Accept: text/html).",
    ),
    ("/v1/deletions/{id}/records", "GET"): Route(
        "readRecords",
        "Read the outcome of every id",
        {"200": ref("RecordsPage")},
        ("400",),
        ("id", "token", "cursor"),
        security="link",
    ),
    (f"{_OPERATOR}/deletions", "POST"): Route(
        "operatorSend",
        "Ask for a deletion from inside AWS",
        _MADE,
        _INTAKE,
        ("Idempotency-Key", "dry_run"),
        ref("DeletionRequest"),
        says="Limits come from the source `operator` of the sources secret; without it: 403.",
    ),
    (f"{_OPERATOR}/deletions", "GET"): Route(
        "operatorList", "List deletions, newest first", {"200": ref("DeletionsPage")}, ("400", "403"), _LIST
    ),
    (_ONE, "GET"): Route(
        "operatorRead",
        "Read one deletion by its id",
        {"200": ref("OperatorsDeletion")},
        _ONE_OF,
        ("id",),
    ),
    (f"{_ONE}/cancel", "POST"): Route(
        "cancel", "Cancel what was not sent to Zoho yet", _DONE, COMMAND, _ASKED, _NONE
    ),
    (f"{_ONE}/retry", "POST"): Route(
        "retry",
        "Ask again for what failed or is unknown",
        _MADE,
        COMMAND,
        _ASKED,
        _NONE,
    ),
    (f"{_ONE}/approve", "POST"): Route(
        "approve", "Approve a large deletion by its count", _DONE, COMMAND, _ASKED, ref("Approve")
    ),
    (f"{_ONE}/resolve", "POST"): Route(
        "resolve", "Settle what needs attention", _DONE, COMMAND, _ASKED, ref("Resolve")
    ),
    (f"{_ONE}/restore", "POST"): Route(
        "restore",
        "Bring back what it deleted, out of Zoho's recycle bin",
        _MADE_ABOUT,
        COMMAND,
        _ASKED,
        ref("Restore"),
    ),
    (f"{_ONE}/delete_permanently", "POST"): Route(
        "deletePermanently",
        "Delete what it deleted from Zoho's recycle bin too, for good and now",
        _MADE_ABOUT,
        COMMAND,
        _ASKED,
        ref("DeletePermanently"),
    ),
    (f"{_ONE}/forget", "POST"): Route(
        "forget",
        "Take away what is personal in a deletion, its retries and its children",
        _DONE,
        COMMAND,
        _ASKED,
        _NONE,
        says="Done by a worker once the receipt is there and a head names the operators' entry: within two"
        " minutes, as a rule. Receipts and heads still verify.",
    ),
    (f"{_ONE}/map", "GET"): Route(
        "readMap",
        "Read the map of the erasure of a person",
        {"200": ref("MapPage")},
        ("400", "403", "404", "409"),
        ("id", "cursor"),
    ),
    (f"{_OPERATOR}/person-map", "GET"): Route(
        "personMap", "Read the person map", {"200": ref("PersonMap")}, ("400", "403", "404"), ("org",)
    ),
    (f"{_OPERATOR}/person-map", "PUT"): Route(
        "setPersonMap",
        "Set the person map",
        {"200": ref("PersonMap")},
        COMMAND,
        ("org", "dry_run"),
        ref("PersonMap"),
        says="What was not read from Zoho yet cannot be checked: 404.",
    ),
    (f"{_OPERATOR}/holds", "GET"): Route(
        "holds", "List holds", {"200": ref("HoldsPage")}, ("400", "403"), ("org", "page")
    ),
    (_HOLD, "GET"): Route("hold", "Read a hold", _HOLD_IS, _ONE_OF, _HELD),
    (_HOLD, "PUT"): Route(
        "setHold",
        "Hold a record: it is never deleted",
        {"200": ref("HoldSet")},
        ("400", "403"),
        (*_HELD, "dry_run"),
        ref("SetHold"),
    ),
    (_HOLD, "DELETE"): Route(
        "endHold", "End a hold; answers what it was", _HOLD_IS, (*_ONE_OF, "409"), (*_HELD, "dry_run")
    ),
    (f"{_OPERATOR}/policies", "GET"): Route(
        "policies", "List retention policies", {"200": ref("StoredPolicies")}, ("400", "403"), ("org",)
    ),
    (_POLICY, "GET"): Route("policy", "Read a policy", _POLICY_IS, _ONE_OF, _NAMED),
    (_POLICY, "PUT"): Route(
        "setPolicy", "Set a policy", _POLICY_IS, COMMAND, (*_NAMED, "dry_run"), ref("Policy")
    ),
    (_POLICY, "DELETE"): Route(
        "endPolicy", "End a policy; answers what it was", _POLICY_IS, _ONE_OF, (*_NAMED, "dry_run")
    ),
    (f"{_POLICY}/run", "POST"): Route(
        "runPolicy", "Run a policy now", _MADE, COMMAND, (*_NAMED, "dry_run"), ref("RunPolicy")
    ),
    (f"{_OPERATOR}/pause", "GET"): Route(
        "paused", "Read what is paused", {"200": ref("Pause")}, ("400", "403"), ("org", "of_source")
    ),
    (f"{_OPERATOR}/pause", "PUT"): Route(
        "pause",
        "Stop or resume sending to Zoho",
        {"200": ref("Pause")},
        ("400", "403"),
        ("dry_run",),
        ref("SetPause"),
    ),
    (f"{_OPERATOR}/log", "GET"): Route(
        "log",
        "Read what operators changed, newest first",
        {"200": ref("LogPage")},
        ("400", "403"),
        ("since", "until", "page"),
    ),
    (f"{_OPERATOR}/log", "POST"): Route(
        "tellLog",
        "Tell the log what a command changed in a secret",
        {"200": ref("LogEntry")},
        ("400", "403"),
        ("dry_run",),
        ref("TellLog"),
        says="Without keys: a text that could be one is refused.",
    ),
    (f"{_OPERATOR}/sources/{{source}}/cancel", "POST"): Route(
        "cancel_source",
        "Cancel whatever a source asked for and was not sent",
        {"202": ref("SourceCancelled"), "200": ref("SourceCancelled")},
        ("400", "403", "404"),
        ("source", "dry_run"),
        ref("Nothing"),
        says="One mark: each deletion of the source obeys it with its next step.",
    ),
}
