"""The schemas of docs/openapi.json about erasing people."""

from __future__ import annotations

from chalicelib.domain.person.matching import By
from chalicelib.domain.person.person_map import Action
from docs.generate.openapi_words import TEXT, TEXTS, TIME, WHOLE, Schema, or_null, record, ref


def of_erasures() -> dict[str, Schema]:
    """What the status document of the erasure of a person has, and its map."""
    each = {"type": "object", "additionalProperties": WHOLE}
    actions = {"type": "string", "enum": [action.value for action in Action]}
    bys = {"type": "string", "enum": [by.value for by in By]}
    unreached = {"code": TEXT, "module": TEXT, "field": or_null(TEXT), "meaning": TEXT}
    out_of_reach = {"type": "array", "items": ref("OutOfReach")}
    entry = {
        "module": TEXT,
        "id": TEXT,
        "why": {"type": "array", "items": record({"field": TEXT, "by": bys})},
        "action": actions,
        "keep_reason": or_null(TEXT),
        "goes_along": each,
        "shared_with": WHOLE,
    }
    shared = record({"value": TEXT, "shared_with": WHOLE})
    return {
        "MapPlan": record(
            {
                "map_hash": TEXT,
                "records": WHOLE,
                "by_module": each,
                "goes_along": each,
                "shared": {"type": "array", "items": shared},
                "out_of_reach": out_of_reach,
            },
            description="the map of an erasure, in numbers",
        ),
        "OutOfReach": record(unreached, description="where the person may still be"),
        "Search": record(
            {"calls": WHOLE, "made": WHOLE},
            description="a search for a person: the calls to Zoho that it takes at least, and those made",
        ),
        "SearchedAgain": record(
            {"found_again": WHOLE, "searches": WHOLE, "by_module": each, "verified_at": TIME},
            description="what the searches after an erasure found",
        ),
        "MapEntry": record(entry),
        "MapPage": record(
            {
                "map_hash": TEXT,
                "entries": {"type": "array", "maxItems": 500, "items": ref("MapEntry")},
                "out_of_reach": out_of_reach,
                "next_cursor": or_null(TEXT),
            }
        ),
        "PersonMapRule": record(
            {"action": actions, "match": TEXTS, "keep_reason": TEXT, "clear": TEXTS},
            optional=("match", "keep_reason", "clear"),
        ),
        "PersonMap": record(
            {
                "region": or_null(TEXT),
                "max_shared": WHOLE,
                "modules": {"type": "object", "additionalProperties": ref("PersonMapRule")},
            },
            optional=("region", "max_shared"),
            description="what is done with a person's records, module by module",
        ),
    }
