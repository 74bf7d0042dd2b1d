"""Bodies of the operators' routes, checked; every problem with its place (contract section 4)."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.errors import Field, NotValid
from chalicelib.domain.evidence.operators import TOLD
from chalicelib.domain.source import SOURCE_NAME
from chalicelib.service.operators.undo import Asked
from chalicelib.web import shape, strict_json
from chalicelib.web.operator_query import refused
from chalicelib.web.schemas import BOOLEAN, EXTERNAL_ID, FALSE, ORG, TEXT, body
from chalicelib.web.shape import Schema

OUTCOMES = ("done", "not_done")

RESOLVE = body(
    "POST .../resolve.",
    {"outcome": {"type": "string", "enum": list(OUTCOMES)}, "note": {**TEXT, "default": ""}},
    "outcome",
)
_UNDO: dict[str, Schema] = {"dry_run": FALSE, "reason": TEXT}
RESTORE = body(
    "POST .../restore; without `ids` all that can come back.",
    {**_UNDO, "ids": {"type": "array", "minItems": 1, "items": {"type": "string"}}},
)
DELETE_PERMANENTLY = body("POST .../delete_permanently.", _UNDO)
SET_HOLD = body(
    "PUT .../holds/{module}/{record_id}; `until` is an ISO 8601 time with its zone.",
    {"reason": {**TEXT, "minLength": 1}, "until": {"type": ["string", "null"]}},
    "reason",
)
SET_PAUSE = body(
    "PUT .../pause; with `source` for what it asks for, else for `org`, without either for all orgs.",
    {
        "paused": BOOLEAN,
        "org": {**ORG, "type": ["string", "null"]},
        "source": {"type": ["string", "null"], "pattern": f"^{SOURCE_NAME.pattern}$"},
        "reason": {**TEXT, "default": ""},
    },
    "paused",
)
TELL = body(
    "POST .../log: what a command changed in a secret, without keys; `target` is the source.",
    {
        "what": {"type": "string", "enum": sorted(TOLD)},
        "target": {"type": "string", "pattern": f"^{SOURCE_NAME.pattern}$"},
        "before": {},
        "after": {},
    },
    "what",
    "target",
)
#: Ids that a body may name: what 256 KiB can hold.
MOST_IDS = 12_000
NOTHING = body("Calls that need no body take none, or an empty object.", {})


def read(schema: Schema, given: bytes) -> dict[str, Any]:
    """The body as `schema` wants it; none counts as an empty object. Raises NotValid with a field for every
    problem.
    """
    raw = strict_json.parse(given) if given.strip() else {}
    if not isinstance(raw, dict):
        raise NotValid("the request is not valid", (Field("", "the body must be a JSON object"),))
    if found := tuple(shape.problems(schema, raw)):
        raise NotValid("the request is not valid", found)
    return raw


def undo(schema: Schema, given: bytes) -> Asked:
    """What a body about the recycle bin asks for. Raises NotValid."""
    wanted = read(schema, given)
    ids = wanted.get("ids")
    if ids is not None and not 1 <= len(ids) <= MOST_IDS:
        raise refused("/ids", f"must name 1 to {MOST_IDS} ids")
    for number, one in enumerate(ids or ()):
        if not isinstance(one, str) or not EXTERNAL_ID.fullmatch(one):
            raise refused(f"/ids/{number}", "must be an id as a string")
    given_ids = None if ids is None else tuple(dict.fromkeys(ids))
    return Asked(given_ids, wanted.get("dry_run", False), wanted.get("reason"))
