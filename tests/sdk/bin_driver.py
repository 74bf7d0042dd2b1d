"""Drives the official client over the recycle bin and the deleted list: list and purge are all it knows.

``python bin_driver.py BASE_URL WORK_DIRECTORY``, as driver.py.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

_driver = import_module("driver")  # beside this file, which runs as a script
delete_many, described, initialize = _driver.delete_many, _driver.described, _driver.initialize
parameters, plain, sdk = _driver.parameters, _driver.plain, _driver.sdk

BIN = "recycle_bin.recycle_bin_operations"


def operations() -> Any:
    """The client's class for the recycle bin."""
    return sdk(BIN, "RecycleBinOperations")()


def listed(ids: Sequence[int] = (), **more: Any) -> dict[str, Any]:
    """``get_recyclebin_records``."""
    names = sdk(BIN, "GetRecycleBinRecordsParam")
    pairs = [(names.ids, str(one)) for one in ids]
    pairs += [(getattr(names, name), value) for name, value in more.items()]
    return shown(operations().get_recyclebin_records(parameters(*pairs)))


def shown(response: Any) -> dict[str, Any]:
    """What an ``APIResponse`` with entries or with outcomes holds."""
    answer = response.get_object()
    found: dict[str, Any] = {"http": response.get_status_code(), "object": type(answer).__name__}
    if not hasattr(answer, "get_recycle_bin"):
        return found if answer is None else {**found, "error": described(answer)}
    items = answer.get_recycle_bin()
    if found["object"] == "ActionWrapper":
        return {**found, "items": [described(item) for item in items]}
    info = answer.get_info()
    return {
        **found,
        "more": info.get_more_records() if info is not None else None,
        "entries": [entry(one) for one in items],
    }


def entry(one: Any) -> dict[str, Any]:
    """One record in the bin."""
    return {
        "id": one.get_id(),
        "name": one.get_display_name(),
        "module": one.get_module().get_api_name(),
        "deleted_time": one.get_deleted_time().isoformat(),
        "by": one.get_deleted_by().get_name(),
    }


def purge(ids: Sequence[int]) -> dict[str, Any]:
    """``delete_recyclebin_records``."""
    name = sdk(BIN, "DeleteRecycleBinRecordsParam").ids
    return shown(operations().delete_recyclebin_records(parameters(*((name, str(one)) for one in ids))))


def deleted(module: str, kind: str) -> dict[str, Any]:
    """``get_deleted_records``."""
    names = sdk("record.record_operations", "GetDeletedRecordsParam")
    response = sdk("record", "RecordOperations")(module).get_deleted_records(
        parameters((names.type, kind)), sdk("header_map", "HeaderMap")()
    )
    answer = response.get_object()
    found: dict[str, Any] = {"http": response.get_status_code(), "object": type(answer).__name__}
    if not hasattr(answer, "get_data"):
        return found if answer is None else {**found, "error": described(answer)}
    rows = [
        {"id": one.get_id(), "type": plain(one.get_type()), "name": one.get_display_name()}
        for one in answer.get_data()
    ]
    return {**found, "rows": rows}


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every call of the test, in order."""
    yield "empty", listed()
    yield "delete", delete_many("Leads", [71, 72, 73, 74])
    yield "listed", listed(sort_by="deleted_time", per_page=200)
    yield "listed_by_ids", listed([72, 99])
    yield "one", shown(operations().get_recyclebin_record(71))
    yield "one_gone", shown(operations().get_recyclebin_record(99))
    yield "purge_one", shown(operations().delete_recyclebin_record(71))
    yield "purge_mixed", purge([71, 72])
    yield "purge_gone", purge([71])
    yield "purge_refused", purge([74])
    yield "recycle", deleted("Leads", "recycle")
    yield "permanent", deleted("Leads", "permanent")


if __name__ == "__main__":
    initialize(sys.argv[1], sys.argv[2])
    print(json.dumps(dict(steps()), default=str))
