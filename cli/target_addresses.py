"""Where a stage's parts answer: from stack.json locally, on AWS from the outputs of its stack."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import click
from botocore.exceptions import BotoCoreError, ClientError

from cli.target import Target
from local.running import RunningStack
from local.settings import from_environment

#: What the names of all stages' stacks begin with.
PREFIX = "expunge-"


@dataclass(frozen=True)
class Addresses:
    """Addresses; `api_url` ends with "/"."""

    api_url: str
    work_queue: str
    dead_letters: str


def describe(target: Target, stage: str | None) -> Addresses:
    """The target's addresses. Raises ClickException where there is no such stack, ClientError where AWS does
    not tell.
    """
    if stage is None:
        found = RunningStack.read(from_environment().stack_file)
        return Addresses(found["api_url"], found["work_queue_url"], found["dead_letter_queue_url"])
    name = f"expunge-{stage}"
    try:
        answer = target.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as problem:
        if "does not exist" not in str(problem):
            raise  # who may not look, or whose session has ended, does not know
        words = f"there is no stack {name} in this account and region{others(target)}"
        raise click.ClickException(words) from problem
    outputs = {each["OutputKey"]: each["OutputValue"] for each in answer.get("Outputs", [])}
    url = str(outputs["EndpointURL"]).rstrip("/") + "/"
    return Addresses(url, outputs["WorkQueueUrl"], outputs["DeadLetterQueueUrl"])


def others(target: Target) -> str:
    """The stages that there are, for who has named one that is not; "" where that cannot be told."""
    try:
        pages = target.client("cloudformation").get_paginator("list_stacks").paginate()
        stacks = [each for page in pages for each in page["StackSummaries"]]
    except (ClientError, BotoCoreError):
        return ""
    there = {each["StackName"] for each in stacks if not each["StackStatus"].startswith("DELETE_COMPLETE")}
    names = sorted(each.removeprefix(PREFIX) for each in there if each.startswith(PREFIX))
    near = difflib.get_close_matches(target.stage, names, n=1)
    if near:
        return f"; did you mean --stage {near[0]}?" + (
            f" (there are: {', '.join(names)})" if len(names) > 1 else ""
        )
    return f"; stages there: {', '.join(names)}" if names else "; there is no stage of Expunge at all"
