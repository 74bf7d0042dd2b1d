"""Zoho's own Python client, not patched, reads and purges the recycle bin, and reads the deleted list."""

from collections.abc import Iterator
from typing import Any

import pytest

import simulator
from tests.sdk.environment import told_by

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
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the client made of every answer; it runs once for all tests."""
    with simulator.running(documents=False) as server:
        server.sim.load(LEADS)
        yield told_by("bin_driver.py", server.url, tmp_path_factory.mktemp("sdk"))


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
