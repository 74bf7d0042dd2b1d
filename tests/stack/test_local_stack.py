"""`make up` and `make down`: whole or not at all, one clear line where something is wrong."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local import ministack, package, processes, record
from local import stack as local_stack
from local.clients import TIMEOUTS, Local
from local.failure import Failure
from local.processes import Started
from local.running import RunningStack
from local.settings import ROOT, Settings
from tests.stack.conftest import wait_for

pytestmark = pytest.mark.stack

DESCRIBED = {
    "endpoint_url",
    "region",
    "stage",
    "api_url",
    "table_name",
    "topic_arn",
    "work_queue_url",
    "dead_letter_queue_url",
    "events_queue_url",
    "functions",
    "credentials",
    "sources_secret",
    "zoho_secret",
    "zoho_url",
}


def environment(directory: Path, **variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("ZOHO_URL", "PORT", "PYTHON")}
    return {**kept, "LOCAL_DIR": str(directory), **variables}


def local(command: str, directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local", command],
        cwd=ROOT,
        env=environment(directory, **variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that says what is wrong; there must be just one."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = [text for text in done.stderr.splitlines() if text.startswith("expunge: ")]
    return line.removeprefix("expunge: ")


def running_in(directory: Path) -> list[int]:
    """Processes that have anything of this directory in their working directory or command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
                where = str((entry / "cwd").readlink())
            except OSError:
                continue
            if str(directory) in words or where.startswith(str(directory)):
                found.append(int(entry.name))
    return found


@pytest.fixture
def listener() -> Iterator[int]:
    """A busy port."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        yield busy.getsockname()[1]


# What a running stack is


def test_the_description_is_what_the_contract_says(stack: RunningStack) -> None:
    assert set(stack.described) == DESCRIBED
    assert set(stack["functions"]) == {"api", "work", "poll", "retention"}
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+", stack["endpoint_url"])
    assert stack["api_url"].startswith(stack["endpoint_url"] + "/")
    assert stack["api_url"].endswith("/")
    assert (stack["region"], stack["stage"]) == ("us-east-1", "local")
    assert (stack["sources_secret"], stack["zoho_secret"]) == (
        "expunge/local/sources",
        "expunge/local/zoho/default",
    )


def test_the_secrets_are_filled(stack: RunningStack) -> None:
    secrets = stack.client("secretsmanager")
    sources, zoho, links = (
        json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])
        for name in (stack["sources_secret"], stack["zoho_secret"], "expunge/local/links")
    )
    entry = sources["crm-workflow"]
    assert set(entry["operations"]) == {"delete_records", "mass_delete", "delink_records"}
    assert {"Leads", "Contacts", "Campaigns", "Accounts", "Deals", "Products"} <= set(entry["modules"])
    assert len(set(entry["keys"])) == 2
    for key in entry["keys"]:
        text = base64.b64decode(key.removeprefix("whsec_"), validate=True).decode("ascii")
        assert re.fullmatch(r"[!-~]{43}", text)
    assert (zoho["accounts_url"], zoho["api_url"]) == (stack["zoho_url"],) * 2
    assert zoho["client_id"].startswith("1000.")
    assert zoho["refresh_token"].startswith("1000.")
    assert links["old"] == []
    assert len(links["new"]) == 48


def test_signatures_of_the_credentials_are_verified(stack: RunningStack) -> None:
    wrong = Local(stack["endpoint_url"], stack["credentials"]["access_key_id"], "not-the-secret")
    client = wrong.session().client("sqs", endpoint_url=wrong.endpoint_url, config=TIMEOUTS)
    with pytest.raises(ClientError) as caught:
        client.get_queue_attributes(QueueUrl=stack["work_queue_url"], AttributeNames=["All"])
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_the_events_queue_hears_the_topic_as_published(stack: RunningStack) -> None:
    name = f"raw-{time.time_ns()}"
    body = json.dumps({"subject": name, "id": name, "sequence": "0", "type": "expunge.test"})
    stack.client("sns").publish(TopicArn=stack["topic_arn"], Message=body)
    limit, heard = time.monotonic() + 20, []
    while name not in heard and time.monotonic() < limit:
        heard += [event["subject"] for event in stack.events()]
    assert name in heard


def test_the_deployed_functions_are_the_templates(stack: RunningStack) -> None:
    client = stack.client("lambda")
    for function, name in stack["functions"].items():
        found = client.get_function_configuration(FunctionName=name)
        assert found["MemorySize"] >= 512
        assert found["Timeout"] <= 60
        assert found["Environment"]["Variables"]["EXPUNGE_STAGE"] == "local"
        recursion = client.get_function_recursion_config(FunctionName=name)["RecursiveLoop"]
        assert recursion == ("Allow" if function in ("work", "poll") else "Terminate")


def test_nothing_listens_beyond_loopback(stack: RunningStack) -> None:
    port = int(stack["endpoint_url"].rpartition(":")[2])
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {words[1] for words in table if words[3] == "0A"}
    assert [where for where in listening if where.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]


# Up and down


def test_up_then_down_leaves_nothing(directory: Path) -> None:
    up = local("up", directory, EXPUNGE_GIVE_UP_SECONDS="300", EXPUNGE_STAGE="nonsense")
    assert up.returncode == 0, up.stderr
    file = directory / "stack.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    stack = RunningStack.read(file)
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


def test_down_leaves_other_peoples_processes_alone(directory: Path) -> None:
    """An id in the notes may belong to somebody else by now."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        directory.mkdir()
        record.remember(Settings(directory), "ministack", Started(bystander.pid, "long ago"))
        assert local_stack.down(Settings(directory)) is True
        assert bystander.poll() is None
        bystander.communicate(b"\n")


@pytest.mark.parametrize("after", [0.3, 2.5, 4.0])
def test_an_interrupted_start_leaves_nothing(directory: Path, after: float) -> None:
    command = [sys.executable, "-m", "local", "up"]
    variables = environment(directory)
    with subprocess.Popen(command, cwd=ROOT, env=variables, stderr=subprocess.PIPE, text=True) as starting:
        time.sleep(after)
        starting.send_signal(signal.SIGINT)
        _, said = starting.communicate(timeout=60)
    if starting.returncode == 0:  # it was quicker than the signal
        local("down", directory)
    else:
        assert starting.returncode in (130, -signal.SIGINT)
        assert "Traceback" not in said or after < 1  # before the program's own first line Python speaks
    assert running_in(directory) == []
    assert not (directory / "stack.json").exists()


@pytest.mark.long
def test_the_schedule_wakes_the_poll_by_itself(directory: Path) -> None:
    stack = RunningStack(local_stack.up(Settings(directory)))
    logs = stack.client("logs")
    group = f"/aws/lambda/{stack['functions']['poll']}"
    wait_for(
        lambda: logs.filter_log_events(logGroupName=group)["events"],
        seconds=90,
        every=2,
        what="run of the poll in its log",
    )


# Bad input


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


def test_no_account_of_the_environment_is_touched(stack: RunningStack) -> None:
    """Clients of the local stack ignore whatever AWS settings the caller has."""
    session = stack.aws.session()
    assert isinstance(session, boto3.Session)
    credentials = session.get_credentials()
    assert credentials
    assert credentials.method == "explicit"
    assert session.region_name == "us-east-1"
