"""Deploys a stage to the AWS account of the environment: package, upload, show the changes, apply them."""

from __future__ import annotations

import os
import sys
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local import package
from local.cloudformation import Change, Deployer
from local.failure import Failure
from local.say import line, step

TIMEOUTS = Config(connect_timeout=10, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 5})


def to_aws(stage: str, *, yes: bool, bucket: str | None = None, parameters: str = "") -> dict[str, str]:
    """Packages and deploys `stage`; returns the stack's outputs.

    Keys and region are those boto3 finds. `bucket` holds the packages; the default is named after the account
    and is made when needed. `parameters`: of the template, as "CustomerKey=true AccessLogs=true"; one that
    is not named stays as it was deployed. Without `yes` somebody at a terminal must agree to the changes.
    Raises Failure where anything of it does not work or is not agreed to.
    """
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    if not session.region_name:
        raise Failure("no AWS region: set AWS_REGION, or AWS_PROFILE to a profile that has one")
    with step(f"package for {stage}"):
        packaged = package.build(stage)
    try:
        given = _given(parameters, packaged.template())
        return _deploy(session, packaged, given, yes=yes, bucket=bucket)
    except (BotoCoreError, ClientError) as error:
        raise Failure(f"deploying {stage}: {error}") from error


def _deploy(
    session: boto3.Session,
    packaged: package.Package,
    parameters: dict[str, str],
    *,
    yes: bool,
    bucket: str | None,
) -> dict[str, str]:
    sts = session.client("sts", config=TIMEOUTS)
    account = sts.get_caller_identity()["Account"]
    line(f"  account {account}, region {session.region_name}, stage {packaged.stage}")
    deployer = Deployer(session, endpoint_url=None, config=TIMEOUTS)
    artifacts = bucket or f"expunge-artifacts-{account}-{session.region_name}"
    deployer.ensure_bucket(artifacts)
    outputs = deployer.deploy(
        stack=f"expunge-{packaged.stage}",
        package=packaged,
        template=packaged.template(),
        parameters={**parameters, "Stage": packaged.stage},
        bucket=artifacts,
        approve=lambda changes: _agreed(changes, yes=yes),
    )
    for name, value in sorted(outputs.items()):
        line(f"  {name}: {value}")
    return outputs


def _given(text: str, template: dict[str, Any]) -> dict[str, str]:
    """The parameters in "Name=value Name=value". Raises Failure for what the template does not know."""
    known = {name for name in template["Parameters"] if name != "Stage"}
    pairs = [each.partition("=") for each in text.split()]
    for name, equals, _ in pairs:
        if name not in known or not equals:
            names = ", ".join(sorted(known))
            raise Failure(f"PARAMETERS={text}: must be Name=value, with names from {names}")
    return {name: value for name, _, value in pairs}


def _agreed(changes: list[Change], *, yes: bool) -> bool:
    """Shows every change, with a mark at replacements and removals; then asks, unless told to go on."""
    for change in sorted(changes, key=lambda c: (c.action, c.resource)):
        mark = "!" if change.action == "Remove" or change.replacement in ("True", "Conditional") else " "
        line(f" {mark} {change.action:<7} {change.resource} ({change.kind})")
    if yes:
        return True
    if not sys.stdin.isatty():
        raise Failure("nobody to ask whether to apply these changes: give YES=1 to apply them")
    return input("apply these changes? [y/N] ").strip().lower() in ("y", "yes")
