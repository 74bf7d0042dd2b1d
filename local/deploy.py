"""Deploys a stage to the AWS account of the environment: package, upload, show the changes, apply them."""

from __future__ import annotations

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import kept, leftovers, package, secret_keys
from local.account import TIMEOUTS, agreed, clients, session, show
from local.cloudformation import Approve, Change, Deployer
from local.failure import Failure
from local.say import line, step

_AS_IT_WAS = """  nothing to change: the stage is as it was deployed last
  What somebody has changed in AWS since was not looked at: make deploy STAGE={stage} REPAIR=1 sets it back"""
_AS_IT_IS = "  nothing to change: the stage is as its template says, and so is what it has in AWS"


def to_aws(
    stage: str, *, yes: bool, bucket: str | None = None, parameters: str = "", repair: bool = False
) -> dict[str, str]:
    """Packages and deploys `stage`; returns the stack's outputs.

    Keys, region and endpoint are those boto3 finds. `bucket` holds the packages; the default is the account's
    own, made when needed. `parameters`: of the template, as "CustomerKey=true AccessLogs=true"; one that
    is not named stays as it was deployed. `repair` also sets back what somebody has changed by other means.
    Without `yes` somebody at a terminal must agree to the changes.
    Raises Failure where anything of it does not work or is not agreed to.
    """
    found = session()
    try:
        show(clients(found), stage)
        with step(f"package for {stage}"):
            packaged = package.build(stage)
        for note in packaged.notes:
            line(f"  {note}")
        given = package.given(parameters, packaged.template())
        return _deploy(found, packaged, given, yes=yes, bucket=bucket, repair=repair)
    except (BotoCoreError, ClientError) as error:
        raise Failure(f"deploying {stage}: {error}") from error


def _deploy(
    found: boto3.Session,
    packaged: package.Package,
    parameters: dict[str, str],
    *,
    yes: bool,
    bucket: str | None,
    repair: bool,
) -> dict[str, str]:
    stage, stack, template = packaged.stage, f"expunge-{packaged.stage}", packaged.template()
    deployer = Deployer(found, endpoint_url=None, config=TIMEOUTS)
    values = {**parameters, "Stage": stage}
    before = deployer.parameters(stack)
    if before is None:
        values = _taken_up(found, deployer, packaged, values, yes=yes)
    elif repair:
        _data_are_there(found, deployer, stack)
    wanted = {**(before or {}), **values}.get("CustomerKey", "false")
    keys = secret_keys.Move(clients(found), stage, kept.secrets(template, stage), own=wanted == "true")
    first = [] if keys.own else keys.changes()

    def approve(changes: list[Change]) -> bool:
        if not agreed([*changes, *first], yes=yes):
            return False
        keys.move(first)  # before the stage's functions lose the use of its key
        return True

    done = deployer.deploy(
        stack=stack,
        package=packaged,
        template=template,
        parameters=values,
        bucket=bucket,
        approve=approve,
        repair=repair,
    )
    if not done.changed:
        line((_AS_IT_IS if repair else _AS_IT_WAS).format(stage=stage))
    keys.settle(lambda changes: agreed(changes, yes=yes or done.changed))
    for name, value in sorted(done.outputs.items()):
        line(f"  {name}: {value}")
    return done.outputs


def _data_are_there(found: boto3.Session, deployer: Deployer, stack: str) -> None:
    """A repair would make a lost table anew, empty; it has to be restored instead."""
    if "Table" in deployer.resources(stack) and not leftovers.table_is_there(clients(found), stack):
        stage = stack.removeprefix("expunge-")
        raise Failure(
            f"table {stack} is gone, and a repair would make an empty one: restore it first with"
            f" make restore-table STAGE={stage}, see docs/OPERATIONS.md"
        )


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
