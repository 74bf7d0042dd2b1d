"""The controls under ``/_sim/``: load data, ask for faults, move the clock, see what happened."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from simulator import seeds
from simulator.clock import iso_millis
from simulator.faults import JOB_KINDS, Fault, read_fault, spoil
from simulator.grants import MOST_MINUTES
from simulator.http import Answer, Call, ok
from simulator.listing import shown
from simulator.state import State


class ControlError(ValueError):
    """A control that was asked for in the wrong way; the text says how to ask."""


def answer(state: State, call: Call) -> Answer:
    """Answers a control: 200 with JSON, or 400, 404, 405 with ``{"error": text}``."""
    name = call.path.removeprefix("/_sim/")
    methods = {key[0] for key in _CONTROLS if key[1] == name}
    if not methods:
        known = ", ".join(sorted({key[1] for key in _CONTROLS}))
        return Answer(404, {"error": f"no control {name!r}; there are {known}"})
    if call.method not in methods:
        return Answer(405, {"error": f"{name} takes {' or '.join(sorted(methods))}"})
    try:
        body = call.json() if call.body.strip() else None
    except ValueError as problem:
        return Answer(400, {"error": f"the body is not JSON: {problem}"})
    try:
        with state.lock:
            if name != "reset":
                state.advance()
            return ok(_CONTROLS[call.method, name](state, call, body))
    except ValueError as problem:
        return Answer(400, {"error": str(problem)})


def _reset(state: State, _call: Call, body: Any) -> Any:
    state.clear()
    if isinstance(body, dict) and body.get("documents") is True:
        seeds.load_documents(state)
    return {"reset": True}


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ControlError("the body must be a JSON object")
    return body


def _list(body: Any) -> list[Any]:
    return body if isinstance(body, list) else [_object(body)]


def _records(state: State, _call: Call, body: Any) -> Any:
    return {"loaded": seeds.load_records(state, _object(body))}


def _modules(state: State, _call: Call, body: Any) -> Any:
    return {"modules": seeds.load_modules(state, _object(body))}


def _shown_records(state: State, call: Call, _body: Any) -> Any:
    module = state.store.find_module(call.params.get("module", ""))
    if module is None:
        raise ControlError("?module= must name a module")
    return [shown(record, None) for record in module.records.values()]


def _generate(state: State, _call: Call, body: Any) -> Any:
    """``{"module", "count", "first_id"?, "fields"?}``: many alike records without a long body."""
    body = _object(body)
    count, first = body.get("count"), body.get("first_id", "3652397000100000001")
    if not isinstance(count, int) or isinstance(count, bool) or not 0 < count <= 5_000_000:
        raise ControlError("count must be a whole number from 1 to 5000000")
    if (
        not isinstance(first, str)
        or not first.isascii()
        or not first.isdigit()
        or not isinstance(body.get("module"), str)
    ):
        raise ControlError("module and first_id must be strings, first_id of digits")
    fields, now = body.get("fields", {}), state.now()
    for n in range(int(first), int(first) + count):
        state.store.upsert(body["module"], {"id": str(n), **_object(fields)}, now)
    return {"loaded": {body["module"]: count}}


def _views(state: State, _call: Call, body: Any) -> Any:
    return {"views": [seeds.load_view(state, item) for item in _list(body)]}


def _territories(state: State, _call: Call, body: Any) -> Any:
    return {"territories": seeds.load_territories(state, _list(body))}


def _faults(state: State, _call: Call, body: Any) -> Any:
    """All of a list, or none of it when one of them is wrong."""
    faults = [read_fault(item) for item in _list(body)]
    at_once = [action for fault in faults if (action := _action(state, fault)) is not None]
    state.faults.all += faults
    for action in at_once:
        action()
    return {"faults": [fault.shown() for fault in state.faults.all]}


def _action(state: State, fault: Fault) -> Callable[[], object] | None:
    """What a fault does at once, without waiting for a call: a person's job, or harm to a job that runs."""
    more, now = fault.more, state.now()
    if fault.kind == "foreign_job":
        fault.hit()
        module, ids = str(more.get("module") or ""), _foreign_ids(state, more)
        return partial(state.jobs.foreign, module, more.get("cvid"), ids, now, float(more["seconds"]))
    if fault.kind not in JOB_KINDS or not more.get("job_id"):
        return None
    job = state.jobs.by_id.get(more["job_id"])
    if job is None:
        raise ControlError(f"no job {more['job_id']}")
    fault.hit()
    return partial(spoil, job, fault, now)


