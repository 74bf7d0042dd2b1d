"""Where a stage's parts answer: from stack.json locally, on AWS from the outputs of its stack."""

from __future__ import annotations

from dataclasses import dataclass

import click
from botocore.exceptions import ClientError

from cli.place import Place
from local.running import RunningStack
from local.settings import from_environment


@dataclass(frozen=True)
class Stack:
    """Addresses; `api_url` ends with "/"."""

    api_url: str
    work_queue: str
    dead_letters: str


def describe(place: Place, stage: str | None) -> Stack:
    """The place's addresses. Raises ClickException where there is no such stack."""
    if stage is None:
        found = RunningStack.read(from_environment().stack_file)
        return Stack(found["api_url"], found["work_queue_url"], found["dead_letter_queue_url"])
    name = f"expunge-{stage}"
    try:
        answer = place.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as problem:
        raise click.ClickException(f"there is no stack {name} in this account and region") from problem
    outputs = {each["OutputKey"]: each["OutputValue"] for each in answer.get("Outputs", [])}
    url = str(outputs["EndpointURL"]).rstrip("/") + "/"
    return Stack(url, outputs["WorkQueueUrl"], outputs["DeadLetterQueueUrl"])
