"""`expunge recover` and dead letters, against a table and queues on AWS APIs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import click
import pytest
from moto import mock_aws

from chalicelib.adapters.dead_letters import DeadLetterQueue
from chalicelib.adapters.dynamodb import operators_log_items
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.queue import WorkQueue
from chalicelib.domain.callers import Caller
from chalicelib.domain.evidence.operators import What
from chalicelib.domain.status import Status
from chalicelib.service.operators import recover
from cli.ends import End
from cli.operating.recovering import make_due, release_table, show_pending
from cli.target import Refused, Target
from tests import aws
from tests.contract.ledger.test_ledger import NOW, accept, deletion, make_table

pytestmark = pytest.mark.slow
TABLE = "expunge-test"


class Functions:
    """As much of Lambda as is asked: the settings of the stage, which the test gives."""

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803  # boto3's
        assert FunctionName == "expunge-test-poll"
        return {"Environment": {"Variables": self.settings}}


class Stage:
    """A stage of the name `test`: its place, its queues, and what its functions are set to."""

    def __init__(self, clients: dict[str, Any]) -> None:
        self.clients, self.functions = clients, Functions()
        clients["lambda"] = self.functions
        self.work, self.dead = (
            clients["sqs"].create_queue(QueueName=name)["QueueUrl"] for name in ("work", "dead")
        )

    @property
    def target(self) -> Target:
        return Target("test", "sources", "api", self.clients.__getitem__)

    @property
    def told(self) -> Target:
        return Target("test", "sources", "api", self.clients.__getitem__, as_json=True)

    @property
    def letters(self) -> DeadLetterQueue:
        return DeadLetterQueue(self.dead, self.clients["sqs"])

    def redrive(self, work: str = "", *, drop_foreign: bool = False) -> recover.Redriven:
        queue = WorkQueue(work or self.work, lambda: self.clients["sqs"], failed)
        return recover.redrive(self.letters, queue, drop_foreign=drop_foreign)


class Lost(Exception):
    """The work queue is out of reach."""


def failed(_what: str, **_facts: object) -> None:
    raise Lost


@pytest.fixture
def stage() -> Iterator[Stage]:
    with mock_aws():
        clients = {name: aws.client(name) for name in ("dynamodb", "sqs", "sts")}
        make_table(clients["dynamodb"], TABLE)
        yield Stage(clients)


def table(stage: Stage, epoch: int = 0) -> Table:
    return Table(TABLE, lambda: stage.clients["dynamodb"], epoch=epoch)


def bodies(stage: Stage, url: str) -> list[str]:
    answer = stage.clients["sqs"].receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [message["Body"] for message in answer.get("Messages", [])]


def bury(stage: Stage, *messages: Any) -> None:
    for message in messages:
        stage.clients["sqs"].send_message(QueueUrl=stage.dead, MessageBody=message)


def held(stage: Stage) -> int:
    """How many messages the dead-letter queue has, seen or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = stage.clients["sqs"].get_queue_attributes(QueueUrl=stage.dead, AttributeNames=names)
    return sum(int(number) for number in found["Attributes"].values())


def test_dead_letters_wake_their_deletions_again(stage: Stage) -> None:
    bury(stage, json.dumps({"deletion": "del_1"}), json.dumps({"deletion": "del_2"}), "not ours")
    assert stage.redrive() == recover.Redriven(nudged=2, foreign=1)
    assert sorted(bodies(stage, stage.work)) == ['{"deletion": "del_1"}', '{"deletion": "del_2"}']


def test_a_message_stays_where_its_deletion_cannot_be_woken(stage: Stage) -> None:
    bury(stage, json.dumps({"deletion": "del_1"}))
    with pytest.raises(Lost):
        stage.redrive(stage.work + "-gone")
    assert held(stage) == 1


def test_looking_and_foreign_messages_leave_all_of_them_to_others(stage: Stage) -> None:
    bury(stage, json.dumps({"deletion": "del_1"}), "not ours")
    assert sorted(map(str, recover.look(stage.letters))) == ["None", "del_1"]
    assert sorted(map(str, recover.look(stage.letters))) == ["None", "del_1"]
    assert stage.redrive() == recover.Redriven(nudged=1, foreign=1)
    assert bodies(stage, stage.dead) == ["not ours"]


