"""Every error answer of Zoho in one place.

Sources: the lists "Possible Errors" of Zoho's documents, and its OpenAPI files for what they leave out.

A *refusal* is an ``Answer`` for the whole call; an *item* is one element of ``data[]``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from simulator.http import Answer, Call

WRONG_FORMAT = "either the request body or parameters is in wrong format"
NOT_APPROVED_TEXT = "cannot delete record that is not approved yet"
LOCKED_TEXT = "You cannot perform this operation as the record is locked."
CANNOT_MASS_DELETE = "Mass delete is not supported for this module"
EDITION_TEXT = "Scheduled Mass Operation feature is not available in your edition"
ALREADY_TEXT = "Already a Mass Action scheduler is running for the given cvid"


def error(code: str, message: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """Zoho's error object, alone or inside ``data[]``."""
    return {"code": code, "details": details or {}, "message": message, "status": "error"}


def success(details: dict[str, Any], message: str) -> dict[str, Any]:
    """Zoho's success object inside ``data[]``."""
    return {"code": "SUCCESS", "details": details, "message": message, "status": "success"}


def refusal(status: int, code: str, message: str, details: dict[str, Any] | None = None) -> Answer:
    """A bare error object for the whole call."""
    return Answer(status, error(code, message, details))


def invalid_module() -> Answer:
    """400, the module's name is unknown (all documents)."""
    return refusal(
        400, "INVALID_MODULE", "The module name given seems to be invalid", {"resource_path_index": 0}
    )


def unsupported_module() -> Answer:
    """400, a module such as Documents or Projects (all documents)."""
    return refusal(
        400, "INVALID_MODULE", "The given module is not supported in API", {"resource_path_index": 0}
    )


def invalid_url() -> Answer:
    """404, no such path (all documents)."""
    return refusal(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")


def invalid_method() -> Answer:
    """400, the path is there but not with this method (all documents)."""
    return refusal(400, "INVALID_REQUEST_METHOD", "The http request method type is not a valid one")


def internal_error() -> Answer:
    """500 (all documents)."""
    return refusal(500, "INTERNAL_ERROR", "Internal Server Error")


def wrong_format(details: dict[str, Any] | None = None) -> Answer:
    """400, ids, parameters or body that cannot be read (Delete Records)."""
    return refusal(400, "UNABLE_TO_PARSE_DATA_TYPE", WRONG_FORMAT, details)


def param_missing(name: str) -> Answer:
    """400, as Delete Records and Get Records name it."""
    return refusal(
        400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", {"param_name": name}
    )


def mandatory_param(name: str) -> Answer:
    """400, as Mass Delete Status and Delink name it."""
    return refusal(400, "MANDATORY_NOT_FOUND", "mandatory param missing", {"param_name": name})


def mandatory_field(name: str, data_type: str) -> Answer:
    """400, a key missing in a JSON body (Mass Delete)."""
    details = {"api_name": name, "expected_data_type": data_type}
    return refusal(400, "MANDATORY_NOT_FOUND", "required field not found", details)


def expected_field(name: str, data_type: str) -> Answer:
    """400, none of the keys of which a JSON body needs one (recycle bin, restore)."""
    details = {"api_name": name, "expected_data_type": data_type}
    return refusal(400, "EXPECTED_FIELD_MISSING", "required field not found", details)


def limit_exceeded(name: str, limit: int) -> Answer:
    """400, too many ids, fields or rows in one call."""
    details = {"limit": limit, "param_name": name}
    return refusal(400, "LIMIT_EXCEEDED", f"the limit of {limit} {name} is exceeded", details)


def invalid_data(message: str, details: dict[str, Any] | None = None, status: int = 400) -> Answer:
    """INVALID_DATA with the message of the place."""
    return refusal(status, "INVALID_DATA", message, details)


def ambiguous(parts: list[dict[str, str]]) -> Answer:
    """400, two ways of saying what is meant in one call (record count, Mass Delete)."""
    details = {"ambiguity_due_to": parts}
    return refusal(400, "AMBIGUITY_DURING_PROCESSING", "ambiguity while processing the request", details)


def invalid_param(name: str, status: int = 400) -> Answer:
    """INVALID_DATA for one query parameter."""
    return invalid_data(f"the {name} given seems to be invalid", {"param_name": name}, status)


def pattern_not_matched(name: str) -> Answer:
    """400, a query parameter that is none of its values (Get Deleted Records)."""
    text = "Please check whether the input values are correct"
    return refusal(400, "PATTERN_NOT_MATCHED", text, {"param_name": name})


def invalid_token(code: str = "INVALID_TOKEN") -> Answer:
    """401, access token unknown, expired or pushed out by newer ones."""
    return refusal(401, code, "invalid oauth token")


def no_authorization() -> Answer:
    """401, no ``Zoho-oauthtoken`` in the Authorization header."""
    return refusal(401, "AUTHENTICATION_FAILURE", "Authentication failed")


def scope_mismatch(message: str) -> Answer:
    """401. The documents print ``Unauthorized``, live answers ``invalid oauth scope to access this URL``."""
    return refusal(401, "OAUTH_SCOPE_MISMATCH", message)


def too_many_requests(message: str, code: str = "TOO_MANY_REQUESTS") -> Answer:
    """429, for too many calls at once and for credits used up alike."""
    return refusal(429, code, message)


def object_in(call: Call, known: Collection[str]) -> dict[str, Any] | Answer:
    """The object in the body, or the refusal of what is none or has other keys than the `known`."""
    try:
        body = call.json()
    except ValueError:
        return wrong_format()
    if not isinstance(body, dict):
        return wrong_format()
    if unknown := [name for name in body if name not in known]:
        details = {"api_name": unknown[0], "json_path": f"$.{unknown[0]}"}
        return invalid_data("invalid data", details)
    return body
