"""Deploys a stage to the AWS account of the environment: package, upload, show the changes, apply them."""

from __future__ import annotations

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import kept, leftovers, package, secret_keys
from local.account import TIMEOUTS, agreed, clients, session, show
from local.change_sets import Approve, Change
from local.cloudformation import Deployer
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
    else:
        if repair:
            _data_are_there(found, deployer, stack)
        _taken_in(found, deployer, packaged, {**before, **values}, yes=yes, bucket=bucket)
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


def _taken_in(
    found: boto3.Session,
    deployer: Deployer,
    packaged: package.Package,
    values: dict[str, str],
    *,
    yes: bool,
    bucket: str | None,
) -> None:
    """Takes over what a deployment has left beside its stack: what is kept stays too where that deployment
    failed and was taken back, and then nothing else of its name can be made.
    """
    stack, template = f"expunge-{packaged.stage}", packaged.template()
    owned, holds = deployer.resources(stack), kept.Conditions(template, values)
    wanted = [n for n in kept.names(template) if n not in owned and kept.applies(template, n, holds)]
    if not wanted:
        return
    left = leftovers.find(clients(found), packaged.stage)
    here = {name: each for name, each in leftovers.there(left, template).items() if name in wanted}
    if not here:
        return
    line(f"  not part of the stack {stack}, left by an earlier deployment; taken over as it is:")
    for name, each in here.items():
        line(f"    {name} {each}")
    small, resources = leftovers.imported(left, template, values, here, owned)
    deployer.take_in(
        stack=stack,
        added=small["Resources"],
        resources=resources,
        bucket=bucket,
        approve=lambda changes: agreed(changes, yes=yes),
    )
