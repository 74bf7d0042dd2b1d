"""Stops a stage as a whole and starts it again: what its schedules, its queue and its senders set going.

Nothing of it is lost meanwhile: senders get 503 and try again, nudges lie in the queue, and what the
schedules would have found is found afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

API = "APIHandler"  # the api function's logical id
_LONGER = 5.0  # seconds more than the longest invocation may take


@dataclass(frozen=True, slots=True)
class Stage:
    """The parts of a stage that set something going, by their names in AWS. All empty where no stack is."""

    client: Callable[[str], Any]
    api: str
    functions: list[str]
    mappings: list[str]
    rules: list[str]
    api_reserved: int

    def stop(self, wait: Callable[[float], None] = time.sleep) -> None:
        """Nothing begins any more, and what runs has ended when this returns: `wait` gets its seconds."""
        if self.api:
            self.client("lambda").put_function_concurrency(
                FunctionName=self.api, ReservedConcurrentExecutions=0
            )
        for rule in self.rules:
            self.client("events").disable_rule(Name=rule)
        for mapping in self.mappings:
            self.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=False)
        for mapping in self.mappings:
            self._until(mapping, "Disabled", wait)
        if self.functions:
            wait(max(self._timeout(name) for name in self.functions) + _LONGER)

    def start(self, wait: Callable[[float], None] = time.sleep) -> None:
        """All of it goes on, the api within what was reserved for it before."""
        for mapping in self.mappings:
            self.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=True)
        for mapping in self.mappings:
            self._until(mapping, "Enabled", wait)
        for rule in self.rules:
            self.client("events").enable_rule(Name=rule)
        if self.api and self.api_reserved:
            self.client("lambda").put_function_concurrency(
                FunctionName=self.api, ReservedConcurrentExecutions=self.api_reserved
            )
        elif self.api:
            self.client("lambda").delete_function_concurrency(FunctionName=self.api)

    def _until(self, mapping: str, state: str, wait: Callable[[float], None]) -> None:
        while self.client("lambda").get_event_source_mapping(UUID=mapping)["State"] != state:
            wait(2.0)

    def _timeout(self, function: str) -> float:
        return float(self.client("lambda").get_function_configuration(FunctionName=function)["Timeout"])


def find(client: Callable[[str], Any], stage: str) -> Stage:
    """The stage's parts, from its stack."""
    cloudformation, stack = client("cloudformation"), f"expunge-{stage}"
    try:
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return Stage(client, "", [], [], [], 0)
        raise
    given = {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])}
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    listed = [each for page in pages for each in page["StackResourceSummaries"]]
    there = [each for each in listed if not each["ResourceStatus"].startswith("DELETE")]

    def names(kind: str) -> dict[str, str]:
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in there
            if each["ResourceType"] == kind
        }

    functions = names("AWS::Lambda::Function")
    return Stage(
        client,
        functions.get(API, ""),
        sorted(functions.values()),
        sorted(names("AWS::Lambda::EventSourceMapping").values()),
        sorted(names("AWS::Events::Rule").values()),
        int(given.get("ApiReservedConcurrency") or 0),
    )
