"""The shapes of the bodies that ask for deletions, as JSON Schemas: docs/openapi.json shows them as they are
(docs/CONTRACT.md, section 1). What joins several fields is in request_body.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from chalicelib.domain.children import MOST_DAYS
from chalicelib.domain.ids import RECORD_ID_PATTERN
from chalicelib.domain.request import Api, Freeze
from chalicelib.domain.source import ORG_NAME, ZOHO_NAME
from chalicelib.web.shape import Schema

EXTERNAL_ID = re.compile(r"[!-~]{1,255}")
LONGEST_TEXT = 256

BOOLEAN: Schema = {"type": "boolean"}
FALSE: Schema = {"type": "boolean", "default": False}
NAME: Schema = {"type": "string", "pattern": f"^{ZOHO_NAME.pattern}$"}
ORG: Schema = {"type": "string", "pattern": f"^{ORG_NAME.pattern}$"}
RECORD_ID: Schema = {"type": "string", "pattern": f"^{RECORD_ID_PATTERN}$", "format": "int64"}
TEXT: Schema = {"type": "string", "maxLength": LONGEST_TEXT}
PERMANENT_AFTER: Schema = {
    "type": "string",
    "description": f"how long what was deleted can be restored: ISO 8601, PT0H to P{MOST_DAYS}D",
}
#: The ids of a body: what each of them may be depends on other fields and the stage, see request_body.py.
IDS: Schema = {"type": "array", "items": {"type": "string"}}

COMMON: Mapping[str, Schema] = {
    "module": NAME,
    "org": ORG,
    "dry_run": FALSE,
    "max_records": {"type": "integer", "minimum": 1},
    "reference": TEXT,
    "reason": TEXT,
}


def body(description: str, properties: Mapping[str, Schema], *required: str) -> Schema:
    """An object's schema that admits these fields and no other."""
    return {
        "type": "object",
        "description": description,
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


TERRITORY = body("Narrows a view to a territory.", {"id": RECORD_ID, "include_child": FALSE}, "id")
DELETE_RECORDS = body(
    "Delete by ids.",
    {
        **COMMON,
        "operation": {"const": "delete_records", "type": "string"},
        "ids": IDS,
        "wf_trigger": BOOLEAN,
        "api": {"type": "string", "enum": [each.value for each in Api], "default": Api.AUTO.value},
        "external_id_field": NAME,
        "permanent_after": PERMANENT_AFTER,
    },
    "module",
    "operation",
    "ids",
)
MASS_DELETE = body(
    "Delete what a custom view shows.",
    {
        **COMMON,
        "operation": {"const": "mass_delete", "type": "string"},
        "cvid": RECORD_ID,
        "territory": TERRITORY,
        "freeze": {"type": "string", "enum": [each.value for each in Freeze], "default": Freeze.AUTO.value},
        "permanent_after": PERMANENT_AFTER,
    },
    "module",
    "operation",
    "cvid",
)
DELINK_RECORDS = body(
    "Undo the link between records; none is deleted.",
    {
        **COMMON,
        "operation": {"const": "delink_records", "type": "string"},
        "record_id": RECORD_ID,
        "related_list": NAME,
        "ids": IDS,
    },
    "module",
    "operation",
    "record_id",
    "related_list",
    "ids",
)
#: What its values may be, domain.person.identity says: it tells every problem at once, and no value.
IDENTITY = body(
    "Whom it is about: 1 to 20 values in all.",
    {
        "emails": {"type": "array", "items": {"type": "string"}},
        "phones": {"type": "array", "items": {"type": "string"}},
        "records": {
            "type": "array",
            "items": body("A record.", {"module": NAME, "id": RECORD_ID}, "module", "id"),
        },
    },
)
ERASE_PERSON = body(
    "Erase a person: find their records in all modules, and delete, unlink or clear them.",
    {
        **{name: schema for name, schema in COMMON.items() if name != "module"},
        "operation": {"const": "erase_person", "type": "string"},
        "identity": IDENTITY,
        "permanent_after": PERMANENT_AFTER,
    },
    "operation",
    "identity",
)
SCHEMAS: Mapping[str, Schema] = {
    "delete_records": DELETE_RECORDS,
    "mass_delete": MASS_DELETE,
    "delink_records": DELINK_RECORDS,
    "erase_person": ERASE_PERSON,
}
OF_ALL = body("The fields of every operation.", COMMON, "module")
EVERY_FIELD = {name for schema in SCHEMAS.values() for name in schema["properties"]}
