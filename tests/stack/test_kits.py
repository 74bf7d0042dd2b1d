"""The kits on the running stack: what integrators copy, run as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread, Timer
from typing import Any

import pytest
import requests
from https_subscriber import Subscriber, server
from newest import Newest
from sns_message import SnsMessages
from sqs_consumer import drain

from local.running import RunningStack
from local.settings import ROOT
from tests.examples.events import event
from tests.stack.conftest import Events, wait_for
from tests.zoho_kit import kit
from tests.zoho_kit.builtins import Request

pytestmark = pytest.mark.stack


def control(stack: RunningStack, name: str, body: object) -> None:
    requests.post(f"{stack['zoho_url']}/_sim/{name}", json=body, timeout=60).raise_for_status()


def to_stack(request: Request) -> tuple[int, str]:
    answer = requests.post(request.url, request.body.encode(), headers=dict(request.headers), timeout=120)
    return answer.status_code, answer.text


def test_the_workflow_function_deletes(stack: RunningStack, events: Events) -> None:
    record = "410405000009100001"
    control(stack, "records", {"Leads": [{"id": record, "Deletion_Requested": True}]})
    world = kit.world(to_stack, time.time, kit.key_text(stack.keys[0]))
    kit.script("delete_record.dg", endpoint=stack["api_url"])(world, record, kit.CHANGED)
    (said,) = world.said
    final = events.final(said.rpartition(" ")[2])
    assert (final["type"], final["data"]["counts"]["deleted"]) == ("expunge.deletion.completed", 1)
    assert final["data"]["reference"] == f"Leads/{record}"


@pytest.fixture(scope="module")
def desk(stack: RunningStack) -> Iterator[dict[str, str]]:
    """The template of the consumers' kit as a stack of its own; its outputs."""
    cloudformation = stack.client("cloudformation")
    given = {"TopicArn": stack["topic_arn"], "Source": "crm-workflow", "Tries": "2", "VisibilitySeconds": "1"}
    cloudformation.create_stack(
        StackName="erasure-desk",
        TemplateBody=(ROOT / "examples/consumers/queue.yaml").read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
    )

    def ready() -> list[dict[str, str]]:
        (found,) = cloudformation.describe_stacks(StackName="erasure-desk")["Stacks"]
        assert found["StackStatus"] in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"), found
        return found.get("Outputs", []) if found["StackStatus"] == "CREATE_COMPLETE" else []

    yield {each["OutputKey"]: each["OutputValue"] for each in wait_for(ready, what="stack")}
    cloudformation.delete_stack(StackName="erasure-desk")


def deleted(stack: RunningStack, *records: str, **more: Any) -> str:
    """Asks for records to be deleted that are there; the deletion's id."""
    control(stack, "records", {"Leads": [{"id": each} for each in records]})
    body = {"operation": "delete_records", "module": "Leads", "ids": list(records), **more}
    return str(stack.send(body).json()["id"])


def test_the_queue_hears_final_events_of_its_source_only(
    stack: RunningStack, desk: dict[str, str], tmp_path: Path
) -> None:
    sqs, heard = stack.client("sqs"), list[dict[str, Any]]()
    newest = Newest(tmp_path / "state.db")
    mine = deleted(stack, "410405000009100011", "410405000009100012")
    others = {name: {"DataType": "String", "StringValue": "completed"} for name in ("source", "status")}
    stack.client("sns").publish(
        TopicArn=stack["topic_arn"], Message=json.dumps(event()), MessageAttributes=others
    )

    def final() -> bool:
        drain(sqs, desk["QueueUrl"], newest, heard.append, wait_seconds=1)
        return any(each["subject"] == mine for each in heard)

    wait_for(final, seconds=180, what="final event")
    assert event()["id"] not in [each["id"] for each in heard]  # another source's
    assert {each["data"]["status"] for each in heard} == {"completed"}  # neither "accepted" nor "started"
    (one,) = [each for each in heard if each["subject"] == mine]
    for _ in range(2):  # SNS may deliver twice
        sqs.send_message(QueueUrl=desk["QueueUrl"], MessageBody=json.dumps(one))
    assert wait_for(lambda: drain(sqs, desk["QueueUrl"], newest, heard.append, wait_seconds=1))
    assert [each for each in heard if each["subject"] == mine] == [one]


