"""Requests to Zoho as plain values: paths whose segments cannot break out, queries with Zoho's raw commas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from chalicelib.domain.ids import RECORD_ID_WORDS, is_record_id


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to the CRM API, without host and token.

    `target`: path and query, encoded. `body`: sent as JSON where given. `container`: the key of the answer
    that holds the items.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    container: str = "data"


def target(version: str, segments: tuple[str, ...], query: Mapping[str, str] | None = None) -> str:
    """`/crm/{version}/...`, every segment percent-encoded, the query with commas as Zoho's pages show them.

    Raises ValueError for a segment that would change the path (empty, `.`, `..`): HTTP clients resolve these.
    """
    path = "/".join(_segment(each) for each in ("crm", version, *segments))
    pairs = "&".join(f"{name}={quote(value, safe=',')}" for name, value in (query or {}).items())
    return f"/{path}?{pairs}" if pairs else f"/{path}"


def _segment(text: str) -> str:
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} cannot be a part of a path")
    return quote(text, safe="")


def digits(ids: tuple[str, ...], most: int) -> str:
    """The ids joined by commas. Raises ValueError for none, too many, or one that cannot be an id."""
    if not 1 <= len(ids) <= most:
        raise ValueError(f"1 to {most} ids go into one call, not {len(ids)}")
    for one in ids:
        if not is_record_id(one):
            raise ValueError(f"a record id {RECORD_ID_WORDS}")
    return ",".join(ids)


def body(value: Mapping[str, object]) -> bytes:
    """`value` as a JSON body."""
    return json.dumps(value, separators=(",", ":")).encode()


def external(module: str, field_name: str) -> dict[str, str]:
    """The header that says which field's value stands in the path."""
    return {"X-EXTERNAL": f"{module}.{field_name}"}
