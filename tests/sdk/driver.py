"""Drives the official Zoho CRM client, unchanged, against an address. Runs in the client's own environment.

``python driver.py BASE_URL WORK_DIRECTORY`` prints one JSON object: step name to what the client made of the
answer. The names of the steps are the test's.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

API = "zohocrmsdk.src.com.zoho.crm.api"


def sdk(module: str, name: str) -> Any:
    """A class of the client, for example ``sdk("record", "RecordOperations")``."""
    return getattr(import_module(f"{API}.{module}" if module else API), name)


def initialize(base: str, directory: str) -> None:
    """Points the client at ``base``, with its own means: a data centre of one's own and a token store."""
    data_center = import_module(f"{API}.dc.data_center").DataCenter
    environment = data_center.Environment(base, base + "/oauth/v2/token", base)
    token = import_module("zohocrmsdk.src.com.zoho.api.authenticator.oauth_token").OAuthToken(
        client_id="1000.CLIENT", client_secret="secret", refresh_token="1000.refresh"
    )
    store = import_module("zohocrmsdk.src.com.zoho.api.authenticator.store.file_store").FileStore(
        directory + "/tokens.csv"
    )
    sdk("initializer", "Initializer").initialize(
        environment,
        token,
        store=store,
        sdk_config=sdk("sdk_config", "SDKConfig")(update_api_domain=False),
        resource_path=directory,
    )


def plain(value: Any) -> Any:
    """A value of the client as JSON."""
    if hasattr(value, "get_value"):
        return value.get_value()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def described(item: Any) -> dict[str, Any]:
    """One success or error object, or one job's status."""
    if hasattr(item, "get_total_count"):
        return {
            "kind": type(item).__name__,
            "status": plain(item.get_status()),
            "total": item.get_total_count(),
            "deleted": item.get_deleted_count(),
            "failed": item.get_failed_count(),
        }
    return {
        "kind": type(item).__name__,
        "code": plain(item.get_code()),
        "message": plain(item.get_message()),
        "details": plain(item.get_details()),
        "status": plain(item.get_status()),
    }


def outcome(response: Any) -> dict[str, Any]:
    """What an ``APIResponse`` holds."""
    answer = response.get_object()
    found: dict[str, Any] = {"http": response.get_status_code(), "object": type(answer).__name__}
    if hasattr(answer, "get_count"):
        found["count"] = answer.get_count()
    elif hasattr(answer, "get_data"):
        found["data"] = [described(item) for item in answer.get_data()]
    elif answer is not None:
        found["error"] = described(answer)
    return found


def parameters(*pairs: tuple[Any, Any]) -> Any:
    """A ``ParameterMap``; a parameter that is given again is joined with commas by the client."""
    found = sdk("parameter_map", "ParameterMap")()
    for parameter, value in pairs:
        found.add(parameter, value)
    return found


def delete_many(
    module: str, ids: Sequence[int | str], trigger: bool | None = None, external: str | None = None
) -> dict[str, Any]:
    """``delete_records``."""
    params = sdk("record.record_operations", "DeleteRecordsParam")
    pairs: list[tuple[Any, Any]] = [(params.ids, str(one)) for one in ids]
    if trigger is not None:
        pairs.append((params.wf_trigger, trigger))
    headers = sdk("header_map", "HeaderMap")()
    if external:
        headers.add(sdk("record.record_operations", "DeleteRecordsHeader").x_external, external)
    operations = sdk("record", "RecordOperations")(module)
    return outcome(operations.delete_records(parameters(*pairs), headers))


def delete_one(module: str, record_id: int) -> dict[str, Any]:
    """``delete_record``."""
    operations = sdk("record", "RecordOperations")(module)
    return outcome(operations.delete_record(record_id, parameters(), sdk("header_map", "HeaderMap")()))


def delete_external(module: str, value: str, field: str) -> dict[str, Any]:
    """``delete_record_using_external_id``."""
    headers = sdk("header_map", "HeaderMap")()
    headers.add(sdk("record.record_operations", "DeleteRecordUsingExternalIDHeader").x_external, field)
    operations = sdk("record", "RecordOperations")(module)
    return outcome(operations.delete_record_using_external_id(value, parameters(), headers))


def mass_operations(module: str) -> Any:
    """The client's class for mass delete."""
    return sdk("mass_delete_cvid.mass_delete_cvid_operations", "MassDeleteCvidOperations")(module)


def mass_delete_ids(module: str, ids: list[int]) -> dict[str, Any]:
    """``mass_delete_by_record_id``."""
    body = sdk("mass_delete_cvid.record_id_body_wrapper", "RecordIdBodyWrapper")()
    body.set_ids(ids)
    return outcome(mass_operations(module).mass_delete_by_record_id(body))


