"""Mass Delete Records, by ids and by custom view, and Mass Delete Status (documents v7 and v6)."""

from __future__ import annotations

from itertools import islice
from typing import Any

from simulator import errors
from simulator.faults import JOB_KINDS, spoil
from simulator.http import Answer, Call, many, ok
from simulator.modules import NO_MASS_DELETE, canonical
from simulator.records import is_id
from simulator.refusals import record_refusal
from simulator.settings import Settings
from simulator.state import State
from simulator.views import View

IDS_LIMIT = 500
_WITHOUT_VIEW_FORM = ("Free", "Standard", "Professional")
_KEYS = {"ids", "cvid", "territory"}


def start(state: State, call: Call) -> Answer:
    """``POST /{module}/actions/mass_delete`` with ``{"ids": [...]}`` or ``{"cvid", "territory"?}``.

    By ids at once: 200, 207 or 400 with ``data[]``. By view: 200 with a ``job_id``.
    """
    answer = _start(state, call)
    if state.settings.wrap_refusals and answer.status == 400 and "data" not in answer.body:
        answer.body = {"data": [answer.body]}
    return answer


def _start(state: State, call: Call) -> Answer:
    if canonical(call.args["module"]) in NO_MASS_DELETE:
        return errors.refusal(400, "NOT_SUPPORTED", errors.CANNOT_MASS_DELETE, {"resource_path_index": 0})
    body = errors.object_in(call, _KEYS)
    if isinstance(body, Answer):
        return body
    if "ids" in body and len(body) > 1:
        return errors.ambiguous([{"api_name": name, "json_path": f"$.{name}"} for name in body])
    if "ids" in body:
        return _by_ids(state, call, body["ids"])
    return _by_view(state, call, body) if "cvid" in body else errors.mandatory_field("ids", "jsonarray")


def _by_ids(state: State, call: Call, ids: Any) -> Answer:
    if not isinstance(ids, list):
        return errors.invalid_data("invalid data", {"api_name": "ids", "expected_data_type": "jsonarray"})
    if not ids:
        return errors.mandatory_field("ids", "jsonarray")
    if len(ids) > IDS_LIMIT:
        return errors.limit_exceeded("ids", IDS_LIMIT)
    if state.settings.already_scheduled_for_ids and state.jobs.blocking(
        canonical(call.args["module"]), "", "org"
    ):
        return _already_scheduled(state)
    module = call.args["module"]
    if state.settings.none_found_for_ids and not any(
        shown and state.store.find(module, shown) for shown in map(_digits, ids)
    ):
        return _none_found()
    return many([_delete_item(state, module, wanted, n) for n, wanted in enumerate(ids)])


def _delete_item(state: State, module_name: str, wanted: Any, n: int) -> dict[str, Any]:
    shown = _digits(wanted)
    found = state.store.find(module_name, shown) if shown else None
    if found is None:
        details = {"api_name": "ids", "json_path": f"$.ids[{n}]", "id": shown or str(wanted)}
        return errors.error("INVALID_DATA", "the id given seems to be invalid", details)
    module, record = found
    refused = record_refusal(record, module.name, record.id, state.store.deletable)
    if refused is not None:
        return refused
    state.store.delete(module, record, state.now())
    return errors.success({"id": record.id}, "record is deleted")


