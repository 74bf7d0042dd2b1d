"""The restore of docs/OPERATIONS.md, rehearsed: from a running stage to a restored one, nothing run twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local import halt
from local import stack as local_stack
from local.failure import Failure
from local.restore import Restore
from local.running import RunningStack
from local.settings import ROOT, Settings
from tests.stack.conftest import wait_for

pytestmark = pytest.mark.stack

TABLE = "expunge-local"
VIEW = {"operation": "mass_delete", "module": "Leads", "cvid": "3652397000000538003"}
FINAL = ("completed", "cancelled")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("restore")


@pytest.fixture(scope="module")
def own(place: Path) -> Iterator[RunningStack]:
    """A stack of its own."""
    try:
        yield RunningStack(local_stack.up(Settings(place)))
    finally:
        local_stack.down(Settings(place))


def limit(own: RunningStack, seconds: int) -> None:
    """How long a function may run, which is how long a stop has to wait for those that do."""
    for name in own["functions"].values():
        own.client("lambda").update_function_configuration(FunctionName=name, Timeout=seconds)


def run(place: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CONFIRM"))}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env={**kept, "LOCAL_DIR": str(place), **variables},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip


def told(place: Path, *command: str, **variables: str) -> str:
    done = run(place, *command, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def deletes(own: RunningStack) -> list[str]:
    """What Zoho was asked to delete so far, each request in a line."""
    found = requests.get(f"{own['zoho_url']}/_sim/calls", timeout=120).json()
    return [
        f"{call['method']} {call['path']} {call.get('query', '')}"
        for call in found
        if call["method"] == "DELETE" or (call["method"] == "POST" and "mass_delete" in call["path"])
    ]


def ids(*given: str) -> dict[str, Any]:
    return {"operation": "delete_records", "module": "Leads", "ids": list(given)}


def accepted(own: RunningStack, body: dict[str, Any]) -> dict[str, Any]:
    answer = own.send(body)
    assert answer.status_code == 202, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


def status(own: RunningStack, receipt: dict[str, Any]) -> str:
    answer = own.get(receipt["links"]["self"])
    return str(answer.json()["status"]) if answer.status_code == 200 else f"HTTP {answer.status_code}"


def ends(own: RunningStack, receipt: dict[str, Any]) -> str:
    def look() -> str:
        own.wake("poll")
        found = status(own, receipt)
        return found if found in FINAL else ""

    return wait_for(look, seconds=180, every=0.5, what=f"end of {receipt['id']}")


def test_from_a_running_stage_to_a_restored_one_with_nothing_run_twice(
    own: RunningStack, place: Path
) -> None:
    dynamodb, expunge = own.client("dynamodb"), ("-m", "cli")
    before = accepted(own, ids("410405000002264040"))
    assert ends(own, before) == "completed"
    told(place, *expunge, "pause", "--reason", "a backup is made")
    by_ids, by_view = accepted(own, ids("410405000002264025")), accepted(own, VIEW)
    backup = dynamodb.create_backup(TableName=TABLE, BackupName="nightly")["BackupDetails"]["BackupArn"]
    told(place, *expunge, "resume")
    assert (ends(own, by_ids), ends(own, by_view)) == ("completed", "completed")
    since = accepted(own, ids("77"))
    assert ends(own, since) == "completed"
    sent = deletes(own)
    assert len([each for each in sent if each.startswith("POST")]) == 1

    limit(own, 10)
    seen = told(place, "-m", "local", "restore-table", BACKUP=backup, CONFIRM="local")
    limit(own, 60)
    assert "account 000000000000, region us-east-1, stage local" in seen
    assert "restored; the stage takes requests and sends nothing to Zoho" in seen
    assert status(own, before) == "completed"
    assert {status(own, each) for each in (by_ids, by_view)} <= {"accepted", "waiting"}
    assert status(own, since) == "HTTP 404"

    # Whatever anybody does, nothing is sent before it is released.
    told(place, *expunge, "resume")
    new = accepted(own, ids("88"))
    for _ in range(3):
        own.wake("poll")
        time.sleep(1)
    assert deletes(own) == sent
    pending = told(place, *expunge, "recover", "pending")
    assert "3 deletions" in pending
    assert all(each["id"] in pending for each in (by_ids, by_view, new))
    doctor = run(place, *expunge, "doctor", "--no-zoho")
    assert "the table was restored (epoch -1, the stage's is 0)" in " ".join(doctor.stdout.split())
    faults = [each for each in doctor.stdout.splitlines() if each.startswith("! ")]
    assert [each.partition(":")[0] for each in faults] == ["! pauses"]

    for each in (by_ids, by_view):
        told(place, *expunge, "cancel", each["id"])
    assert "released" in told(place, *expunge, "recover", "release")
    assert ends(own, new) == "completed"
    assert [ends(own, each) for each in (by_ids, by_view)] == ["cancelled", "cancelled"]
    assert [each for each in deletes(own) if "88" not in each] == sent

    life = dynamodb.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
    assert (life["TimeToLiveStatus"], life["AttributeName"]) == ("ENABLED", "expires_at")
    kept = dynamodb.describe_continuous_backups(TableName=TABLE)["ContinuousBackupsDescription"]
    assert kept["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert run(place, *expunge, "doctor", "--no-zoho").returncode == 0
    names = [each["BackupName"] for each in dynamodb.list_backups(TableName=TABLE)["BackupSummaries"]]
    assert any(name.startswith(f"{TABLE}-before-") for name in names)


class Broken(Exception):
    """The machine that restores is switched off."""


def stopped(own: RunningStack) -> bool:
    """Does nothing of the stage begin any more?"""
    functions, stage = own.client("lambda"), halt.find(own.client, "local")
    kept = functions.get_function_concurrency(FunctionName=stage.api).get("ReservedConcurrentExecutions")
    states = {functions.get_event_source_mapping(UUID=each)["State"] for each in stage.mappings}
    rules = {own.client("events").describe_rule(Name=each)["State"] for each in stage.rules}
    assert (len(stage.mappings), len(stage.rules)) == (1, 3)
    if kept == 0:
        assert own.send(ids("1")).status_code in (429, 500, 503)
    return (kept, states, rules) == (0, {"Disabled"}, {"DISABLED"})


@pytest.mark.parametrize("at", ["DeleteTable", "RestoreTableFromBackup", "UpdateItem", "UpdateTimeToLive"])
def test_an_interrupted_restore_goes_on_with_the_stage_stopped(own: RunningStack, at: str) -> None:
    dynamodb = own.client("dynamodb")
    receipt = accepted(own, ids("99"))
    assert ends(own, receipt) == "completed"
    backup = dynamodb.create_backup(TableName=TABLE, BackupName="again")["BackupDetails"]["BackupArn"]
    waited: list[float] = []

    def client(service: str) -> Any:
        make: Any = own.aws.session().client
        found = make(service, endpoint_url=own["endpoint_url"])
        if service == "dynamodb":
            found.meta.events.register(f"before-call.dynamodb.{at}", broken)
        return found

    def broken(**_: Any) -> None:
        raise Broken

    with pytest.raises(Broken):
        Restore(client, "local", waited.append).run(at="", backup=backup, confirmed="local")
    assert stopped(own)
    assert max(waited) == 65.0  # the longest that a function may run, and some
    Restore(own.client, "local", waited.append).run(at="", backup=backup, confirmed="local")
    assert not stopped(own)
    assert own.client("dynamodb").describe_table(TableName=TABLE)["Table"]["TableStatus"] == "ACTIVE"
    assert status(own, receipt) == "completed"
    release(own)


def test_a_moment_is_restored_aside_while_the_stage_works(own: RunningStack) -> None:
    calls: list[tuple[str, bool]] = []

    def client(service: str) -> Any:
        make: Any = own.aws.session().client
        found = make(service, endpoint_url=own["endpoint_url"])
        if service == "dynamodb":
            found.meta.events.register("before-call.dynamodb", note)
        return found

    def note(model: Any, **_: Any) -> None:
        if model.name in ("RestoreTableToPointInTime", "DeleteTable", "RestoreTableFromBackup"):
            calls.append((model.name, stopped(own)))

    receipt = accepted(own, ids("111"))
    assert ends(own, receipt) == "completed"
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))
    Restore(client, "local", lambda _: None).run(at=moment, backup="", confirmed="local")
    assert calls == [
        ("RestoreTableToPointInTime", False),
        ("DeleteTable", True),
        ("RestoreTableFromBackup", True),
        ("DeleteTable", False),  # the one aside
    ]
    assert own.client("dynamodb").list_tables()["TableNames"] == [TABLE]
    assert status(own, receipt) == "completed"
    release(own)


def release(own: RunningStack) -> None:
    key: Any = {"pk": {"S": "ORG#*"}, "sk": {"S": "PAUSE"}}
    dynamodb = own.client("dynamodb")
    assert dynamodb.get_item(TableName=TABLE, Key=key)["Item"]["epoch"] == {"N": "-1"}
    dynamodb.delete_item(TableName=TABLE, Key=key)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "give one of AT= and BACKUP=; there is:"),
        ({"at": "yesterday"}, "must look like 2026-11-29T14:00:00Z"),
        ({"at": "2026-11-29T14:00:00"}, "has no zone"),
        (
            {"backup": "arn:aws:dynamodb:us-east-1:000000000000:table/expunge-local/backup/0"},
            "Backup not found",
        ),
        ({"backup": "OTHER"}, "is of table expunge-other, not of expunge-local"),
        ({"backup": "LONGER"}, "is of table expunge-local-at-sea, not of expunge-local"),
        ({"backup": "GOOD", "confirmed": "prod"}, "nothing was done: CONFIRM=local"),
    ],
)
def test_what_cannot_be_restored_stops_nothing(own: RunningStack, given: dict[str, str], words: str) -> None:
    dynamodb = own.client("dynamodb")
    if given.get("backup") in ("OTHER", "LONGER", "GOOD"):
        others = {"OTHER": "expunge-other", "LONGER": "expunge-local-at-sea"}  # a stage may be called so
        table = others.get(given["backup"], TABLE)
        if table != TABLE:
            dynamodb.create_table(
                TableName=table, BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            )  # fmt: skip
        made = dynamodb.create_backup(TableName=table, BackupName="one")["BackupDetails"]
        given = {**given, "backup": made["BackupArn"]}
    with pytest.raises(Failure, match=words):
        Restore(own.client, "local").run(**{"at": "", "backup": "", "confirmed": "local", **given})
    assert not stopped(own)
