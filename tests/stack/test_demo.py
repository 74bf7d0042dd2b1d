"""`make demo` from nothing to results; and nothing left of it when it is interrupted."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local import record
from local import stack as local_stack
from local.settings import ROOT, Settings

pytestmark = pytest.mark.stack

DEMO = [sys.executable, "-m", "local", "demo"]


def environment(directory: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("ZOHO_URL", "PORT")}
    return {**kept, "LOCAL_DIR": str(directory)}


def test_every_request_ends_as_it_should(directory: Path) -> None:
    done = subprocess.run(
        DEMO, cwd=ROOT, env=environment(directory), capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len({event["id"] for event in events}) == 6
    outcomes = [
        (
            event["data"]["operation"],
            event["data"]["counts"].get("deleted"),
            event["data"]["counts"].get("already_absent"),
        )
        for event in events
    ]
    assert outcomes[0] == ("delete_records", 2, 0)
    assert outcomes[1][0] == "mass_delete"
    assert outcomes[1][1] > 0
    assert outcomes[2] == ("delink_records", 2, 0)
    assert outcomes[3] == ("delete_records", 0, 2)
    assert events[4]["data"]["counts"]["restored"] == 2
    assert outcomes[5] == ("delete_permanently", 2, 0)
    verified = events[5]["data"]["verification"]
    assert verified.pop("verified_at")
    assert set(verified.values()) == {2}
    row = next(line for line in done.stdout.splitlines() if "erase Anna" in line)
    assert re.search(r"completed +5 +3 deleted, 2 unlinked +[0-9.]+ +yes", row)
    assert "erase Anna: its receipt was checked with " in done.stderr
    for event in events:
        counts = dict(event["data"]["counts"])
        assert counts.pop("requested") == sum(counts.values())
        assert (event["specversion"], event["type"]) == ("1.0", "expunge.deletion.completed")
    assert not (directory / "demo/stack.json").exists()
    assert record.processes(Settings(directory / "demo")) == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(directory: Path, number: signal.Signals) -> None:
    own = Settings(directory / "demo")
    with subprocess.Popen(
        DEMO,
        cwd=ROOT,
        env=environment(directory),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        limit = time.monotonic() + 180
        while "ministack" not in (known := record.processes(own)) and time.monotonic() < limit:
            time.sleep(0.1)
        demo.send_signal(number)
        _, said = demo.communicate(timeout=180)
    assert demo.returncode == 130, said
    assert "expunge: interrupted; nothing was left running" in said
    assert known
    assert not any(process.alive for process in known.values())
    assert record.processes(own) == {}
    assert local_stack.down(own) is False
