"""`make up` with something wrong: one clear line, exit code 1, nothing left running."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import ministack, package, record
from local import stack as local_stack
from local.failure import Failure
from local.running import RunningStack
from local.settings import ROOT, Settings
from tests.stack.starting import complaint, environment, local, running_in

pytestmark = pytest.mark.stack


@pytest.fixture
def listener() -> Iterator[int]:
    """A busy port."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        yield busy.getsockname()[1]


def test_a_busy_port(directory: Path, listener: int) -> None:
    done = local("up", directory, PORT=str(listener))
    assert complaint(done) == (
        f"port {listener} on 127.0.0.1 is busy: give another PORT=, or none for a free one"
    )
    assert running_in(directory) == []


@pytest.mark.parametrize("port", ["x", "0", "65536", "-1", "80 "])
def test_a_bad_port(directory: Path, port: str) -> None:
    assert complaint(local("up", directory, PORT=port)) == f"PORT={port}: must be a number from 1 to 65535"


def test_zoho_out_of_reach(directory: Path) -> None:
    url = f"http://127.0.0.1:{ministack.free_port()}"
    assert complaint(local("up", directory, ZOHO_URL=url)) == (
        f"ZOHO_URL={url}: cannot be reached (connection refused)"
    )
    assert running_in(directory) == []


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1", "http://", "http://127.0.0.1:x"])
def test_a_bad_zoho_url(directory: Path, url: str) -> None:
    done = local("up", directory, ZOHO_URL=url)
    assert complaint(done) == f"ZOHO_URL={url}: must look like http://127.0.0.1:9000"


@pytest.mark.parametrize(
    "url", ["https://www.zohoapis.eu", "https://accounts.zoho.com:443/", "http://zoho.in"]
)
def test_zoho_itself_is_not_for_a_local_stage(directory: Path, url: str) -> None:
    done = local("up", directory, ZOHO_URL=url)
    assert (
        complaint(done) == f"ZOHO_URL={url}: the local stage works with a simulator, never with Zoho itself"
    )


def test_zoho_of_somebody_elses_is_used_as_it_is(stack: RunningStack, directory: Path) -> None:
    other = RunningStack(local_stack.up(Settings(directory, zoho_url=stack["zoho_url"])))
    assert other["zoho_url"] == stack["zoho_url"]
    assert set(record.processes(Settings(directory))) == {"ministack"}


def test_a_directory_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = local("up", tmp_path / "file")
    assert complaint(done) == f"LOCAL_DIR={tmp_path / 'file'}: File exists"


def test_two_starts_at_once(directory: Path) -> None:
    with record.alone(Settings(directory)):
        assert complaint(local("up", directory)) == f"another command is at work in {directory}"


def test_a_local_aws_that_does_not_start(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    false = shutil.which("false")
    assert false
    monkeypatch.setattr(ministack, "PYTHON", Path(false))
    with pytest.raises(Failure, match="the local AWS did not start: it said nothing"):
        local_stack.up(Settings(directory))
    assert running_in(directory) == []


def test_a_deployment_that_fails(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: package.Package) -> dict[str, Any]:
        template: dict[str, Any] = json.loads(self.template_file.read_text())
        alarm = {"MetricName": "Any", "Namespace": "Any", "ComparisonOperator": "LessThanThreshold"}
        template["Resources"]["NoThreshold"] = {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm}
        return template

    monkeypatch.setattr(package.Package, "template", broken)
    with pytest.raises(Failure, match=r"deploying expunge-local: NoThreshold: .*Threshold"):
        local_stack.up(Settings(directory))
    assert running_in(directory) == []
    assert not (directory / "stack.json").exists()


@pytest.mark.parametrize("command", ["up", "setup", "test"])
def test_without_a_python_that_will_do(directory: Path, command: str) -> None:
    variables = environment(directory, PYTHON="/nowhere/python3.11")
    done = subprocess.run(
        ["make", command], cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(said) == 1
    assert said[0].startswith("expunge: needs Python 3.11 or newer with venv (looked at: /nowhere/python3.11")
