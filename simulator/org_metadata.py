"""Modules, Fields and Related Lists Metadata."""

from __future__ import annotations

from typing import Any

from simulator import errors
from simulator.http import Answer, Call, no_content, ok
from simulator.metadata import module_of
from simulator.modules import ACTIVITIES, DELETABLE
from simulator.related_lists import names_of
from simulator.state import State

_LINE_ITEMS = frozenset({"Appointments_Rescheduled_History__s"})


def modules(state: State, _call: Call) -> Answer:
    """``GET /settings/modules``: 200 ``{"modules": [...]}``, every module of the org, custom ones too."""
    names = [*state.store.modules, "Activities", "Home"]
    return ok({"modules": [_module(state, name, n) for n, name in enumerate(names)]})


def _module(state: State, name: str, n: int) -> dict[str, Any]:
    own = name in DELETABLE or name in ("Notes", "Attachments", "Activities", "Home")
    found = {
        "api_name": name,
        "module_name": name if own else f"CustomModule{n}",
        "id": str(3652397000000002000 + n),
        "singular_label": name,
        "plural_label": name,
        "generated_type": "default" if own else "custom",
        "api_supported": name != "Home",
        "viewable": True,
        "editable": name != "Home",
        "deletable": name != "Home",
        "global_search_supported": name not in _LINE_ITEMS | {"Home", "Activities"},
        "recycle_bin_on_delete": name not in state.store.without_bin and name != "Home",
        "profiles": [{"name": "Administrator", "id": "3652397000000026011"}],
    }
    return found | state.schema.flags.get(name, {})


def fields(state: State, call: Call) -> Answer:
    """``GET /settings/fields?module=``: 200 ``{"fields": [...]}``; what only records show is one, too."""
    module = "Activities" if call.params.get("module") == "Activities" else module_of(state, call)
    if isinstance(module, Answer):
        return module
    found: dict[str, dict[str, Any]] = {}
    for part in ACTIVITIES if module == "Activities" else (module,):
        for field in state.schema.fields(part, state.store.module(part).seen):
            found[field["api_name"]] = field
    rows = [_field(n, each) for n, each in enumerate(found.values())]
    return ok({"fields": rows})


def _field(n: int, told: dict[str, Any]) -> dict[str, Any]:
    usual = {
        "id": str(3652397000000003000 + n),
        "field_label": told["api_name"].replace("_", " "),
        "visible": True,
        "searchable": True,
        "system_mandatory": False,
        "read_only": False,
        "custom_field": told["api_name"].endswith("__c"),
        "lookup": {},
        "multiselectlookup": {},
    }
    return usual | told


def related_lists(state: State, call: Call) -> Answer:
    """``GET /settings/related_lists?module=``: 200 ``{"related_lists": [...]}``, 204 where there are none."""
    if call.params.get("module") == "Activities":
        return errors.refusal(400, "NOT_SUPPORTED", "the given module is not supported for this api")
    module = module_of(state, call)
    if isinstance(module, Answer):
        return module
    told = state.schema.lists.get(module, {})
    rows = [
        {
            "id": str(3652397000000091000 + n),
            "sequence_number": str(n + 1),
            "display_label": name.replace("_", " "),
            "api_name": name,
            "name": name,
            "module": {"api_name": of, "id": None} if of else None,
            "href": f"{module}/{{ENTITYID}}/{name}",
            "type": "default",
            "status": "visible",
        }
        | told.get(name, {})
        for n, (name, of) in enumerate(names_of(state, module).items())
    ]
    return ok({"related_lists": rows}) if rows else no_content()
