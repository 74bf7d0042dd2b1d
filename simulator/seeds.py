"""Data to start with: the records of Zoho's documents, and files and controls that load more."""

from __future__ import annotations

import gc
from typing import Any

from simulator.jobs import FIRST_JOB, Job
from simulator.state import State
from simulator.views import View

VIEW = "3652397000000538003"
TERRITORY = "3652397000007622003"
CHILD_TERRITORY = "3652397000007622011"
CAMPAIGN = "3652397000000327001"
_TOKENS = ("1000.8cb99dxxxxxxxxxxxxx9be93.9b8xxxxxxxxxxxxxxxf", "d92d4xxxxxxxxxxxxx15f52")
_CONTACTS = ("3652397000000925128", "3652397000000649013")
_MASS_IDS = ("3652397000006064023", "3652397000003852074")
_DELETE_IDS = ("410405000002264040", "410405000002264025")
# Ids of the sample programs of "Delete Records" v2.
_PROGRAM_IDS = (
    "3477061000005908033", "3477061000005908017", "3477061000005908001", "34770617742004",
    "34770617742003", "34770617738002", "347706107596026", "347706107246019", "34770617846014",
    "34770617008005", "34770617846013", "3409643000002804002", "3409643000002804003",
    "3409643000002804004", "3477061000007596026", "3477061000007246019",
)  # fmt: skip
_MANY = 10_000


def documents() -> dict[str, Any]:
    """Records, view, territories and campaign of the documents, in the shape that ``load`` takes.

    The view holds 12 junk leads: 6 in the territory, 3 in its child, 3 in none; the sample job counts 9.
    """
    leads: list[dict[str, Any]] = [
        {"id": record_id, "Last_Name": "Sample", "Lead_Status": "Contacted"}
        for record_id in (*_DELETE_IDS, *_MASS_IDS, *_PROGRAM_IDS)
    ]
    places = [[TERRITORY]] * 6 + [[CHILD_TERRITORY]] * 3 + [[]] * 3
    for n, place in enumerate(places):
        junk = {"id": str(3652397000009440001 + n), "Last_Name": f"Junk {n + 1}", "Lead_Status": "Junk Lead"}
        leads.append({**junk, "Territories": place})
    contacts = [{"id": record_id, "Last_Name": "Contact"} for record_id in _CONTACTS]
    campaign = {"id": CAMPAIGN, "Campaign_Name": "Sample campaign", "Contacts": list(_CONTACTS)}
    criteria = {"comparator": "equal", "field": {"api_name": "Lead_Status"}, "value": "Junk Lead"}
    return {
        "records": {"Leads": leads, "Contacts": contacts, "Campaigns": [campaign]},
        "views": [{"module": "Leads", "cvid": VIEW, "name": "Junk Leads", "criteria": criteria}],
        "territories": [
            {"id": TERRITORY, "parent": None},
            {"id": CHILD_TERRITORY, "parent": TERRITORY},
        ],
    }


def load_documents(state: State) -> None:
    """Loads the documents' data, the access tokens they print, and the finished job of the status page.

    The first job that is started by a view takes over the printed job's id.
    """
    load(state, documents())
    for value in _TOKENS:
        state.tokens.load(value)
    job = Job(str(FIRST_JOB), "Leads", VIEW, [], state.now(), 0.0, 0.0, 0.0)
    job.total = job.deleted = 9
    job.status, job.finished_at = "COMPLETED", state.now()
    state.jobs.by_id[job.id] = job


def load(state: State, data: Any) -> dict[str, int]:
    """Loads ``{"modules": {...}, "records": {...}, "views": [...], "territories": [...]}``, or records by
    module alone.

    Returns records by module. Raises ``ValueError`` that says what is wrong.
    """
    if not isinstance(data, dict):
        raise ValueError("expected an object: records by module, or records, views and territories")
    whole = set(data) <= {"modules", "records", "views", "territories"}
    records = data.get("records", {}) if whole else data
    load_modules(state, data.get("modules", {}) if whole else {})
    load_territories(state, data.get("territories", []) if whole else [])
    loaded = load_records(state, records)
    for view in data.get("views", []) if whole else []:
        load_view(state, view)
    return loaded


