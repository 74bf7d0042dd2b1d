"""Deploys a stage to the AWS account of the environment: package, upload, show the changes, apply them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import finding, kept, leftovers, package, secret_keys
from local.account import TIMEOUTS, agreed, clients, session, show
from local.change_sets import Approve, Change
from local.cloudformation import Deployed, Deployer
from local.failure import Failure
from local.say import line, step

_AS_IT_WAS = """  nothing to change: the stage is as it was deployed last
  What somebody has changed in AWS since was not looked at: make deploy STAGE={stage} REPAIR=1 sets it back"""
_AGAIN = "; then make deploy STAGE={stage} REPAIR=1, as what was taken over may differ from the template"
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
        values, taken = _taken_up(found, deployer, packaged, values, yes=yes)
    else:
        taken = _is_as_imported(deployer, stack, template)
        if repair or taken:
            _nothing_is_lost(found, deployer, stack)
        taken |= _taken_in(found, deployer, packaged, {**before, **values}, yes=yes, bucket=bucket)
    wanted = {**(before or {}), **values}.get("CustomerKey", "false")
    keys = secret_keys.Move(clients(found), stage, kept.secrets(template, stage), own=wanted == "true")
    first = [] if keys.own else keys.changes()

    def approve(changes: list[Change]) -> bool:
        if not agreed([*changes, *first], yes=yes):
            return False
        keys.move(first)  # before the stage's functions lose the use of its key
        return True

    done = _applied(
        taken,
        lambda: deployer.deploy(
            stack=stack,
            package=packaged,
            template=template,
            parameters=values,
            bucket=bucket,
            approve=approve,
            # CloudFormation takes what was imported for what the template said then, whatever it is in truth.
            repair=repair or taken,
        ),
        stage,
    )
    if not done.changed:
        line((_AS_IT_IS if repair or taken else _AS_IT_WAS).format(stage=stage))
    keys.settle(lambda changes: agreed(changes, yes=yes or done.changed))
    for name, value in sorted(done.outputs.items()):
        line(f"  {name}: {value}")
    return done.outputs


def _applied(taken: bool, deploy: Callable[[], Deployed], stage: str) -> Deployed:
    try:
        return deploy()
    except Failure as failure:
        if not taken:
            raise
        raise Failure(f"{failure}{_AGAIN.format(stage=stage)}") from failure


def _is_as_imported(deployer: Deployer, stack: str, template: dict[str, Any]) -> bool:
    """Has nothing compared the stack with what is there since an import? So it is too where it has only what
    is kept, as the deployment after the import may have failed.
    """
    bare = set(deployer.resources(stack)) <= {*kept.names(template), *kept.beside(template)}
    return bare or deployer.is_imported(stack)


def _nothing_is_lost(found: boto3.Session, deployer: Deployer, stack: str) -> None:
    """A repair would make a lost table anew, empty, and a key that signs or encrypts nothing of before."""
    stage, has = stack.removeprefix("expunge-"), deployer.resources(stack)
    if "Table" in has and not finding.table_is_there(clients(found), stack):
        raise Failure(
            f"table {stack} is gone, and a repair would make an empty one: restore it first with"
            f" make restore-table STAGE={stage}, see docs/OPERATIONS.md"
        )
    keys = {name: key for name, key in has.items() if name in ("Key", "EvidenceKey")}
    if why := finding.lost_key(clients(found), stage, keys):
        raise Failure(f"a repair would make another key: {why}")


def _taken_up(
    found: boto3.Session,
    deployer: Deployer,
    packaged: package.Package,
    values: dict[str, str],
    *,
    yes: bool,
) -> tuple[dict[str, str], bool]:
    """The parameters, after what an earlier stack has left behind was taken over; and was there any?"""
    template = packaged.template()
    left = finding.find(clients(found), packaged.stage)
    left.refuse(template, kept.names(template))
    if not left:
        return values, False
    line("  without a stack, left by an earlier deployment; taken over as it is:")
    for each in left.lines():
        line(f"    {each}")
    key = {"CustomerKey": "true"} if left.key else {}
    approve: Approve = lambda changes: agreed(changes, yes=yes)  # noqa: E731 -- named by its type
    leftovers.adopt(deployer, left, template, {**values, **key}, approve)
    return {**key, **values}, True


def _taken_in(
    found: boto3.Session,
    deployer: Deployer,
    packaged: package.Package,
    values: dict[str, str],
    *,
    yes: bool,
    bucket: str | None,
) -> bool:
    """Takes over what a deployment has left beside its stack; was there any? What is kept stays too where
    that deployment failed and was taken back, and then nothing else of its name can be made.
    """
    stack, template = f"expunge-{packaged.stage}", packaged.template()
    owned, holds = deployer.resources(stack), kept.Conditions(template, values)
    wanted = [n for n in kept.names(template) if n not in owned and kept.applies(template, n, holds)]
    if not wanted:
        return False
    left = finding.find(clients(found), packaged.stage)
    left.refuse(template, wanted)
    here = {name: each for name, each in leftovers.there(left, template).items() if name in wanted}
    if not here:
        return False
    _nothing_is_lost(found, deployer, stack)
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
    return True
