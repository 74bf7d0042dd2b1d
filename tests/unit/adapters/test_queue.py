"""How long the work queue is, as SQS says it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.adapters.queue import WorkQueue


@pytest.fixture
def sqs() -> Iterator[Any]:
    with mock_aws():
        yield boto3.Session(region_name="us-east-1").client("sqs")


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
