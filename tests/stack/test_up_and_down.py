"""`make up` and `make down`: whole or not at all, and nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local import ministack, processes, record
from local import stack as local_stack
from local.processes import Started
from local.running import RunningStack
from local.settings import ROOT, Settings
from tests.stack.conftest import wait_for
from tests.stack.starting import complaint, environment, local, running_in

pytestmark = pytest.mark.stack


def test_up_then_down_leaves_nothing(directory: Path) -> None:
    up = local("up", directory, EXPUNGE_GIVE_UP_SECONDS="300", EXPUNGE_STAGE="nonsense")
    assert up.returncode == 0, up.stderr
    file = directory / "stack.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    stack = RunningStack.read(file)
    approver = directory / "approver" / "stack.json"
    assert stat.S_IMODE(approver.stat().st_mode) == 0o600
    others = RunningStack.read(approver)
    assert others.client("sts").get_caller_identity()["Arn"].endswith(":user/expunge-local-approver")
    assert {**others.described, "credentials": 0} == {**stack.described, "credentials": 0}
    stack.wake("poll")  # a worker of its own is among what must end
    variables = stack.client("lambda").get_function_configuration(FunctionName=stack["functions"]["work"])
    assert variables["Environment"]["Variables"]["EXPUNGE_GIVE_UP_SECONDS"] == "300"
    assert variables["Environment"]["Variables"]["EXPUNGE_STAGE"] == "local"
    assert local("status", directory).returncode == 0

    again = local("up", directory)
    assert complaint(again) == f"a local stack is running in {directory} already: make down ends it"
    assert RunningStack.read(file) == stack
    assert local("status", directory).returncode == 0

    assert len(running_in(directory)) >= 2
    assert local("down", directory).returncode == 0
    assert running_in(directory) == []
    assert not file.exists()
    assert not approver.exists()
    assert local("status", directory).returncode == 1
    assert local("down", directory).returncode == 0


def test_stacks_side_by_side_do_not_see_each_other(stack: RunningStack, directory: Path) -> None:
    other = RunningStack(local_stack.up(Settings(directory)))
    assert other["endpoint_url"] != stack["endpoint_url"]
    assert other["zoho_url"] != stack["zoho_url"]
    assert other.keys != stack.keys
    other.client("secretsmanager").create_secret(Name="only-here", SecretString="x")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        stack.client("secretsmanager").get_secret_value(SecretId="only-here")


def test_a_relative_directory_lies_in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    from local.settings import from_environment

    assert from_environment({"LOCAL_DIR": "some/where"}).directory == ROOT / "some/where"
    assert from_environment({}).directory == ROOT / ".local"
    assert from_environment({"LOCAL_DIR": "/abs"}).directory == Path("/abs")


def test_down_ends_workers_whose_parent_was_killed(directory: Path) -> None:
    stack = RunningStack(local_stack.up(Settings(directory)))
    stack.wake("poll")
    parent = record.processes(Settings(directory))["ministack"]
    workers = processes.family(parent)
    assert workers
    os.kill(parent.pid, signal.SIGKILL)
    assert local_stack.down(Settings(directory)) is True
    assert not any(worker.alive for worker in workers)


def test_a_port_that_somebody_takes_before_the_start_is_changed_for_another(tmp_path: Path) -> None:
    started: list[Started] = []
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = iter([other.getsockname()[1], ministack.free_port()])
        try:
            root = ministack.launch(tmp_path, None, started.append, lambda: next(ports))
            assert [each.alive for each in started] == [False, True]
            assert not root.endpoint_url.endswith(f":{other.getsockname()[1]}")
        finally:
            for each in started:
                processes.end(each)


def test_down_leaves_other_peoples_processes_alone(directory: Path) -> None:
    """An id in the notes may belong to somebody else by now."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        directory.mkdir()
        record.remember(Settings(directory), "ministack", Started(bystander.pid, "long ago"))
        assert local_stack.down(Settings(directory)) is True
        assert bystander.poll() is None
        bystander.communicate(b"\n")


def test_who_is_interrupted_while_starting_has_noted_what_runs(tmp_path: Path) -> None:
    noted: list[Started] = []

    def note(started: Started) -> None:
        signal.raise_signal(signal.SIGINT)
        noted.append(started)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        processes.start(
            [sys.executable, "-c", "import time; time.sleep(60)"],
            env=dict(os.environ),
            cwd=tmp_path,
            log=tmp_path / "log",
            note=note,
        )
    assert signal.getsignal(signal.SIGINT) is before
    (running,) = noted
    assert running.alive
    processes.end(running)
    assert not running.alive


def test_a_process_that_cannot_be_noted_does_not_stay(tmp_path: Path) -> None:
    told: list[Started] = []

    def note(started: Started) -> None:
        told.append(started)
        raise OSError("no space left")

    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(OSError, match="no space"):
        processes.start(command, env=dict(os.environ), cwd=tmp_path, log=tmp_path / "log", note=note)
    assert not told[0].alive


@pytest.mark.parametrize("after", ["", "  Zoho (", "  package ("])
def test_an_interrupted_start_leaves_nothing(directory: Path, after: str) -> None:
    """Interrupted once it has told of this step; while Python itself begins, where it is none."""
    command = [sys.executable, "-m", "local", "up"]
    variables = environment(directory)
    with subprocess.Popen(command, cwd=ROOT, env=variables, stderr=subprocess.PIPE, text=True) as starting:
        assert starting.stderr is not None
        if after:
            assert any(line.startswith(after) for line in starting.stderr)
        else:
            time.sleep(0.3)
        starting.send_signal(signal.SIGINT)
        _, said = starting.communicate(timeout=180)
    if starting.returncode == 0:  # it was quicker than the signal
        local("down", directory)
    else:
        assert starting.returncode in (130, -signal.SIGINT)
        assert "Traceback" not in said or not after  # before the program's own first line Python speaks
    assert running_in(directory) == []
    assert not (directory / "stack.json").exists()


@pytest.mark.long
def test_the_schedule_wakes_the_poll_by_itself(directory: Path) -> None:
    stack = RunningStack(local_stack.up(Settings(directory)))
    logs = stack.client("logs")
    group = f"/aws/lambda/{stack['functions']['poll']}"
    wait_for(
        lambda: logs.filter_log_events(logGroupName=group)["events"],
        seconds=180,
        every=2,
        what="run of the poll in its log",
    )
