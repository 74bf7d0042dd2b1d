"""The AWS account of the environment, and what somebody agrees to be done in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

from local.change_sets import Change
from local.failure import Failure
from local.running import RunningStack
from local.say import line
from local.settings import STAGE, Settings

TIMEOUTS = Config(connect_timeout=10, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 5})


def session() -> boto3.Session:
    """A session with keys and region as boto3 finds them. Raises Failure where there is no region."""
    found = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    if not found.region_name:
        raise Failure("no AWS region: set AWS_REGION, or AWS_PROFILE to a profile that has one")
    return found


def show(client: Callable[[str], Any], stage: str) -> None:
    """Says where things are about to be done: account, region, stage, who does it, and a given endpoint."""
    sts = client("sts")
    who = sts.get_caller_identity()
    line(f"  account {who['Account']}, region {sts.meta.region_name}, stage {stage}, as {who['Arn']}")
    if os.environ.get("AWS_ENDPOINT_URL"):
        line(f"  at {sts.meta.endpoint_url} (AWS_ENDPOINT_URL)")


def of_stage(stage: str, settings: Settings) -> Callable[[str], Any]:
    """Clients by service, for the running local stack or a stage of the environment's account.

    Raises Failure where there is neither.
    """
    if stage != STAGE:
        return clients(session())
    try:
        return RunningStack.read(settings.stack_file).client
    except FileNotFoundError as error:
        raise Failure(f"no local stack is running in {settings.directory}: make up starts one") from error


def clients(found: boto3.Session) -> Callable[[str], Any]:
    """Clients of the session by service."""
    make: Any = found.client
    return lambda service: make(service, config=TIMEOUTS)


def agreed(changes: list[Change], *, yes: bool) -> bool:
    """Shows every change, with a mark at replacements and removals; then asks, unless told to go on."""
    for change in sorted(changes, key=lambda c: (c.action, c.resource)):
        mark = "!" if change.action == "Remove" or change.replacement in ("True", "Conditional") else " "
        line(f" {mark} {change.action:<7} {change.resource} ({change.kind})")
    if yes:
        return True
    if not sys.stdin.isatty():
        raise Failure("nobody to ask whether to apply these changes: give YES=1 to apply them")
    return input("apply these changes? [y/N] ").strip().lower() in ("y", "yes")