def test_foreign_messages_go_when_that_is_asked_for(stage: Stage) -> None:
    bury(stage, "not ours")
    assert stage.redrive(drop_foreign=True) == recover.Redriven(foreign=1)
    assert bodies(stage, stage.dead) == []


def test_what_was_set_aside_is_due_again(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = table(stage)
    for number in (1, 2):
        accept(ledger, deletion(f"del_{number}"), f"d{number}")
        ledger.set_aside(f"del_{number}", "written by another version", NOW)
    assert ledger.due(NOW, 10) == []
    make_due(stage.target, ["del_1"])
    assert ledger.due(NOW * 2, 10) == ["del_1"]
    make_due(stage.target, ["del_2", "del_9"])
    assert "del_2: due again\ndel_9: was not set aside" in capsys.readouterr().out
    with pytest.raises(click.exceptions.Exit) as ended:
        make_due(stage.told, ["del_1"])
    assert ended.value.exit_code == End.NOT_AS_THINGS_STAND.value
    assert json.loads(capsys.readouterr().out) == {"due": [], "refused": ["del_1"]}


def test_a_restored_table_is_paused_until_it_is_released(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert table(stage).paused("default") is None
    assert table(stage, epoch=1).paused("default") == "the table was restored from a backup"
    stage.functions.settings["EXPUNGE_EPOCH"] = "1"
    release_table(stage.target, dry_run=True)
    assert table(stage, epoch=1).paused("default") is not None
    release_table(stage.target)
    release_table(stage.target)
    assert table(stage, epoch=1).paused("default") is None
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        "the stage is held back",
        "released",
        "nothing to release",
    ]
    item = stage.clients["dynamodb"].get_item(
        TableName=TABLE, Key={"pk": {"S": "ORG#*"}, "sk": {"S": "PAUSE"}}
    )["Item"]
    assert item["released_by"]["S"].startswith("arn:aws:sts::")
    [entry], _ = operators_log_items.newest_first(table(stage), time.time() - 60, time.time() + 60, None, 10)
    assert (entry.what, entry.target, entry.by) == (What.PAUSE_ENDED, "org/*", item["released_by"]["S"])
    assert (entry.before, entry.after) == ({"paused": True, "epoch": 0}, {"paused": False, "epoch": 1})
    assert not table(stage).release(0, Caller("arn:me", time.time()).entry(What.PAUSE_ENDED, "org/*"))
    assert len(operators_log_items.entries_since(table(stage), time.time() - 60, time.time() + 60)) == 1
    stage.functions.settings["EXPUNGE_EPOCH"] = "0"
    with pytest.raises(Refused, match="the table is at epoch 1, the stage at 0"):
        release_table(stage.target)


def test_what_would_run_is_shown(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = table(stage)
    accept(ledger, deletion("del_1"), "d1")
    accept(ledger, deletion("del_2"), "d2")
    stage.clients["dynamodb"].update_item(
        TableName=TABLE,
        Key={"pk": {"S": "D#del_2"}, "sk": {"S": "META"}},
        UpdateExpression="SET doc = :doc",
        ExpressionAttributeValues={":doc": {"S": '{"v": 99}'}},
    )
    show_pending(stage.target, 100)
    lines = capsys.readouterr().out.splitlines()
    assert "del_1     accepted        delete_records Leads of default  2 of 2" in lines
    assert "del_2     cannot be read  written by another version       -" in lines
    assert lines[-1] == "2 deletions"
    show_pending(stage.told, 1)
    told = json.loads(capsys.readouterr().out)
    assert (len(told["deletions"]), told["more"]) == (1, True)


def test_claims_are_counted_until_the_deletion_is_given_back(stage: Stage) -> None:
    ledger = table(stage)
    accept(ledger, deletion())
    for n in range(3):
        claim = ledger.claim("del_1", NOW + 60 * n, NOW + 60 * n + 60)
        assert claim is not None
        assert claim.attempts == n + 1
    assert ledger.take_up("del_1", NOW) is False
    read = ledger.get("del_1")
    assert read is not None
    assert read.status is Status.ACCEPTED
