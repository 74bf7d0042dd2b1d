"""The account and its clock, the CloudFormation stack, the table."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError

from cli.checks.check import ABSENT, CheckContext, CheckResult, Fault, code_of

#: A clock that differs by more than this many seconds is worth a word; at 300 signatures fail.
SKEW = 30.0
_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE")


def account(context: CheckContext) -> CheckResult:
    """Whose credentials these are, and whether this machine's clock is AWS's."""
    who = context.client("sts").get_caller_identity()
    region = context.client("sts").meta.region_name
    result = CheckResult(f"{who['Account']}, {region}, {who['Arn'].rpartition('/')[2]}")
    skew(result, context, who["ResponseMetadata"]["HTTPHeaders"].get("date"), "AWS")
    return result


def skew(result: CheckResult, context: CheckContext, date: str | None, whose: str) -> None:
    """Add a fault where a Date header and this machine's clock differ."""
    try:
        off = context.now - parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return
    if abs(off) > SKEW:
        way = "ahead of" if off > 0 else "behind"
        result.fault(
            f"this machine's clock is {abs(off):.0f} s {way} {whose}'s: at 300 s signatures made here fail",
            "set the clock: timedatectl set-ntp true, or look at the machine's time service",
        )


def stack(context: CheckContext) -> CheckResult:
    """The CloudFormation stack."""
    name = context.part()
    try:
        found = context.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as problem:
        if "does not exist" not in str(problem):
            raise
        result = CheckResult("not there")
        result.fault(f"there is no stack {name} in this account and region", context.deploy)
        return result
    status = found["StackStatus"]
    result = CheckResult(f"{name} {status}")
    if status.endswith("_IN_PROGRESS"):
        result.fault(
            f"stack {name} is being changed ({status})", "wait for the deployment to end, look again"
        )
    elif status == "UPDATE_ROLLBACK_COMPLETE":
        words = "the last deployment failed and was taken back: the stage works as it did before"
        result.notes.append(
            Fault(words, context.aws(f"cloudformation describe-stack-events --stack-name {name}"))
        )
    elif status not in _GOOD:
        result.fault(
            f"stack {name} is {status}",
            context.aws(f"cloudformation describe-stack-events --stack-name {name}"),
        )
    return result


def table(context: CheckContext) -> CheckResult:
    """The table, its two indexes, recovery, time to live and protection."""
    client, name = context.client("dynamodb"), context.part()
    try:
        found = client.describe_table(TableName=name)["Table"]
    except ClientError as problem:
        if code_of(problem) not in ABSENT:
            raise
        result = CheckResult("not there")
        mend = context.deploy if context.local else f"make restore-table STAGE={context.target.stage}"
        result.fault(f"there is no table {name}", mend)
        return result
    result = CheckResult(f"{name} {found['TableStatus']}")
    if found["TableStatus"] not in ("ACTIVE", "UPDATING"):
        result.fault(f"table {name} is {found['TableStatus']}", "wait until it is ACTIVE, look again")
    _indexes(context, result, found)
    _kept(context, result, client, name)
    return result


def _indexes(context: CheckContext, result: CheckResult, found: dict[str, Any]) -> None:
    states = {each["IndexName"]: each.get("IndexStatus") for each in found.get("GlobalSecondaryIndexes", [])}
    for index, use in (("due", "nothing that is due is found"), ("day", "lists of deletions fail")):
        if index not in states:
            result.fault(f"table {context.part()} has no index {index}: {use}", context.repair)
        elif states[index] not in ("ACTIVE", None):
            result.fault(f"index {index} is {states[index]}: {use}", "wait until it is ACTIVE, look again")


def _kept(context: CheckContext, result: CheckResult, client: Any, name: str) -> None:
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    if recovery != "ENABLED":
        words = f"dynamodb update-continuous-backups --table-name {name}"
        on = " --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
        result.fault(f"table {name} has no point-in-time recovery", context.aws(words + on))
    life = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if (
        life.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING")
        or life.get("AttributeName") != "expires_at"
    ):
        words = f"dynamodb update-time-to-live --table-name {name}"
        on = ' --time-to-live-specification "Enabled=true,AttributeName=expires_at"'
        result.fault(f"table {name} keeps what has expired (no time to live)", context.aws(words + on))
