"""``python -m simulator`` as others start it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).parents[2]
SAYS = "Zoho CRM simulator on "


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "simulator", *options]


@contextmanager
def started(*options: str) -> Iterator[str]:
    with subprocess.Popen(
        command("--port", "0", *options), cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            assert line.startswith(SAYS)
            yield line.removeprefix(SAYS)
        finally:
            process.terminate()
            assert process.wait(timeout=120) == 0


def failed(*options: str) -> str:
    done = subprocess.run(
        command(*options), cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


def test_it_says_where_it_is_and_starts_with_the_documents() -> None:
    with started("--latency-ms", "1", "--concurrency", "7") as url:
        state = requests.get(url + "/_sim/state", timeout=60).json()
        settings = requests.get(url + "/_sim/settings", timeout=60).json()
    assert state["records"]["Campaigns"] == 1
    assert (settings["latency_ms"], settings["concurrency"]) == (1.0, 7)


@pytest.mark.parametrize("whole", [False, True])
def test_a_seed_file_stands_instead_of_the_documents(tmp_path: Path, whole: bool) -> None:
    records = {"Leads": [{"id": "1", "Last_Name": "A"}]}
    views = [{"module": "Leads", "cvid": "77", "ids": ["1"]}]
    file = tmp_path / "records.json"
    file.write_text(json.dumps({"records": records, "views": views} if whole else records))
    with started("--seed", str(file)) as url:
        state = requests.get(url + "/_sim/state", timeout=60).json()
    assert {name: count for name, count in state["records"].items() if count} == {"Leads": 1}
    assert any(view["id"] == "77" for view in state["views"]) is whole


def test_a_busy_port_is_one_line() -> None:
    with started() as url:
        port = url.rpartition(":")[2]
        assert failed("--port", port) == (
            f"simulator: cannot listen on 127.0.0.1:{port}: Address already in use\n"
        )


@pytest.mark.parametrize(
    ("content", "says"),
    [("{", "Expecting"), ("[]", "expected an object"), ('{"Leads": [{"id": 1}]}', "string of digits")],
)
def test_a_bad_seed_file_is_one_line(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "records.json"
    file.write_text(content)
    message = failed("--port", "0", "--seed", str(file))
    assert says in message
    assert message.count("\n") == 1


def test_other_bad_starts(tmp_path: Path) -> None:
    assert "nowhere.json" in failed("--seed", str(tmp_path / "nowhere.json"))
    assert "cannot listen" in failed("--port", "70000")
    assert "negative" in failed("--latency-ms", "-1")
    assert "unrecognized" in failed("--prot", "1")


def test_help_teaches() -> None:
    done = subprocess.run(
        command("--help"), cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert "oauth/v2/token" in done.stdout
    assert "--job-records-per-second" in done.stdout
