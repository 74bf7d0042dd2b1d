"""The recovery commands, against a table and queues on AWS APIs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.adapters.dead_letters import DeadLetterQueue
from chalicelib.adapters.table import Table
from chalicelib.domain.deletion import Status
from chalicelib.service import recover
from scripts.recover import Place, main
from tests.contract.ledger.test_ledger import NOW, accept, deletion, make_table

pytestmark = pytest.mark.slow


class Stage(Place):
    """A place whose functions' settings the test gives."""

    settings: dict[str, int]

    def setting(self, name: str, default: int) -> int:
        return self.settings.get(name, default)


@pytest.fixture
def place() -> Iterator[Stage]:
    with mock_aws():
        session: Any = boto3.Session(region_name="us-east-1")
        clients = {name: session.client(name) for name in ("dynamodb", "sqs")}
        make_table(clients["dynamodb"])
        urls = [clients["sqs"].create_queue(QueueName=name)["QueueUrl"] for name in ("work", "dead")]
        made = Stage("t", urls[0], urls[1], "poll", lambda name: clients[name])
        object.__setattr__(made, "settings", {})
        yield made


def table(place: Place, epoch: int = 0) -> Table:
    return Table("t", lambda: place.client("dynamodb"), epoch=epoch)


def bodies(place: Place, url: str) -> list[str]:
    answer = place.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [message["Body"] for message in answer.get("Messages", [])]


def bury(place: Place, *messages: Any) -> None:
    for message in messages:
        place.client("sqs").send_message(QueueUrl=place.dead_letters, MessageBody=message)


def test_dead_letters_wake_their_deletions_again(place: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    bury(place, json.dumps({"deletion": "del_1"}), json.dumps({"deletion": "del_2"}), "not ours")
    assert main(["redrive"], place) == 0
    assert "2 deletions nudged, 1 messages that are not ours, left" in capsys.readouterr().out
    assert sorted(bodies(place, place.work_queue)) == ['{"deletion": "del_1"}', '{"deletion": "del_2"}']


def test_a_message_stays_where_its_deletion_cannot_be_woken(place: Stage) -> None:
    bury(place, json.dumps({"deletion": "del_1"}))
    lost = Stage(place.table, place.work_queue + "-gone", place.dead_letters, place.poll, place.client)
    with pytest.raises(SystemExit, match="the work queue is out of reach"):
        main(["redrive"], lost)
    assert held(place) == 1


def test_looking_and_foreign_messages_leave_all_of_them_to_others(place: Stage) -> None:
    bury(place, json.dumps({"deletion": "del_1"}), "not ours")
    letters = DeadLetterQueue(place.dead_letters, place.client("sqs"))
    assert sorted(map(str, recover.look(letters))) == ["None", "del_1"]
    assert sorted(map(str, recover.look(letters))) == ["None", "del_1"]
    assert main(["redrive"], place) == 0
    assert bodies(place, place.dead_letters) == ["not ours"]


def held(place: Place) -> int:
    """How many messages the dead-letter queue has, seen or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = place.client("sqs").get_queue_attributes(QueueUrl=place.dead_letters, AttributeNames=names)
    return sum(int(number) for number in found["Attributes"].values())


def test_foreign_messages_go_when_that_is_asked_for(place: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    bury(place, "not ours")
    assert main(["redrive", "--drop-foreign"], place) == 0
    assert "removed" in capsys.readouterr().out
    assert bodies(place, place.dead_letters) == []


def test_what_was_set_aside_can_be_taken_up(place: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = table(place)
    accept(ledger, deletion())
    ledger.set_aside("del_1", "written by another version", NOW)
    assert ledger.due(NOW, 10) == []
    assert main(["take-up", "del_1"], place) == 0
    assert ledger.due(NOW * 2, 10) == ["del_1"]
    assert main(["take-up", "del_1", "del_9"], place) == 1
    assert "del_9: was not set aside" in capsys.readouterr().out


def test_a_restored_table_is_paused_until_it_is_released(
    place: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert table(place).paused("default") is None
    assert table(place, epoch=1).paused("default") == "the table was restored from a backup"
    place.settings["EXPUNGE_EPOCH"] = 1
    assert main(["release"], place) == 0
    assert main(["release"], place) == 0
    assert table(place, epoch=1).paused("default") is None
    place.settings["EXPUNGE_EPOCH"] = 0
    assert main(["release"], place) == 1
    words = capsys.readouterr().out.splitlines()
    assert words[0] == "released: the stage works on its table, epoch 1"
    assert words[1] == "nothing to release: stage and table are at epoch 1"
    assert words[2].startswith("the table is at epoch 1")


def test_what_would_run_is_shown(place: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = table(place)
    accept(ledger, deletion("del_1"), "d1")
    accept(ledger, deletion("del_2"), "d2")
    place.client("dynamodb").update_item(
        TableName="t",
        Key={"pk": {"S": "D#del_2"}, "sk": {"S": "META"}},
        UpdateExpression="SET doc = :doc",
        ExpressionAttributeValues={":doc": {"S": '{"v": 99}'}},
    )
    assert main(["pending"], place) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "del_1  accepted: delete_records Leads of default; 2 of 2 to do" in lines
    assert "del_2  cannot be read: written by another version" in lines
    assert lines[-1] == "2 deletions"


def test_claims_are_counted_until_the_deletion_is_given_back(place: Stage) -> None:
    ledger = table(place)
    accept(ledger, deletion())
    for n in range(3):
        claim = ledger.claim("del_1", NOW + 60 * n, NOW + 60 * n + 60)
        assert claim is not None
        assert claim.attempts == n + 1
    assert ledger.take_up("del_1", NOW) is False
    read = ledger.get("del_1")
    assert read is not None
    assert read.status is Status.ACCEPTED