def _digits(value: Any) -> str | None:
    """An id as text; the official client sends JSON numbers. ``None`` if it is not one."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if is_id(text) else None


def _by_view(state: State, call: Call, body: dict[str, Any]) -> Answer:
    settings, module = state.settings, canonical(call.args["module"])
    if settings.edition in _WITHOUT_VIEW_FORM:
        return errors.refusal(400, settings.edition_code, errors.EDITION_TEXT)
    cvid = _digits(body["cvid"])
    view = state.store.find_view(module, cvid) if cvid else None
    if view is None:
        details = {"api_name": "cvid", "json_path": "$.cvid", "id": str(body["cvid"])}
        return errors.invalid_data("the cvid given seems to be invalid", details)
    territories = _territories(state, body.get("territory"))
    if isinstance(territories, Answer):
        return territories
    if state.jobs.blocking(module, view.id, settings.already_scheduled_scope):
        return _already_scheduled(state)
    ids = _matching(view, territories, settings.job_limit + 1)
    refused = _size_refusal(len(ids), settings)
    if refused is not None:
        return refused
    job = state.jobs.new(module, view.id, ids[: settings.job_limit], state.now(), settings)
    for kind in JOB_KINDS:
        fault = state.faults.take((kind,), call)
        if fault is not None:
            spoil(job, fault, state.now())
    return ok({"data": [errors.success({"job_id": job.id}, "mass delete scheduled successfully")]})


def _size_refusal(found: int, settings: Settings) -> Answer | None:
    """Nothing to delete, or too much and the setting ``over_limit`` says so."""
    if not found:
        return _none_found()
    if found <= settings.job_limit or settings.over_limit == "first":
        return None
    if settings.over_limit == "LIMIT_EXCEEDED":
        return errors.refusal(400, "LIMIT_EXCEEDED", "Record count exceeded")
    text = f"The custom view has more than {settings.job_limit:,} records."
    return errors.refusal(400, "RECORD_LIMIT_EXCEEDED", text)


def _none_found() -> Answer:
    return errors.refusal(400, "NO_RECORDS_FOUND", "no record found to update")


def _already_scheduled(state: State) -> Answer:
    status = state.settings.already_scheduled_status
    return errors.refusal(status, "ALREADY_SCHEDULED", errors.ALREADY_TEXT, {"api_name": "cvid"})


def _territories(state: State, territory: Any) -> set[str] | Answer | None:
    """Ids of the territories asked for, ``None`` when the call names none."""
    if territory is None:
        return None
    if not isinstance(territory, dict):
        return errors.invalid_data(
            "invalid data", {"api_name": "territory", "expected_data_type": "jsonobject"}
        )
    include = territory.get("include_child", False)
    if not isinstance(include, bool):
        return errors.invalid_data(
            "invalid data", {"api_name": "include_child", "expected_data_type": "boolean"}
        )
    wanted = _digits(territory.get("id"))
    if wanted is None or wanted not in state.store.territories:
        details = {"api_name": "id", "json_path": "$.territory.id"}
        return errors.invalid_data("the territory given seems to be invalid", details)
    return state.store.within(wanted, include)


def _matching(view: View, territories: set[str] | None, limit: int) -> list[str]:
    """At most ``limit`` ids of the view, in its order."""
    if territories is None:
        return [record.id for record in islice(view.listed(), limit)]
    found = (record.id for record in view.listed() if territories.intersection(record.territories()))
    return list(islice(found, limit))


def status(state: State, call: Call) -> Answer:
    """``GET /{module}/actions/mass_delete?job_id=``: 200 with one element in ``data[]``.

    400 ``MANDATORY_NOT_FOUND`` without the id, ``UNABLE_TO_PARSE_DATA_TYPE`` for a non-number,
    ``INVALID_DATA`` (or 404 ``NOT_FOUND``, setting ``unknown_job``) for a job that Zoho does not know.
    """
    job_id = call.params.get("job_id")
    if not job_id:
        return errors.mandatory_param("job_id")
    if not job_id.isascii() or not job_id.isdigit():
        return errors.wrong_format({"param_name": "job_id"})
    job = state.jobs.by_id.get(job_id)
    gone = job is not None and job.vanished_from is not None and job.vanished_from <= state.now()
    if job is None or gone or job.module != canonical(call.args["module"]):
        if state.settings.unknown_job == "NOT_FOUND":
            return errors.refusal(
                404, "NOT_FOUND", "the jobid given seems to be invalid", {"param_name": "job_id"}
            )
        return errors.invalid_data("The jobid given seems to be invalid", {"param_name": "job_id"})
    return ok({"data": [job.shown()]})
