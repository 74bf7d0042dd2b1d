"""The body of an approval: of so many records, or of the map of an erasure."""

from __future__ import annotations

import re

from chalicelib.domain.commands import Given
from chalicelib.domain.errors import Field, NotValid
from chalicelib.web import operator_schemas
from chalicelib.web.schemas import body

_SHARED = re.compile(r"/identity/(?:emails|phones)/[0-9]{1,2}")
APPROVE = body(
    "POST .../approve; of the erasure of a person with the hash of its map, and the shared values meant.",
    {
        "count": {"type": "integer"},
        "map_hash": {"type": "string", "maxLength": 64},
        "shared": {"type": "array", "items": {"type": "string"}},
    },
    "count",
)


def approval(given: bytes) -> Given:
    """What a body approves. Raises NotValid with a field for every problem."""
    wanted = operator_schemas.read(APPROVE, given)
    shared = wanted.get("shared", [])
    words = "must be a shared value of its plan, such as /identity/phones/0"
    wrong = [
        Field(f"/shared/{number}", words)
        for number, value in enumerate(shared)
        if not isinstance(value, str) or not _SHARED.fullmatch(value)
    ]
    if shared and "map_hash" not in wanted:
        wrong.append(Field("/map_hash", "is missing: shared goes with it"))
    if wrong:
        raise NotValid("the request is not valid", tuple(wrong))
    return Given(wanted["count"], wanted.get("map_hash", ""), tuple(sorted(set(shared))))
