"""The schemas of the operator routes: bodies as they are checked, answers as the endpoints give them."""

from __future__ import annotations

from chalicelib.domain.evidence.operators import UNREADABLE, What
from chalicelib.domain.retention.policy import POLICY_NAME
from chalicelib.web import approval_body
from chalicelib.web import operator_schemas as schemas
from docs.generate import openapi_schemas
from docs.generate.openapi_words import TEXT, TIME, WHOLE, Schema, anchored, or_null, record, ref

NAME: Schema = {"type": "string", "pattern": anchored(POLICY_NAME)}


def everything() -> dict[str, Schema]:
    """All of them by name."""
    bodies: dict[str, Schema] = {
        "Approve": dict(approval_body.APPROVE),
        "Resolve": dict(schemas.RESOLVE),
        "Restore": dict(schemas.RESTORE),
        "DeletePermanently": dict(schemas.DELETE_PERMANENTLY),
        "SetHold": dict(schemas.SET_HOLD),
        "SetPause": dict(schemas.SET_PAUSE),
        "TellLog": dict(schemas.TELL),
        "Nothing": dict(schemas.NOTHING),
    }
    return bodies | _answers() | _policies()


def _answers() -> dict[str, Schema]:
    link = record({"self": {"type": "string", "format": "uri"}})
    calls = {**WHOLE, "description": "calls to Zoho that delete; each is one API credit"}
    who = {"asked_by": or_null(TEXT), "approved_by": or_null(TEXT)}
    more = record({**who, "reason": or_null(TEXT), "calls": calls, "links": link})
    hold = {"org": TEXT, "module": TEXT, "record_id": TEXT, "reason": TEXT, "until": or_null(TIME)}
    pause = {"paused": {"type": "boolean"}, "org": or_null(TEXT), "source": or_null(TEXT)}
    pause |= {"reason": or_null(TEXT)}
    return {
        "OperatorsDeletion": {"allOf": [ref("Deletion"), more]},
        "WouldBe": {
            "allOf": [_of_nobody(), record({**who, "reason": or_null(TEXT), "calls": calls, "links": _NULL})],
            "description": "the status document of a deletion that was not stored (dry_run=true)",
        },
        "DeletionsPage": _page("deletions", "OperatorsDeletion"),
        "Hold": record({**hold, "set_by": TEXT, "set_at": TIME}),
        "HoldSet": record(
            {
                **hold,
                "set_by": TEXT,
                "set_at": TIME,
                "not_checked": {
                    "type": "array",
                    "items": {"enum": ["module", "record_id"], "type": "string"},
                },
            }
        ),
        "HoldsPage": _page("holds", "Hold"),
        "LogEntry": record(
            {
                "id": TEXT,
                "at": TIME,
                "by": TEXT,
                "what": {"type": "string", "enum": [*(each.value for each in What), UNREADABLE]},
                "target": TEXT,
                "before": {},
                "after": {},
            }
        ),
        "LogPage": _page("entries", "LogEntry"),
        "SourceCancelled": record({"cancelled": WHOLE, "running": WHOLE, "more": {"type": "boolean"}}),
        "Pause": record({**pause, "set_by": or_null(TEXT), "set_at": or_null(TIME)}),
    }


_NULL: Schema = {"type": "null"}


def _of_nobody() -> Schema:
    """The status document without an id."""
    whole = dict(openapi_schemas.everything()["Deletion"])
    return {**whole, "properties": {**whole["properties"], "id": _NULL}}


def _page(name: str, schema: str) -> Schema:
    return record({name: {"type": "array", "items": ref(schema)}, "next_cursor": or_null(TEXT)})


def _policies() -> dict[str, Schema]:
    run = record({"run": TEXT, "deletion": TEXT, "at": TIME})
    stored: dict[str, Schema] = {
        "policy": ref("Policy"),
        "revision": WHOLE,
        "set_by": TEXT,
        "set_at": TIME,
        "next_runs": {"type": "array", "items": TIME},
        "last_run": or_null(ref("PolicyRun")),
        "last_skipped": or_null(ref("PolicyRun")),
        "problems": {"type": "array", "items": ref("Field")},
    }
    asked: Schema = {
        "type": "object",
        "properties": {"dry_run": {"type": "boolean"}, "policy": ref("Policy")},
        "additionalProperties": False,
        "description": "nothing: the stored policy runs; a `policy`, with dry_run true: that one is tried",
    }
    return {
        "Policy": {"type": "object", "description": "a retention policy, as docs/RETENTION.md has it"},
        "PolicyRun": run,
        "StoredPolicy": record(stored),
        "StoredPolicies": record({"policies": {"type": "array", "items": ref("StoredPolicy")}}),
        "RunPolicy": asked,
    }
