"""What can be set, by command line and by ``POST /_sim/settings``; the defaults are what Zoho documents."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from simulator.privacy_states import STATES
from simulator.refusals import OPERATIONS, known
from simulator.settings_words import CHOICES, HELP

__all__ = ["CHOICES", "HELP", "Settings"]
ALL_SCOPES = (
    "ZohoCRM.modules.ALL",
    "ZohoCRM.mass_delete.ALL",
    "ZohoCRM.coql.READ",
    "ZohoSearch.securesearch.READ",
    "ZohoCRM.settings.ALL",
    "ZohoCRM.users.ALL",
    "ZohoCRM.org.ALL",
)
#: What hangs on a record, by the fields that name it (help pages, "manage notes and attachments").
CHILDREN = {"Notes": ["Parent_Id"], "Attachments": ["Parent_Id"], "Tasks": ["What_Id", "Who_Id"]}
_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


@dataclass(slots=True)
class Settings:
    """Numbers are seconds, records or calls as their names say; README.md explains each one."""

    latency_ms: float = 0.0
    concurrency: int = 25
    heavy_concurrency: int = 10
    credits: int = 5_000_000
    count_price: int = 50
    edition: str = "Ultimate"
    scopes: list[str] = field(default_factory=lambda: list(ALL_SCOPES))
    scope_message: str = "Unauthorized"
    refuse: dict[str, str] = field(default_factory=dict)
    token_seconds: int = 3600
    tokens_per_window: int = 10
    token_window_seconds: int = 600
    live_tokens: int = 15
    throttle_status: int = 200
    token_code: str = "INVALID_TOKEN"  # noqa: S105 - the name of an answer, no secret
    limit_code: str = "TOO_MANY_REQUESTS"
    job_limit: int = 50_000
    over_limit: str = "first"
    job_start_seconds: float = 0.5
    job_queued_seconds: float = 0.0
    job_min_seconds: float = 2.0
    job_records_per_second: float = 5000.0
    already_scheduled_scope: str = "org"
    already_scheduled_status: int = 400
    already_scheduled_for_ids: bool = False
    none_found_for_ids: bool = False
    unknown_job: str = "INVALID_DATA"
    edition_code: str = "NOT_SUPPORTED"
    wrap_refusals: bool = False
    bin_days: float = 60.0
    deleted_days: float = 120.0
    bin_lag_seconds: float = 0.0
    deleted_lag_seconds: float = 0.0
    search_lag_seconds: float = 0.0
    bin_at_once: int = 1_000
    scheduled_items: str = "each"
    restore_limit: int = 100
    children: dict[str, list[str]] = field(default_factory=lambda: dict(CHILDREN))
    no_bin: list[str] = field(default_factory=list)
    bin_lists_children: bool = True
    deleted_lists_children: bool = True
    restored_listed: bool = False
    restored_id: str = "same"
    restore_links: bool = True
    restore_modifies: bool = False
    restore_triggers: bool = False
    purged_time: str = "deletion"
    deleted_since_by: str = "change"
    bin_module: str = "object"
    bin_filter_status: int = 403
    profile: str = "Administrator"
    purge_refusal: str = "none"
    bin_job_seconds: float = 1.0
    search_price: int = 1
    metadata_price: int = 1
    bin_price: int = 1
    search_parts: bool = True
    search_refuses: str = ""
    phone_search: str = "text"
    restricted_read: str = "null"
    restricted_query: str = "INVALID_QUERY"
    restricted_searched: bool = False
    encrypted_searched: bool = True
    coql_hides: list[str] = field(default_factory=list)
    search_hides: list[str] = field(default_factory=list)
    coql_case: str = "insensitive"
    converted_delete: str = "CONVERTED_RECORD"
    stopped_delete: str = "CANNOT_PROCESS"
    lookups_of_deleted: str = "kept"
    participants_update: str = "replace"
    participants_searched: bool = False
    required_update: str = "MANDATORY_NOT_FOUND"
    no_photo: str = "SUCCESS"

    def updated(self, changes: dict[str, Any]) -> Settings:
        """A copy with ``changes`` (names as above). Raises ``ValueError`` that names what is wrong."""
        values = asdict(self)
        for name, value in changes.items():
            if name not in values:
                raise ValueError(f"unknown setting {name!r}; known: {', '.join(sorted(values))}")
            values[name] = _checked(name, value, values[name])
        return Settings(**values)

    def shown(self) -> dict[str, Any]:
        """All settings as JSON."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


def _checked(name: str, value: Any, old: Any) -> Any:
    """``value`` if it has the type of ``old``; a whole number passes where a fraction is allowed."""
    if name in CHOICES and value not in CHOICES[name]:
        raise ValueError(f"{name} must be one of {', '.join(map(str, CHOICES[name]))}")
    if isinstance(old, float) and type(value) is int:
        value = float(value)
    if type(value) is not type(old):
        raise ValueError(f"{name} must be {_KINDS[type(old)]}")
    if isinstance(value, float | int) and not 0 <= value < math.inf:
        raise ValueError(f"{name} must not be negative")
    if name == "job_records_per_second" and value == 0:
        raise ValueError(f"{name} must be above 0")
    _check_inside(name, value)
    return value


def _check_inside(name: str, value: Any) -> None:
    """The parts of a list or an object."""
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name} must be a list of strings")
    if name.endswith("_hides") and not set(value) <= set(STATES):
        raise ValueError(f"{name}: its words are {', '.join(STATES)}")
    if name == "children":
        _check_children(value)
    if name == "refuse":
        _check_refuse(value)


def _check_children(value: dict[str, Any]) -> None:
    for module, names in value.items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"children: {module!r} must be a list of lookup fields")


def _check_refuse(value: dict[str, Any]) -> None:
    for place, code in value.items():
        module, dot, operation = str(place).rpartition(".")
        if not dot or not module or operation not in OPERATIONS:
            raise ValueError(f"refuse: {place!r} is not <module or *>.<{'|'.join(OPERATIONS)}>")
        if not isinstance(code, str) or code not in known(operation):
            raise ValueError(f"refuse: {code!r} is not one of {', '.join(known(operation))}")
