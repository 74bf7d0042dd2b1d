"""The schemas of docs/openapi.json: bodies as they are checked, answers as the contract has them."""

from __future__ import annotations

from copy import deepcopy

from chalicelib.config import Config
from chalicelib.domain.errors import Field
from chalicelib.domain.outcomes import Mark, outcome_name
from chalicelib.domain.request import Operation
from chalicelib.domain.source import ORG_NAME, ZOHO_NAME
from chalicelib.domain.status import Status
from chalicelib.web import schemas
from docs.generate.openapi_erasures import of_erasures
from docs.generate.openapi_words import TEXT, TEXTS, TIME, WHOLE, Schema, anchored, or_null, record, ref

_CODES = "such as RECORD_LOCKED; docs/ERRORS.md lists them"


def everything() -> dict[str, Schema]:
    """The named schemas of senders and readers."""
    return {**_bodies(), **_answers()}


def _bodies() -> dict[str, Schema]:
    """The four operations: the schemas that bodies are checked with, and what other code adds to them."""
    found: dict[str, Schema] = {
        "DeleteRecords": deepcopy(dict(schemas.DELETE_RECORDS)),
        "MassDelete": deepcopy(dict(schemas.MASS_DELETE)),
        "DelinkRecords": deepcopy(dict(schemas.DELINK_RECORDS)),
        "ErasePerson": deepcopy(dict(schemas.ERASE_PERSON)),
        "Identity": dict(schemas.IDENTITY),
        "InTerritory": dict(schemas.TERRITORY),
    }
    found["MassDelete"]["properties"]["territory"] = ref("InTerritory")
    found["ErasePerson"]["properties"]["identity"] = ref("Identity")
    _with_ids(found)
    names = ("DeleteRecords", "MassDelete", "DelinkRecords", "ErasePerson")
    found["DeletionRequest"] = {"oneOf": [ref(name) for name in names]}
    return found


def _with_ids(found: dict[str, Schema]) -> None:
    """What ids may be, and that Zoho's mass delete takes record ids only."""
    most = Config("", "", "").max_ids
    visible = anchored(schemas.EXTERNAL_ID)
    ids: Schema = {
        "type": "array",
        "minItems": 1,
        "maxItems": most,
        "items": schemas.RECORD_ID,
        "description": f"1 to {most} ids (setting); repeated ones count once",
    }
    outside: Schema = {"type": "string", "pattern": visible, "not": {"enum": [".", ".."]}}
    found["DelinkRecords"]["properties"]["ids"] = ids
    found["DeleteRecords"]["properties"]["ids"] = {**ids, "items": TEXT}
    found["DeleteRecords"] |= {
        "if": {"required": ["external_id_field"]},
        "then": {"properties": {"ids": {"items": outside}}},
        "else": {"properties": {"ids": {"items": ids["items"]}}},
        "allOf": [
            {
                "if": {"properties": {"api": {"const": "mass_delete"}}, "required": ["api"]},
                "then": {"not": {"anyOf": [{"required": [n]} for n in ("wf_trigger", "external_id_field")]}},
            }
        ],
    }


#: Counts that not every operation has.
_OF_SOME = (
    "deleted", "already_absent", "restored", "already_present", "skipped", "unlinked", "cleared", "kept",
)  # fmt: skip
_COUNTS = ("requested", *_OF_SOME, "failed", "held", "unknown", "pending")
_HEAD: dict[str, Schema] = {
    "operation": {"type": "string", "enum": [each.value for each in Operation]},
    "module": {
        "type": "string",
        "pattern": f"^(?:{ZOHO_NAME.pattern}|\\*)$",
        "description": "* for the erasure of a person",
    },
    "org": {"type": "string", "pattern": anchored(ORG_NAME)},
}


def _answers() -> dict[str, Schema]:
    outcomes = list(dict.fromkeys(outcome_name(mark) for mark in Mark))
    outcome = {"type": "string", "enum": outcomes}
    page = {"type": "array", "maxItems": 500, "items": ref("RecordOutcome")}
    return {
        "Receipt": _receipt(),
        "Deletion": _deletion(),
        "RecordOutcome": record(
            {
                "id": TEXT,
                "module": TEXT,
                "outcome": outcome,
                "code": or_null(TEXT),
                "message": or_null(TEXT),
            },
            optional=("module",),
        ),
        "RecordsPage": record(
            {"records": page, "next_cursor": or_null(TEXT), "note": TEXT}, optional=("note",)
        ),
        "Field": record(dict.fromkeys(Field.__slots__, TEXT), description="path: a JSON Pointer"),
        **_parts(),
    }