def mass_delete_view(module: str, cvid: int, territory: int | None = None) -> dict[str, Any]:
    """``mass_delete_by_cvid``."""
    body = sdk("mass_delete_cvid.cvid_body_wrapper", "CvidBodyWrapper")()
    body.set_cvid(cvid)
    if territory:
        place = sdk("mass_delete_cvid.territory", "Territory")()
        place.set_id(territory)
        place.set_include_child(True)
        body.set_territory(place)
    return outcome(mass_operations(module).mass_delete_by_cvid(body))


def job_status(module: str, job_id: int) -> dict[str, Any]:
    """``get_mass_delete_status``."""
    name = sdk("mass_delete_cvid.mass_delete_cvid_operations", "GetMassDeleteStatusParam").job_id
    return outcome(mass_operations(module).get_mass_delete_status(parameters((name, job_id))))


def finished(module: str, job_id: int) -> dict[str, Any]:
    """The job's status once it is final; every status on the way counts too."""
    seen: list[str] = []
    for _ in range(200):
        found = job_status(module, job_id)
        status = found["data"][0]["status"]
        if status not in seen:
            seen.append(status)
        if status in ("COMPLETED", "FAILED"):
            return {**found, "seen": seen}
        time.sleep(0.02)
    return {"seen": seen}


def related(module: str, related_list: str) -> Any:
    """The client's class for related records."""
    name = "RelatedRecordsOperations"
    return sdk("related_records.related_records_operations", name)(related_list, module)


def delink_many(module: str, record_id: int, related_list: str, ids: list[int]) -> dict[str, Any]:
    """``delink_records``."""
    name = sdk("related_records.related_records_operations", "DelinkRecordsParam").ids
    pairs = [(name, str(one)) for one in ids]
    headers = sdk("header_map", "HeaderMap")()
    return outcome(related(module, related_list).delink_records(record_id, parameters(*pairs), headers))


def delink_one(module: str, record_id: int, related_list: str, related_id: int) -> dict[str, Any]:
    """``delink_record``."""
    headers = sdk("header_map", "HeaderMap")()
    return outcome(related(module, related_list).delink_record(related_id, record_id, headers))


def count(module: str, cvid: int) -> dict[str, Any]:
    """``record_count``."""
    name = sdk("record.record_operations", "RecordCountParam").cvid
    return outcome(sdk("record", "RecordOperations")(module).record_count(parameters((name, str(cvid)))))


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every call of the test, in order."""
    view, territory, job = 3652397000000538003, 3652397000007622003, 3652397000009565021
    campaign, contacts = 3652397000000327001, [3652397000000925128, 3652397000000649013]
    leads = [410405000002264040, 410405000002264025]
    yield "delete_many", delete_many("Leads", leads, trigger=False)
    yield "delete_mixed", delete_many("Leads", [leads[0], 3477061000005908033], trigger=True)
    yield "delete_gone", delete_many("Leads", [leads[0]])
    yield "delete_locked", delete_many("Leads", [71, 72])
    yield "delete_external_many", delete_many("Leads", ["ext 1", "ext 2"], external="Leads.External")
    yield "delete_external_one", delete_external("Leads", "ext 3", "Leads.External")
    yield "delete_one", delete_one("Leads", 3477061000005908017)
    yield "delete_one_gone", delete_one("Leads", 3477061000005908017)
    yield "delete_wrong_module", delete_many("Nonsense", [1])
    yield "delete_unsupported_module", delete_many("Documents", [1])
    yield "mass_ids", mass_delete_ids("Leads", [3652397000006064023, 3652397000003852074])
    yield "mass_ids_mixed", mass_delete_ids("Leads", [3652397000006064023, 3477061000005908001])
    yield "mass_ids_gone", mass_delete_ids("Leads", [3652397000006064023])
    yield "count_before", count("Leads", view)
    yield "sample_status", job_status("Leads", job)
    yield "mass_view", mass_delete_view("Leads", view, territory)
    yield "mass_view_twice", mass_delete_view("Leads", view, territory)
    yield "job_finished", finished("Leads", job)
    yield "count_after", count("Leads", view)
    yield "mass_view_unknown", mass_delete_view("Leads", 404)
    yield "mass_view_unsupported", mass_delete_view("Activities", 404)
    yield "status_unknown", job_status("Leads", 404)
    yield "delink_many", delink_many("Campaigns", campaign, "Contacts", contacts)
    yield "delink_gone", delink_many("Campaigns", campaign, "Contacts", contacts[:1])
    yield "delink_one", delink_one("Campaigns", campaign, "Contacts", 81)
    yield "delink_one_gone", delink_one("Campaigns", campaign, "Contacts", 81)
    yield "delink_no_parent", delink_many("Campaigns", 404, "Contacts", [81])


if __name__ == "__main__":
    initialize(sys.argv[1], sys.argv[2])
    print(json.dumps(dict(steps()), default=str))
