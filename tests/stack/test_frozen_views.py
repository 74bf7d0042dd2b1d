"""A view is listed before it is deleted, on the local stack: every record's outcome is told, and is right."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from local import filling
from local.running import RunningStack
from tests.stack.conftest import Events

pytestmark = pytest.mark.stack

FIRST = 520_000_000_001_000_000
ANY = {"field": {"api_name": "Last_Name"}, "comparator": "equal", "value": "Listed"}


def sim(stack: RunningStack, control: str, body: Any) -> None:
    requests.post(f"{stack['zoho_url']}/_sim/{control}", json=body, timeout=300).raise_for_status()


def read(stack: RunningStack, what: str) -> Any:
    return requests.get(f"{stack['zoho_url']}/_sim/{what}", timeout=300).json()


def jobs_asked_for(stack: RunningStack, module: str) -> int:
    """How many mass deletes the simulator was asked for."""
    path = f"/{module}/actions/mass_delete"
    return sum(call["method"] == "POST" and call["path"].endswith(path) for call in read(stack, "calls"))


def told(stack: RunningStack, receipt: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    """Every record's outcome and code by id, as its link tells them page by page, each once."""
    found: dict[str, tuple[str, str | None]] = {}
    link = receipt["links"]["self"].replace("?", "/records?")
    cursor: str | None = ""
    while cursor is not None:
        answer = stack.get(f"{link}&cursor={cursor}" if cursor else link)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        for record in page["records"]:
            assert record["id"] not in found
            found[record["id"]] = record["outcome"], record["code"]
        cursor = page["next_cursor"]
    return found


@dataclass(frozen=True)
class View:
    """A view of `size` records of a module of its own, of which `locked` are locked, spread over it."""

    module: str
    cvid: str
    key: str
    size: int
    locked: frozenset[str]

    @property
    def ids(self) -> list[str]:
        return [str(FIRST + n) for n in range(self.size)]


def made(stack: RunningStack, module: str, cvid: str, size: int, locked: int) -> View:
    """The view at the simulator, and a source that may delete it."""
    secrets = stack.client("secretsmanager")
    known = json.loads(secrets.get_secret_value(SecretId=stack["sources_secret"])["SecretString"])
    key = filling.new_key()
    limits = {"modules": [module], "max_records": 60_000}
    known[module.lower()] = {**known["crm-workflow"], "keys": [key], **limits}
    secrets.put_secret_value(SecretId=stack["sources_secret"], SecretString=json.dumps(known))
    chosen = frozenset(str(FIRST + n * size // locked) for n in range(locked))
    records = [
        {"id": str(FIRST + n), "Last_Name": "Listed", "Locked__s": str(FIRST + n) in chosen}
        for n in range(size)
    ]
    for start in range(0, size, 10_000):
        sim(stack, "records", {module: records[start : start + 10_000]})
    sim(stack, "views", {"module": module, "cvid": cvid, "criteria": ANY})
    return View(module, cvid, key, size, chosen)


@pytest.mark.parametrize(
    ("module", "size", "locked", "code", "seconds"),
    [
        ("Few", 300, 40, "JOB_RECORD_FAILED", 60.0),
        # What a full job leaves goes by ids, and then Zoho says why it does not go.
        pytest.param("Many", 50_000, 40, "RECORD_LOCKED", 300.0, marks=pytest.mark.long),
    ],
)
def test_every_record_of_a_frozen_view_has_its_outcome(
    stack: RunningStack, events: Events, module: str, size: int, locked: int, code: str, seconds: float
) -> None:
    view = made(stack, module, "5200", size, locked)
    request = {"operation": "mass_delete", "module": module, "cvid": view.cvid, "freeze": "auto"}
    answer = stack.send(request, source=module.lower(), key=view.key)
    assert answer.status_code == 202, answer.text
    end = events.final(answer.json()["id"], seconds=seconds)["data"]
    outcomes = told(stack, answer.json())
    failed = dict.fromkeys(view.locked, ("failed", code))
    assert outcomes == dict.fromkeys(view.ids, ("deleted", None)) | failed
    assert Counter(outcome for outcome, _ in outcomes.values()) == {
        "deleted": size - locked,
        "failed": locked,
    }
    counts = {name: number for name, number in end["counts"].items() if number}
    assert counts == {"requested": size, "deleted": size - locked, "failed": locked}
    assert (end["status"], end["job"]["unlisted"]) == ("partially_completed", 0)
    assert jobs_asked_for(stack, module) == 1
    assert read(stack, "state")["records"].get(module) == locked
