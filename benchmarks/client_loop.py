"""Zoho's own client in its documented loop, 100 ids a call, one after the other; run in its environment.

``python client_loop.py BASE_URL WORK_DIRECTORY IDS_FILE`` prints {"seconds", "deleted"}; the first call is
not timed.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
driver = import_module("tests.sdk.driver")


def main(base: str, directory: str, file: str) -> None:
    """Deletes the batches of the file."""
    driver.initialize(base, directory)
    headers = import_module(f"{driver.API}.header_map").HeaderMap()
    operations = driver.sdk("record", "RecordOperations")("Leads")
    named = driver.sdk("record.record_operations", "DeleteRecordsParam")
    deleted, began = 0, 0.0
    for n, ids in enumerate(json.loads(Path(file).read_text("utf-8"))):
        if n == 1:
            began = time.perf_counter()
        answer = operations.delete_records(driver.parameters((named.ids, ",".join(ids))), headers)
        deleted += sum(item.get_status().get_value() == "success" for item in answer.get_object().get_data())
    print(json.dumps({"seconds": time.perf_counter() - began, "deleted": deleted}))


if __name__ == "__main__":
    main(*sys.argv[1:])
