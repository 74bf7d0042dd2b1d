"""Custom view metadata, the current user and the organisation."""

from __future__ import annotations

from simulator import errors
from simulator.http import Answer, Call, no_content, ok
from simulator.modules import NOT_IN_API, canonical
from simulator.paging import page_of
from simulator.state import State

ORG_ID = "3652397000000000001"
USER = {"name": "Patricia Boyle", "id": "3652397000000186017"}


def views(state: State, call: Call) -> Answer:
    """``GET /settings/custom_views?module=Leads``: 200 ``{"custom_views": [...], "info": {...}}``."""
    module = module_of(state, call)
    if isinstance(module, Answer):
        return module
    paging = page_of(call)
    if isinstance(paging, Answer):
        return paging
    page, per_page = paging
    found = list(state.store.module(module).views.values())
    some = found[(page - 1) * per_page : page * per_page]
    info = {
        "per_page": per_page,
        "default": found[0].id,
        "count": len(some),
        "page": page,
        "more_records": len(found) > page * per_page,
        "translation": {"public_views": "Public Views", "created_by_me": "Created By Me"},
    }
    return ok({"custom_views": [view.shown() for view in some], "info": info}) if some else no_content()


def view(state: State, call: Call) -> Answer:
    """``GET /settings/custom_views/{id}?module=Leads``: 200 with one view, 400 for an unknown id."""
    module = module_of(state, call)
    if isinstance(module, Answer):
        return module
    found = state.store.find_view(module, call.args["id"])
    if found is None:
        return errors.invalid_data("the id given seems to be invalid", {"resource_path_index": 2})
    return ok({"custom_views": [found.shown()]})


def module_of(state: State, call: Call) -> str | Answer:
    """The module that ``module=`` names, or what is wrong with it."""
    name = call.params.get("module")
    if not name:
        return errors.param_missing("module")
    if name in NOT_IN_API:
        return errors.unsupported_module()
    if state.store.find_module(name) is None:
        return errors.invalid_module()
    return canonical(name)


def users(_state: State, _call: Call) -> Answer:
    """``GET /users?type=CurrentUser``: 200 with the one user there is."""
    user = {
        "id": USER["id"],
        "full_name": USER["name"],
        "first_name": "Patricia",
        "last_name": "Boyle",
        "email": "patricia.b@zylker.com",
        "status": "active",
        "confirm": True,
        "zuid": "1000000001",
    }
    info = {"per_page": 200, "count": 1, "page": 1, "more_records": False}
    return ok({"users": [user], "info": info})


def org(state: State, _call: Call) -> Answer:
    """``GET /org``: 200 with the organisation and its edition."""
    details = {"paid_type": state.settings.edition.lower(), "paid": True, "trial_type": None}
    body = {
        "id": ORG_ID,
        "company_name": "Zylker",
        "primary_email": "patricia.b@zylker.com",
        "zgid": "1000000002",
        "time_zone": "Etc/UTC",
        "iso_code": "USD",
        "license_details": details,
    }
    return ok({"org": [body]})
