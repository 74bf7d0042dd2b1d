"""How long the work queue is, as SQS says it; what its messages bear, ten of them a call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.adapters.groups import Groups
from chalicelib.adapters.queue import WorkQueue
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.request import Operation, Request
from tests import aws

pytestmark = pytest.mark.slow


@pytest.fixture
def sqs() -> Iterator[Any]:
    with mock_aws():
        yield aws.client("sqs")


def test_messages_count_once_they_are_ready(sqs: Any) -> None:
    reports: list[str] = []
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    queue = WorkQueue(url, lambda: sqs, lambda event, **_: reports.append(event))
    assert queue.waiting() == 0
    queue.nudge("del_1")
    queue.nudge("del_2")
    queue.nudge("del_3", delay=900)
    assert queue.waiting() == 2
    sqs.receive_message(QueueUrl=url)
    assert queue.waiting() == 1
    assert reports == []


def test_a_queue_out_of_reach_counts_as_empty_and_is_reported(sqs: Any) -> None:
    reports: list[tuple[str, dict[str, object]]] = []
    url = sqs.create_queue(QueueName="work")["QueueUrl"] + "-gone"
    queue = WorkQueue(url, lambda: sqs, lambda event, **fields: reports.append((event, fields)))
    assert queue.waiting() == 0
    ((event, fields),) = reports
    assert (event, fields["reason"]) == ("backlog_unknown", "QueueDoesNotExist")


class Calls:
    """A client that counts its calls, and refuses what it is told to."""

    def __init__(self, client: Any, refuse: str = "") -> None:
        self.client, self.refuse = client, refuse
        self.made: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> Any:
            self.made.append(name)
            if name == "send_message_batch" and self.refuse:
                bad = [each["Id"] for each in request["Entries"] if self.refuse in each["MessageBody"]]
                return {"Failed": [{"Id": one, "Code": "InternalError"} for one in bad]}
            return getattr(self.client, name)(**request)

        return call


def received(sqs: Any, url: str) -> dict[str, str]:
    """Every message of the queue: the deletion, and the group that it bears."""
    found: dict[str, str] = {}
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], VisibilityTimeout=600
    ).get("Messages", []):
        for each in messages:
            found[json.loads(each["Body"])["deletion"]] = each["Attributes"].get("MessageGroupId", "")
    return found


def deletion(one: str, org: str, source: str) -> Deletion:
    request = Request(Operation.DELETE_RECORDS, "Leads", org, ids=("1",))
    return Deletion(id=one, request=request, source=source, created_at=1.0, updated_at=1.0, expires_at=9)


def test_messages_bear_the_group_of_their_org_and_source(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    stored = {"del_1": deletion("del_1", "shop", "crm"), "del_2": deletion("del_2", "shop", "erp")}
    groups = Groups(lambda ids: {one: stored[one] for one in ids if one in stored})
    queue = WorkQueue(url, lambda: sqs, lambda *_, **__: None, groups=groups.of)
    queue.nudge("del_1")
    queue.nudge("del_3")
    queue.nudge_all(["del_2"])
    assert received(sqs, url) == {"del_1": "shop/crm", "del_2": "shop/erp", "del_3": ""}


def test_many_are_woken_by_ten_a_call(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    calls = Calls(sqs)
    queue = WorkQueue(url, lambda: calls, lambda *_, **__: None)  # type: ignore[arg-type, return-value]  # a client of SQS as far as it is used
    ids = [f"del_{n}" for n in range(25)]
    assert queue.nudge_all(ids) == queue.nudge_all([]) == []
    assert calls.made == ["send_message_batch"] * 3
    assert set(received(sqs, url)) == set(ids)


def test_each_message_that_could_not_be_sent_is_reported(sqs: Any) -> None:
    reports: list[tuple[str, dict[str, object]]] = []
    url = sqs.create_queue(QueueName="work")["QueueUrl"]

    def report(event: str, **fields: object) -> None:
        reports.append((event, fields))

    refusing = Calls(sqs, refuse="del_1")
    queue = WorkQueue(url, lambda: refusing, report)  # type: ignore[arg-type, return-value]  # a client of SQS as far as it is used
    assert queue.nudge_all(["del_0", "del_1"]) == ["del_1"]
    assert reports == [("nudge_failed", {"deletion_id": "del_1", "reason": "InternalError"})]
    gone = WorkQueue(url + "-gone", lambda: sqs, report)
    assert gone.nudge_all(["del_2", "del_3"]) == ["del_2", "del_3"]
    assert [fields["deletion_id"] for _, fields in reports[1:]] == ["del_2", "del_3"]


def test_a_group_is_read_once_and_never_keeps_a_message_from_leaving() -> None:
    reads: list[list[str]] = []

    def read(ids: Sequence[str]) -> dict[str, Deletion]:
        reads.append(list(ids))
        if "del_9" in ids:
            raise Unavailable("table", "down")
        return {one: deletion(one, "shop", "crm") for one in ids}

    groups = Groups(read)
    groups.note(deletion("del_1", "shop", "erp"))
    assert groups.of(["del_1", "del_2"]) == {"del_1": "shop/erp", "del_2": "shop/crm"}
    assert groups.of(["del_2"]) == {"del_2": "shop/crm"}
    assert groups.of(["del_1", "del_9"]) == {"del_1": "shop/erp"}
    assert reads == [["del_2"], ["del_9"]]


@pytest.mark.parametrize("org", ["with blanks", "ä"])
def test_a_name_that_sqs_takes_for_no_group_is_left_out(org: str) -> None:
    groups = Groups(lambda ids: {})
    groups.note(deletion("del_1", org, "crm"))
    assert groups.of(["del_1"]) == {}


def test_a_process_remembers_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.adapters.groups.MOST", 2)
    groups = Groups(lambda ids: {})
    for n in range(3):
        groups.note(deletion(f"del_{n}", "shop", "crm"))
    assert set(groups.of(["del_0", "del_1", "del_2"])) == {"del_1", "del_2"}


def test_the_longest_names_of_orgs_and_sources_have_groups_of_their_own() -> None:
    groups = Groups(lambda ids: {})
    org, policy = "o" * 64, "policy:" + "p" * 64
    long = {"del_1": (org, "s" * 63 + "1"), "del_2": (org, "s" * 63 + "2"), "del_3": (org, policy)}
    for one, (its_org, source) in long.items():
        groups.note(deletion(one, its_org, source))
    groups.note(deletion("del_4", org, "s" * 63))
    found = groups.of([*long, "del_4"])
    assert len(set(found.values())) == 4
    assert all(len(group) <= 128 and group.startswith(f"{org}/") for group in found.values())
    assert found["del_4"] == f"{org}/{'s' * 63}"
