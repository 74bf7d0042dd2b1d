"""Policies from a file on the running stack: applied by the command, run by the schedule, told by events.

The schedule's own ticks are off: each tick is one that a test asks for, and none comes between.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from local import stack as local_stack
from local.running import RunningStack
from local.settings import ROOT, Settings
from tests.stack.conftest import Events, wait_for

pytestmark = pytest.mark.stack
OLD, YOUNG = "2020-01-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00"
POLICIES = """\
policies:
  - name: old-leads
    module: Leads
    selection:
      field: Created_Time
      older_than: 90d
      where:
        - {{field: Lead_Status, comparator: equal, value: Junk Lead}}
    schedule: {{rate: 1 day, start: {start}}}
  - name: by-view
    module: Contacts
    selection: {{view: "7701"}}
    schedule: {{rate: 1 day, start: {start}}}
    limits: {{max_records: 10}}
"""


@dataclass
class Place:
    stack: RunningStack
    directory: Path
    events: Events

    def expunge(self, *words: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "LOCAL_DIR": str(self.directory)}
        command = [sys.executable, "-m", "cli", "policies", *words]
        return subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=300
        )

    def sim(self, control: str, body: Any) -> None:
        answer = requests.post(f"{self.stack['zoho_url']}/_sim/{control}", json=body, timeout=60)
        answer.raise_for_status()

    def left(self, module: str) -> set[str]:
        answer = requests.get(f"{self.stack['zoho_url']}/_sim/records?module={module}", timeout=60)
        return {record["id"] for record in answer.json()}

    def runs(self) -> dict[str, list[list[dict[str, Any]]]]:
        """The events of every run that is heard of, by policy."""
        self.events.listen()
        found: dict[str, list[list[dict[str, Any]]]] = {}
        for one in list(self.events._heard):
            told = self.events.of(one)
            data = told[-1]["data"]
            if data["operation"] == "purge" and not data["dry_run"]:
                found.setdefault(data["policy"], []).append(told)
        return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("retention")
    settings = Settings(directory)
    try:
        stack = RunningStack(local_stack.up(settings))
        rules = stack.client("events")
        (name,) = [each["Name"] for each in rules.list_rules()["Rules"] if "Retention" in each["Name"]]
        rules.disable_rule(Name=name)
        yield Place(stack, directory, Events(stack))
    finally:
        local_stack.down(settings)


def test_two_policies_from_a_file_run_by_the_schedule(place: Place, tmp_path: Path) -> None:
    leads = [
        {"id": f"880000{n:06}", "Created_Time": OLD if n < 30 else YOUNG, "Lead_Status": "Junk Lead"}
        for n in range(40)
    ]
    leads.append({"id": "881000000000", "Created_Time": OLD, "Lead_Status": "Contacted"})
    place.sim("records", {"Leads": leads, "Contacts": [{"id": f"89000{n}"} for n in range(9)]})
    place.sim("views", {"module": "Contacts", "cvid": "7701", "ids": [f"89000{n}" for n in range(5)]})
    file = tmp_path / "policies.yaml"

    file.write_text(POLICIES.format(start=starting(3600)))
    tried = place.expunge("apply", str(file), "--dry-run")
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "old-leads: would delete 30 records today" in tried.stdout
    assert "by-view: would delete 5 records today" in tried.stdout
    assert "+module: Leads" in tried.stdout
    assert "has no policies" in place.expunge("list").stdout

    start, applied = apply_before_the_start(place, file, POLICIES)
    assert json.loads(applied.stdout)["changed"] == ["old-leads", "by-view"]
    assert start[:19].replace("T", " ") in place.expunge("list").stdout
    until_due(start)

    first = place.stack.wake("retention")
    again = place.stack.wake("retention")
    assert not first["failed"], first
    assert first["answer"]["started"] == 2
    assert again["answer"]["due"] == 0
    wait_for(lambda: len(ended(place)) == 2, seconds=180, what="final events")
    counts = {
        name: (told[-1]["data"]["counts"]["deleted"], len(all_runs)) for name, all_runs, told in ended(place)
    }
    assert counts == {"old-leads": (30, 1), "by-view": (5, 1)}
    assert not {f"880000{n:06}" for n in range(30)} & place.left("Leads")
    assert {f"880000{n:06}" for n in range(30, 40)} | {"881000000000"} <= place.left("Leads")
    assert {f"89000{n}" for n in range(5, 9)} <= place.left("Contacts")
    assert not {f"89000{n}" for n in range(5)} & place.left("Contacts")

    unchanged = place.expunge("apply", str(file), "--json")
    assert json.loads(unchanged.stdout)["changed"] == []


def starting(seconds: float) -> str:
    return datetime.fromtimestamp(int(time.time() + seconds), UTC).isoformat()


def apply_before_the_start(
    place: Place, file: Path, text: str
) -> tuple[str, subprocess.CompletedProcess[str]]:
    """Applies policies that begin soon; their start, and what the command said.

    A policy that is applied after its start begins a day later: a machine that was too slow gets more time.
    """
    for lead in (8, 60, 300):
        start = starting(lead)
        file.write_text(text.format(start=start))
        applied = place.expunge("apply", str(file), "--json")
        assert applied.returncode == 0, applied.stdout + applied.stderr
        if time.time() < datetime.fromisoformat(start).timestamp():
            return start, applied
    pytest.fail("policies cannot be applied within five minutes")


def until_due(start: str) -> None:
    due = datetime.fromisoformat(start).timestamp()
    wait_for(lambda: time.time() >= due, seconds=400, what="start")


def ended(place: Place) -> list[tuple[str, Any, list[dict[str, Any]]]]:
    return [
        (name, runs, runs[0])
        for name, runs in place.runs().items()
        if runs[0][-1]["type"].rpartition(".")[2] in ("completed", "failed", "refused")
    ]


def test_the_same_tick_at_the_same_moment_is_one_run(place: Place, tmp_path: Path) -> None:
    """Two invocations at once, as EventBridge may deliver a tick twice."""
    place.sim("records", {"Leads": [{"id": "882000000000", "Created_Time": OLD, "Lead_Status": "Twice"}]})
    text = POLICIES.replace("old-leads", "twice").replace("Junk Lead", "Twice").split("  - name: by-view")[0]
    file = tmp_path / "twice.yaml"
    start, _ = apply_before_the_start(place, file, text)
    until_due(start)
    with ThreadPoolExecutor(3) as pool:
        woken = list(pool.map(place.stack.wake, ["retention"] * 3))
    assert not any(each["failed"] for each in woken)
    wait_for(lambda: "twice" in {name for name, _, _ in ended(place)}, seconds=180, what="final event")
    assert len(place.runs()["twice"]) == 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"7701"', '"7702"', "line 12: by-view: VIEW_NOT_FOUND"),
        ("module: Contacts", "module: Nowhere", "line 12: by-view: INVALID_MODULE"),
        ("older_than: 90d", "older_than: 0d", "line 6: selection.older_than: a span of zero"),
        ("rate: 1 day", 'cron: "0 0 31 2 *"', "line 9: schedule.start: is not known here"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_with_its_line(
    place: Place, tmp_path: Path, old: str, new: str, told: str
) -> None:
    file = tmp_path / "policies.yaml"
    before = place.expunge("list").stdout
    file.write_text(POLICIES.format(start=starting(3600)).replace(old, new).replace("old-leads", "bad-leads"))
    refused = place.expunge("apply", str(file))
    assert refused.returncode in (2, 3), refused.stdout
    assert told in refused.stderr
    assert place.expunge("list").stdout == before


def test_a_schedule_that_never_fires_is_refused_with_its_line(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "policies.yaml"
    text = POLICIES.format(start=starting(3600)).replace("old-leads", "bad-leads")
    line = next(each for each in text.splitlines() if "rate" in each)
    file.write_text(text.replace(line, '    schedule: {cron: "0 0 */20 * 1L"}'))
    refused = place.expunge("apply", str(file))
    assert (refused.returncode, "line 9: schedule.cron: never fires" in refused.stderr) == (3, True)


def test_operators_are_let_in_by_iam_only(place: Place) -> None:
    """Unsigned, and signed with keys that nobody has."""
    address = f"{place.stack['api_url']}v1/operator/policies"
    assert requests.get(address, timeout=120).status_code in (401, 403)