def test_a_poison_message_ends_in_the_dead_letter_queue(
    stack: RunningStack, desk: dict[str, str], tmp_path: Path
) -> None:
    sqs, newest = stack.client("sqs"), Newest(tmp_path / "state.db")
    sqs.send_message(QueueUrl=desk["QueueUrl"], MessageBody="{poison")

    def dead() -> list[Any]:
        drain(sqs, desk["QueueUrl"], newest, lambda _: None, wait_seconds=1)
        found = sqs.receive_message(QueueUrl=desk["FailedUrl"], WaitTimeSeconds=0)
        return list(found.get("Messages", []))

    (message,) = wait_for(dead, seconds=120, what="dead letter")
    assert message["Body"] == "{poison"


def test_the_subscription_has_a_dead_letter_queue(stack: RunningStack, desk: dict[str, str]) -> None:
    # The local SNS keeps this attribute and does nothing with it, so only its place is tested.
    sns, sqs = stack.client("sns"), stack.client("sqs")
    arns = [
        sqs.get_queue_attributes(QueueUrl=desk[name], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for name in ("QueueUrl", "UndeliveredUrl")
    ]
    found = sns.list_subscriptions_by_topic(TopicArn=stack["topic_arn"])["Subscriptions"]
    (subscription,) = [each for each in found if each["Endpoint"] == arns[0]]
    held = sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])["Attributes"]
    assert json.loads(held["RedrivePolicy"]) == {"deadLetterTargetArn": arns[1]}


@pytest.mark.parametrize("script", ["sqs_consumer.py", "write_back.py"])
def test_as_a_program(stack: RunningStack, desk: dict[str, str], tmp_path: Path, script: str) -> None:
    case = "3652397000000222001"
    control(stack, "records", {"Cases": [{"id": case}]})
    keys = stack["credentials"]
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": stack["endpoint_url"],
        "AWS_DEFAULT_REGION": stack["region"],
        "AWS_ACCESS_KEY_ID": keys["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
        "ZOHO_CLIENT_ID": "1000.WRITER",
        "ZOHO_CLIENT_SECRET": "secret",
        "ZOHO_REFRESH_TOKEN": "1000.writer",
        "ZOHO_ACCOUNTS_URL": stack["zoho_url"],
        "ZOHO_API_URL": stack["zoho_url"],
    }
    words = [sys.executable, str(ROOT / "examples/consumers" / script), desk["QueueUrl"], "state.db"]
    mine = deleted(stack, "410405000009100021", reference=f"Cases/{case}")
    with subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        limit = Timer(60, running.kill)
        limit.start()
        try:
            line = next((line for line in running.stdout if mine in line), "nothing after a minute")
        finally:
            limit.cancel()
            running.kill()
    if script == "sqs_consumer.py":
        assert line == f"{mine} completed 1 of 1 deleted\n"
        return
    assert line.endswith(f"Cases/{case} SUCCESS\n")
    there = requests.get(f"{stack['zoho_url']}/_sim/records?module=Cases", timeout=60).json()
    (found,) = [each for each in there if each["id"] == case]  # other tests keep cases in the same stack
    assert (found["Deletion_Status"], found["Deletion_Result"]) == ("completed", "1 of 1 deleted")


def test_the_local_sns_signs_nothing_so_the_endpoint_refuses_it(stack: RunningStack, tmp_path: Path) -> None:
    answers: list[tuple[int, str]] = []
    subscriber = Subscriber(SnsMessages(stack["topic_arn"]), Newest(tmp_path / "state.db"), lambda _: None)

    def seen(body: bytes) -> tuple[int, str]:
        answers.append(subscriber(body))
        return answers[-1]

    running = server(seen)
    thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        where = f"http://127.0.0.1:{running.server_port}/expunge"
        stack.client("sns").subscribe(TopicArn=stack["topic_arn"], Protocol="http", Endpoint=where)
        wait_for(lambda: answers, what="confirmation")
        assert answers == [(403, "not signature version 2: set the topic's SignatureVersion")]
        found = stack.client("sns").list_subscriptions_by_topic(TopicArn=stack["topic_arn"])["Subscriptions"]
        (arn,) = [each["SubscriptionArn"] for each in found if each["Endpoint"] == where]
        held = stack.client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        assert held["PendingConfirmation"] == "true"
        stack.client("sns").unsubscribe(SubscriptionArn=arn)
    finally:
        running.shutdown()
        thread.join()
        running.server_close()