def _receipt() -> Schema:
    """The body of a 202."""
    start = {"id": TEXT, "status": {"const": "accepted"}, **_HEAD}
    links = record({"self": {"type": "string", "format": "uri"}})
    return record({**start, "reference": or_null(TEXT), "created_at": TIME, "links": links})


def _deletion() -> Schema:
    """The status document."""
    start = {"id": TEXT, "status": {"type": "string", "enum": [each.value for each in Status]}, **_HEAD}
    who = {"source": TEXT, "reference": or_null(TEXT), "dry_run": {"type": "boolean"}}
    times = {"created_at": TIME, "updated_at": TIME, "finished_at": or_null(TIME)}
    found = {
        "counts": ref("Counts"),
        "plan": {"anyOf": [ref("Plan"), ref("MapPlan"), {"type": "null"}]},
        "waiting_for": or_null(TEXT),
        "problems": {"type": "array", "items": ref("Problem")},
    }
    some = {
        "job": or_null(ref("Job")),
        "frozen": {"type": "boolean"},
        "lane": ref("Lane"),
        "approval": ref("Approval"),
        "retry_of": TEXT,
        "policy": TEXT,
        "run": TEXT,
        "permanent_of": TEXT,
        "restore_of": TEXT,
        "search": {"anyOf": [ref("Search"), {"type": "null"}]},
        "verification": {"anyOf": [ref("Verification"), ref("SearchedAgain"), {"type": "null"}]},
        "recycle_bin": ref("RecycleBin"),
    }
    return record({**start, **who, **times, **found, **some}, optional=tuple(some))


def _parts() -> dict[str, Schema]:
    """What the status document is made of."""
    would = {"would_delete": or_null(WHOLE), "would_restore": or_null(WHOLE)}
    plan = {**would, "first_ids": {"type": "array", "items": TEXT}}
    child = record({"id": TEXT, "operation": TEXT, "status": TEXT})
    asked = {"count": WHOLE, "asked_at": TIME, "expires_at": TIME}
    problem = {"code": {**TEXT, "description": _CODES}, "count": WHOLE, "meaning": TEXT, "what_to_do": TEXT}
    return {
        "Counts": record(
            dict.fromkeys(_COUNTS, WHOLE),
            optional=_OF_SOME,
            description="requested is the sum of the others; each operation has those that it can have",
        ),
        "Plan": record(
            {**plan, "calls": WHOLE, "credits": WHOLE},
            optional=tuple(would),
            description="of a dry run; a restore has would_restore, all others would_delete",
        ),
        "Verification": record(
            {
                "records": WHOLE,
                "gone": WHOLE,
                "not_in_recycle_bin": WHOLE,
                "listed_as_permanent": or_null(WHOLE),
                "verified_at": TIME,
            },
            description="what reading showed of the records that were deleted for good",
        ),
        "RecycleBin": record(
            {
                "restorable_until": TIME,
                "permanent_at": or_null(TIME),
                "restored": WHOLE,
                "permanently_deleted": WHOLE,
                "deletions": {"type": "array", "items": child},
            },
            description="of a final deletion that deleted something by known ids",
        ),
        "Job": record(
            {"id": TEXT, "status": or_null(TEXT), "unlisted": or_null(WHOLE)},
            description="of a view",
        ),
        "Problem": record(problem),
        "Lane": record({"ahead": WHOLE, "about_seconds": or_null(WHOLE)}, description="before this one"),
        "Approval": record(
            {
                **asked,
                "approved_at": or_null(TIME),
                "approved_by": or_null(TEXT),
                "map_hash": TEXT,
                "shared": TEXTS,
                "warnings": TEXTS,
            },
            optional=("map_hash", "shared", "warnings"),
            description="of the erasure of a person with the map that is meant",
        ),
        **of_erasures(),
    }
