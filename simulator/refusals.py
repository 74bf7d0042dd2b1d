"""Refusals by data: of whole calls (setting ``refuse``) and of single records (flags in the record)."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from simulator import errors
from simulator.http import Answer
from simulator.record import Record

_OF_BIN = ("bin", "purge", "restore")
OPERATIONS = (
    "delete",
    "mass_delete",
    "status",
    "delink",
    "count",
    "read",
    "update",
    "search",
    "metadata",
    "related",
    "clear",
    *_OF_BIN,
)

_TEXTS: dict[str, dict[str, str]] = {
    "NO_PERMISSION": {
        "delete": "Permission denied to delete",
        "delink": "Permission denied to delete records",
        "*": "permission denied",
    },
    "AUTHORIZATION_FAILED": {
        "delete": "User does not have sufficient privilege to delete records",
        "delink": "User does not have sufficient privilege to delete related records data",
        "*": "User does not have sufficient privilege",
    },
    "NOT_SUPPORTED": {
        "mass_delete": errors.CANNOT_MASS_DELETE,
        "status": errors.CANNOT_MASS_DELETE,
        "count": "the given module is not supported for count",
        "search": "the given module is not supported for search",
        "metadata": "the given module is not supported for this api",
        "related": "The given related list id is not supported in api",
    },
    "LIMIT_REACHED": {"count": "the limit of records to be counted is reached"},
    "NOT_APPROVED": {"mass_delete": "The record is unapproved."},
    "INTERNAL_ERROR": {"*": "Internal Server Error"},
    "NOT_ALLOWED": dict.fromkeys((*_OF_BIN, "related", "update"), "the operation is not allowed"),
    "EXPECTED_PARAM_MISSING": dict.fromkeys(_OF_BIN, "One of the expected parameter is missing"),
    "INTERNAL_SERVER_ERROR": dict.fromkeys(_OF_BIN, "Internal Server Error"),
    "INVALID_REQUEST": {"related": "unable to process your request"},
    "INVALID_MODULE": {"*": "The module name given seems to be invalid"},
    "MODULE_NOT_IN_API": {"*": "The given module is not supported in API"},
}
_STATUS = {"NO_PERMISSION": 403, "NOT_ALLOWED": 403, "INTERNAL_ERROR": 500, "INTERNAL_SERVER_ERROR": 500}
_PERMISSION = {
    "delete": "View",
    "delink": "Edit",
    "update": "Edit",
    "mass_delete": "Mass_Delete",
    "status": "Mass_Delete",
}

_RECORD_TEXTS = {
    "INVALID_DATA": "record not deleted",
    "RECORD_LOCKED": errors.LOCKED_TEXT,
    "RECORD_LOCKED_BY_PROCESS": errors.NOT_APPROVED_TEXT,
    "NOT_APPROVED": errors.NOT_APPROVED_TEXT,
    "NO_PERMISSION": "Permission denied to delete",
    "CANNOT_DELETE": "record not deletable",
    "RECORD_IN_BLUEPRINT": "record is in blueprint",
    "CONVERTED_RECORD": "record is converted",
    "CANNOT_PROCESS": "The record is in stop processing",
    "INTERNAL_ERROR": "Internal Server Error",
}

_CHANGE_TEXTS = {
    "INVALID_DATA": "invalid data",
    "RECORD_LOCKED": errors.LOCKED_TEXT,
    "NOT_APPROVED": "the record is not approved yet",
    "RECORD_IN_BLUEPRINT": "record is in blueprint",
    "CONVERTED_RECORD": "record is converted",
    "CANNOT_PROCESS": "The record is in stop processing",
    "DUPLICATE_DATA": "duplicate data",
    "NOT_ALLOWED": "the operation is not allowed",
}


def known(operation: str) -> list[str]:
    """Codes that the setting ``refuse`` takes for this operation."""
    return [code for code, texts in _TEXTS.items() if operation in texts or "*" in texts]


def call_refusal(refuse: dict[str, str], module: str, operation: str) -> Answer | None:
    """The answer by which the setting ``refuse`` stops a call, or ``None``.

    ``{"Leads.delete": "NO_PERMISSION"}``; ``*`` stands for any module.
    """
    code = refuse.get(f"{module}.{operation}") or refuse.get(f"*.{operation}")
    if code is None:
        return None
    texts = _TEXTS[code]
    details: dict[str, Any] = {}
    if code == "NO_PERMISSION":
        details = {"permissions": [f"Crm_Implied_{_PERMISSION.get(operation, 'View')}_{module}"]}
    elif code in ("INVALID_MODULE", "MODULE_NOT_IN_API", "NOT_SUPPORTED"):
        details = {"resource_path_index": 0}
    shown = "INVALID_MODULE" if code == "MODULE_NOT_IN_API" else code
    return errors.refusal(_STATUS.get(code, 400), shown, texts.get(operation, texts.get("*", "")), details)


def record_refusal(
    record: Record, module: str, shown_id: str, deletable: Set[str] = frozenset()
) -> dict[str, Any] | None:
    """The ``data[]`` item by which a record's own flags stop its deletion, or ``None`` if it may go.

    Flags (README.md): ``Locked__s``, ``$approved``, ``$in_merge``, ``$converted``, ``$stop_processing``,
    ``$delete_error``. ``deletable``: of converted and stopped, the states that do not stop it.
    """
    fields = record.fields
    wanted = fields.get("$delete_error")
    if isinstance(wanted, dict):
        details = {"id": shown_id, **wanted.get("details", {})}
        return errors.error(str(wanted.get("code", "")), str(wanted.get("message", "")), details)
    if wanted:
        return _item(str(wanted), module, shown_id)
    if fields.get("Locked__s") is True:
        return _item("RECORD_LOCKED", module, shown_id)
    if fields.get("$in_merge") is True:
        return _item("RECORD_LOCKED_BY_PROCESS", module, shown_id)
    if fields.get("$approved") is False:
        return _item("NOT_APPROVED", module, shown_id)
    if fields.get("$converted") is True and "converted" not in deletable:
        return _item("CONVERTED_RECORD", module, shown_id)
    if fields.get("$stop_processing") is True and "stopped" not in deletable:
        return _item("CANNOT_PROCESS", module, shown_id)
    return None


def change_refusal(record: Record) -> dict[str, Any] | None:
    """The ``data[]`` item by which a record's own flags stop a change in it, or ``None``.

    Flags: ``Locked__s``, ``$stop_processing``, ``$approved``, ``$converted``, ``$update_error`` (a code).
    """
    fields = record.fields
    stops = {
        str(fields.get("$update_error")): bool(fields.get("$update_error")),
        "RECORD_LOCKED": fields.get("Locked__s") is True,
        "NOT_APPROVED": fields.get("$approved") is False,
        "CONVERTED_RECORD": fields.get("$converted") is True,
        "CANNOT_PROCESS": fields.get("$stop_processing") is True,
    }
    code = next((name for name, stopped in stops.items() if stopped), None)
    if code is None:
        return None
    return errors.error(code, _CHANGE_TEXTS.get(code, "the record cannot be changed"), {"id": record.id})


def _item(code: str, module: str, shown_id: str) -> dict[str, Any]:
    details: dict[str, Any] = {"id": shown_id}
    if code == "RECORD_LOCKED":
        details = {"action": "record_locking", "id": shown_id}
    elif code == "NO_PERMISSION":
        details = {"permissions": [f"Crm_Implied_View_{module}"], "id": shown_id}
    shown = "RECORD_LOCKED" if code == "RECORD_LOCKED_BY_PROCESS" else code
    return errors.error(shown, _RECORD_TEXTS.get(code, "record not deleted"), details)