def _foreign_ids(state: State, more: dict[str, Any]) -> list[str]:
    """The records of the view that a person's job is over; nothing that is ours when none is named."""
    if not more.get("cvid"):
        return []
    view = state.store.find_view(str(more.get("module") or ""), str(more["cvid"]))
    if view is None:
        raise ControlError(f"no view {more['cvid']} in module {more.get('module')!r}")
    return list(view.members)


def _no_faults(state: State, _call: Call, _body: Any) -> Any:
    state.faults.all.clear()
    return {"faults": []}


def _clock(state: State, _call: Call, body: Any) -> Any:
    seconds = _object(body).get("advance_seconds")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        raise ControlError("advance_seconds must be a number")
    state.clock.advance(seconds)
    state.advance()
    return {"now": iso_millis(state.now())}


def _grants(state: State, _call: Call, body: Any) -> Any:
    """``{"client_id"?, "scopes"?, "minutes"?}``: a self client's code, as Zoho's API console makes them."""
    body = _object(body or {})
    client_id, scopes, minutes = body.get("client_id", ""), body.get("scopes"), body.get("minutes", 3)
    if not isinstance(client_id, str):
        raise ControlError("client_id must be a string")
    if scopes is not None and not (isinstance(scopes, list) and all(isinstance(s, str) for s in scopes)):
        raise ControlError("scopes must be a list of strings")
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= MOST_MINUTES:
        raise ControlError(f"minutes must be a whole number from 1 to {MOST_MINUTES}")
    granted = None if scopes is None else tuple(scopes)
    made = state.tokens.codes.make(client_id, granted, state.now() + 60 * minutes)
    return {"code": made.code, "ends_at": iso_millis(made.ends_at)}


def _settings(state: State, _call: Call, body: Any) -> Any:
    state.change(state.settings.updated(_object(body)))
    return state.settings.shown()


def _shown_settings(state: State, _call: Call, _body: Any) -> Any:
    return state.settings.shown()


def _calls(state: State, call: Call, _body: Any) -> Any:
    since = call.params.get("since", "0")
    if not since.isascii() or not since.isdigit():
        raise ControlError("since must be the number of a call")
    return state.journal.since(int(since))


def _state(state: State, _call: Call, _body: Any) -> Any:
    """Records left by module, jobs, tokens, credits, links, views and more."""
    modules, now = state.store.modules.values(), state.now()
    return {
        "now": iso_millis(now),
        "records": {module.name: len(module.records) for module in modules},
        "deleted": {module.name: len(module.deleted) for module in modules if module.deleted},
        "recycle_bin": len(state.store.bin),
        "views": [
            {"id": view.id, "module": view.module, "name": view.name, "records": len(view.members)}
            for module in modules
            for view in module.views.values()
        ],
        "territories": state.store.territories,
        "links": state.store.links.shown(),
        "jobs": [job.described() for job in state.jobs.by_id.values()],
        "tokens": state.tokens.shown(now),
        "credits": state.credits.shown(state.settings.credits, now),
        "concurrency": state.gate.shown(),
        "workflows": state.workflows,
        "faults": [fault.shown() for fault in state.faults.all],
    }


_Control = Callable[[State, Call, Any], Any]
_CONTROLS: dict[tuple[str, str], _Control] = {
    ("POST", "reset"): _reset,
    ("POST", "records"): _records,
    ("GET", "records"): _shown_records,
    ("POST", "generate"): _generate,
    ("POST", "modules"): _modules,
    ("POST", "views"): _views,
    ("POST", "territories"): _territories,
    ("POST", "faults"): _faults,
    ("DELETE", "faults"): _no_faults,
    ("POST", "grants"): _grants,
    ("POST", "clock"): _clock,
    ("POST", "settings"): _settings,
    ("GET", "settings"): _shown_settings,
    ("GET", "calls"): _calls,
    ("GET", "state"): _state,
}
