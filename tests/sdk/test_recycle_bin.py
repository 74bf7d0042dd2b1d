"""Zoho's own Python client, not patched, reads and purges the recycle bin, and reads the deleted list."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import simulator

pytestmark = pytest.mark.sdk

INVALID = "the id given seems to be invalid"
LEADS = {
    "Leads": [
        *({"id": str(70 + n), "Last_Name": f"L{n}"} for n in (1, 2, 3)),
        {"id": "74", "$purge_error": "CANNOT_DELETE"},
    ]
}
#: Step: HTTP status, then (code, message, id) of each element.
PURGES: dict[str, tuple[int, list[tuple[str, str, Any]]]] = {
    "purge_one": (200, [("SUCCESS", "record deleted", "71")]),
    "purge_mixed": (207, [("INVALID_DATA", INVALID, "71"), ("SUCCESS", "record deleted", "72")]),
    "purge_gone": (400, [("INVALID_DATA", INVALID, "71")]),
    "purge_refused": (400, [("CANNOT_DELETE", "the record cannot be processed", "74")]),
}


@pytest.fixture(scope="module")
def told(sdk_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the client made of every answer; it runs once for all tests."""
    with simulator.running(documents=False) as server:
        server.sim.load(LEADS)
        driver = Path(__file__).with_name("bin_driver.py")
        command = [str(sdk_python), str(driver), server.url, str(tmp_path_factory.mktemp("sdk"))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        yield json.loads(done.stdout.splitlines()[-1])


def test_the_client_reads_the_entries(told: dict[str, Any]) -> None:
    assert (told["empty"]["http"], told["one_gone"]["http"]) == (204, 204)
    found = told["listed"]
    assert (found["http"], found["object"], found["more"]) == (200, "ResponseWrapper", False)
    assert {(one["id"], one["name"], one["module"], one["by"]) for one in found["entries"]} == {
        (70 + n, f"L{n}" if n < 4 else None, "Leads", "Patricia Boyle") for n in (1, 2, 3, 4)
    }
    assert [one["id"] for one in told["listed_by_ids"]["entries"]] == [72]
    assert [one["id"] for one in told["one"]["entries"]] == [71]


@pytest.mark.parametrize("step", PURGES)
def test_the_client_purges_record_by_record(told: dict[str, Any], step: str) -> None:
    status, items = PURGES[step]
    found = told[step]
    seen = [(item["code"], item["message"], str(item["details"].get("id"))) for item in found["items"]]
    assert (found["http"], found["object"], seen) == (status, "ActionWrapper", items)


def test_the_client_reads_what_is_gone_for_good_without_a_name(told: dict[str, Any]) -> None:
    assert {(one["id"], one["type"]) for one in told["recycle"]["rows"]} == {(73, "recycle"), (74, "recycle")}
    rows = {(one["id"], one["type"], one["name"]) for one in told["permanent"]["rows"]}
    assert rows == {(71, "permanent", None), (72, "permanent", None)}
