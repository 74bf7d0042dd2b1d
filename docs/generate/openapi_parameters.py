"""The parameters of the routes in the OpenAPI document: what stands in their paths, queries and headers."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.source import ORG_NAME, SOURCE_NAME, ZOHO_NAME
from chalicelib.web import schemas
from docs.generate.openapi_operators import NAME
from docs.generate.openapi_words import TEXT, TIME, Schema, anchored


def parameter(name: str, where: str, schema: Schema, says: str, *, required: bool = False) -> dict[str, Any]:
    """One parameter; those of a path are always required."""
    needed = required or where == "path"
    return {"name": name, "in": where, "required": needed, "schema": schema, "description": says}


_ID = "[!-\\-/-~]{1,256}"
PARAMETERS = {
    "source": parameter(
        "source", "path", {**TEXT, "pattern": anchored(SOURCE_NAME)}, "name of the sending source"
    ),
    "webhook-id": parameter(
        "webhook-id",
        "header",
        {**TEXT, "pattern": f"^{_ID}$"},
        "Standard Webhooks: the delivery, unique in its source; the same for every retry",
    ),
    "webhook-timestamp": parameter(
        "webhook-timestamp",
        "header",
        {**TEXT, "pattern": "^[0-9]{1,12}$"},
        "Standard Webhooks: seconds since the epoch, within 300 of now",
    ),
    "Expunge-Asked-By": parameter(
        "Expunge-Asked-By", "header", TEXT, "the ARN of who uses the sender; not covered by the signature"
    ),
    "id": parameter("id", "path", {**TEXT, "pattern": "^del_[0-7][0-9A-HJKMNP-TV-Z]{25}$"}, "the deletion"),
    "token": parameter(
        "token",
        "query",
        {**TEXT, "pattern": "^[A-Za-z0-9_-]{43}$"},
        "as in the link of the answer",
        required=True,
    ),
    "cursor": parameter(
        "cursor", "query", {**TEXT, "pattern": "^[0-9]{1,9}$"}, "next_cursor of the page before"
    ),
    "Idempotency-Key": parameter(
        "Idempotency-Key",
        "header",
        {**TEXT, "pattern": "^[!-~]{1,256}$"},
        "the same for every retry",
        required=True,
    ),
    "module": parameter(
        "module", "path", {**TEXT, "pattern": anchored(ZOHO_NAME)}, "Zoho's API name of the module"
    ),
    "record_id": parameter("record_id", "path", dict(schemas.RECORD_ID), "the held record"),
    "name": parameter("name", "path", NAME, "name of the policy"),
    "org": parameter("org", "query", {**TEXT, "pattern": anchored(ORG_NAME)}, "left out: default"),
    "dry_run": parameter(
        "dry_run",
        "query",
        {"type": "boolean", "default": False},
        "true: answer 200 with what would happen, or the same refusal, and change nothing",
    ),
    "by_status": parameter("status", "query", TEXT, "only deletions in this status"),
    "by_module": parameter("module", "query", TEXT, "only deletions in this module"),
    "by_source": parameter("source", "query", TEXT, "only deletions that this source asked for"),
    "of_source": parameter(
        "source", "query", {**TEXT, "pattern": anchored(SOURCE_NAME)}, "what was set for this source alone"
    ),
    "by_reference": parameter("reference", "query", TEXT, "only deletions with exactly this reference"),
    "since": parameter("since", "query", TIME, "only what was accepted, or changed, then or later"),
    "until": parameter("until", "query", TIME, "only what was accepted, or changed, before then"),
    "page": parameter("cursor", "query", TEXT, "next_cursor of the page before"),
}