def load_records(state: State, data: Any) -> dict[str, int]:
    """Adds or merges ``{"Leads": [{"id": "1", ...}]}``; returns how many by module. Raises ``ValueError``."""
    _check_records(data)
    now = state.now()
    for module, records in data.items():
        state.store.module(module)
        for record in records:
            state.store.upsert(module, record, now)
    loaded = {module: len(records) for module, records in data.items()}
    if sum(loaded.values()) >= _MANY:
        gc.freeze()  # keeps the collector from walking through them again and again
    return loaded


def _is_digits(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit()


def _check_records(data: Any) -> None:
    if not isinstance(data, dict):
        raise ValueError("records must be an object: module name to list of records")
    for module, records in data.items():
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            raise ValueError(f"{module} must be a list of objects")
        if not module:
            raise ValueError("a module needs a name")
        for record in records:
            if not _is_digits(record.get("id", "0")):
                raise ValueError(f"{module}: id {record['id']!r} is not a string of digits")
            for name, value in record.items():
                _check_field(f"{module} {record.get('id', '')}: {name}", name, value)


def _check_field(place: str, name: str, value: Any) -> None:
    """Lists have to hold ids, as they link; the flags that carry a code have to be readable."""
    if name == "Participants":
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise ValueError(f'{place} must be a list of {{"participant", "type", "Email"}}')
    elif isinstance(value, list):
        found = [item.get("id") if isinstance(item, dict) else item for item in value]
        if not all(map(_is_digits, found)):
            raise ValueError(f'{place} must list ids, strings of digits or {{"id": ...}}')
    elif name == "Territories" and value is not None:
        raise ValueError(f"{place} must be a list of ids")
    elif name == "$delete_error" and not isinstance(value, str | None):
        details = value.get("details", {}) if isinstance(value, dict) else None
        if not isinstance(details, dict):
            raise ValueError(f'{place} must be a code or {{"code", "message", "details"}}')


def load_modules(state: State, data: Any) -> list[str]:
    """Makes modules and tells their metadata: ``{"Members": {"fields": [...], "related_lists": [...]}}``.

    Fields and lists have ``api_name`` and what else Zoho tells of them; other keys are the module's own
    (``api_supported``, ``generated_type``, ...). Raises ``ValueError``.
    """
    if not isinstance(data, dict) or not all(isinstance(told, dict) for told in data.values()):
        raise ValueError("modules must be an object: module name to an object")
    for module, told in data.items():
        for key in ("fields", "related_lists"):
            listed = told.get(key, [])
            if not isinstance(listed, list) or not all(
                isinstance(each, dict) and isinstance(each.get("api_name"), str) for each in listed
            ):
                raise ValueError(f'{module}: {key} must be a list of objects with "api_name"')
        if not module:
            raise ValueError("a module needs a name")
    for module, told in data.items():
        state.store.module(module)
        state.schema.tell(module, told)
    return list(data)


def load_view(state: State, item: Any) -> str:
    """Adds ``{"module", "cvid"?, "name"?, "criteria" | "ids"}`` and returns its id. Raises ``ValueError``."""
    if not isinstance(item, dict) or not item.get("module") or not isinstance(item["module"], str):
        raise ValueError('a view is an object with "module", "cvid" and "criteria" or "ids"')
    unknown = set(item) - {"module", "cvid", "name", "criteria", "ids"}
    if unknown:
        raise ValueError(f"view: unknown {', '.join(sorted(unknown))}")
    cvid = item.get("cvid") or state.store.free_id()
    if not _is_digits(cvid):
        raise ValueError("cvid must be a string of digits")
    ids = item.get("ids")
    if ids is not None and not (isinstance(ids, list) and all(isinstance(one, str) for one in ids)):
        raise ValueError("ids must be a list of strings")
    if (ids is None) == (item.get("criteria") is None):
        raise ValueError('a view has either "criteria" or "ids"')
    module = state.store.module(item["module"]).name
    state.store.add_view(View(cvid, module, str(item.get("name", "View " + cvid)), item.get("criteria"), ids))
    return cvid


def load_territories(state: State, items: Any) -> list[str]:
    """Adds ``[{"id", "parent"}]`` and returns the ids. Raises ``ValueError``."""
    if not isinstance(items, list):
        raise ValueError("territories must be a list")
    for item in items:
        good = isinstance(item, dict) and isinstance(item.get("id"), str)
        if not good or not isinstance(item.get("parent"), str | None):
            raise ValueError('a territory is an object with "id" and "parent", strings')
        state.store.territories[item["id"]] = item.get("parent")
    return [item["id"] for item in items]
