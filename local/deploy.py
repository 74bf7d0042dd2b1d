"""Deploys a stage to the AWS account of the environment: package, upload, show the changes, apply them."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import leftovers, package
from local.account import TIMEOUTS, agreed, clients, session
from local.cloudformation import Approve, Deployer
from local.failure import Failure
from local.say import line, step


def to_aws(stage: str, *, yes: bool, bucket: str | None = None, parameters: str = "") -> dict[str, str]:
    """Packages and deploys `stage`; returns the stack's outputs.

    Keys and region are those boto3 finds. `bucket` holds the packages; the default is named after the account
    and is made when needed. `parameters`: of the template, as "CustomerKey=true AccessLogs=true"; one that
    is not named stays as it was deployed. Without `yes` somebody at a terminal must agree to the changes.
    Raises Failure where anything of it does not work or is not agreed to.
    """
    found = session()
    with step(f"package for {stage}"):
        packaged = package.build(stage)
    try:
        given = _given(parameters, packaged.template())
        return _deploy(found, packaged, given, yes=yes, bucket=bucket)
    except (BotoCoreError, ClientError) as error:
        raise Failure(f"deploying {stage}: {error}") from error


def _deploy(
    found: boto3.Session,
    packaged: package.Package,
    parameters: dict[str, str],
    *,
    yes: bool,
    bucket: str | None,
) -> dict[str, str]:
    sts = found.client("sts", config=TIMEOUTS)
    account = sts.get_caller_identity()["Account"]
    line(f"  account {account}, region {found.region_name}, stage {packaged.stage}")
    deployer = Deployer(found, endpoint_url=None, config=TIMEOUTS)
    values = {**parameters, "Stage": packaged.stage}
    if not deployer.is_there(f"expunge-{packaged.stage}"):
        values = _taken_up(found, deployer, packaged, values, yes=yes)
    outputs = deployer.deploy(
        stack=f"expunge-{packaged.stage}",
        package=packaged,
        template=packaged.template(),
        parameters=values,
        bucket=bucket or f"expunge-artifacts-{account}-{found.region_name}",
        approve=lambda changes: agreed(changes, yes=yes),
    )
    for name, value in sorted(outputs.items()):
        line(f"  {name}: {value}")
    return outputs


def _taken_up(
    found: boto3.Session,
    deployer: Deployer,
    packaged: package.Package,
    values: dict[str, str],
    *,
    yes: bool,
) -> dict[str, str]:
    """The parameters, after what an earlier stack has left behind was taken over, where there is any."""
    left = leftovers.find(clients(found), packaged.stage)
    if not left:
        return values
    line("  without a stack, left by an earlier deployment; taken over as it is:")
    for each in left.lines():
        line(f"    {each}")
    key = {"CustomerKey": "true"} if left.key else {}
    approve: Approve = lambda changes: agreed(changes, yes=yes)  # noqa: E731
    leftovers.adopt(deployer, left, packaged.template(), {**values, **key}, approve)
    return {**key, **values}


def _given(text: str, template: dict[str, Any]) -> dict[str, str]:
    """The parameters in "Name=value Name=value". Raises Failure for what the template does not know."""
    known = {name for name in template["Parameters"] if name != "Stage"}
    pairs = [each.partition("=") for each in text.split()]
    for name, equals, _ in pairs:
        if name not in known or not equals:
            names = ", ".join(sorted(known))
            raise Failure(f"PARAMETERS={text}: must be Name=value, with names from {names}")
    return {name: value for name, _, value in pairs}
