"""The account and its clock, the CloudFormation stack, the table."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError

from cli.checks.look import ABSENT, Fault, Look, Seen, code_of

#: A clock that differs by more than this many seconds is worth a word; at 300 signatures fail.
SKEW = 30.0
_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE")


def account(look: Look) -> Seen:
    """Whose credentials these are, and whether this machine's clock is AWS's."""
    who = look.client("sts").get_caller_identity()
    region = look.client("sts").meta.region_name
    seen = Seen(f"{who['Account']}, {region}, {who['Arn'].rpartition('/')[2]}")
    skew(seen, look, who["ResponseMetadata"]["HTTPHeaders"].get("date"), "AWS")
    return seen


def skew(seen: Seen, look: Look, date: str | None, whose: str) -> None:
    """Add a fault where a Date header and this machine's clock differ."""
    try:
        off = look.now - parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return
    if abs(off) > SKEW:
        way = "ahead of" if off > 0 else "behind"
        seen.fault(
            f"this machine's clock is {abs(off):.0f} s {way} {whose}'s: at 300 s signatures made here fail",
            "set the clock: timedatectl set-ntp true, or look at the machine's time service",
        )


def stack(look: Look) -> Seen:
    """The CloudFormation stack."""
    name = look.part()
    try:
        found = look.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as problem:
        if "does not exist" not in str(problem):
            raise
        seen = Seen("not there")
        seen.fault(f"there is no stack {name} in this account and region", look.deploy)
        return seen
    status = found["StackStatus"]
    seen = Seen(f"{name} {status}")
    if status.endswith("_IN_PROGRESS"):
        seen.fault(f"stack {name} is being changed ({status})", "wait for the deployment to end, look again")
    elif status == "UPDATE_ROLLBACK_COMPLETE":
        words = "the last deployment failed and was taken back: the stage works as it did before"
        seen.notes.append(Fault(words, look.aws(f"cloudformation describe-stack-events --stack-name {name}")))
    elif status not in _GOOD:
        seen.fault(
            f"stack {name} is {status}", look.aws(f"cloudformation describe-stack-events --stack-name {name}")
        )
    return seen


def table(look: Look) -> Seen:
    """The table, its two indexes, recovery, time to live and protection."""
    client, name = look.client("dynamodb"), look.part()
    try:
        found = client.describe_table(TableName=name)["Table"]
    except ClientError as problem:
        if code_of(problem) not in ABSENT:
            raise
        seen = Seen("not there")
        mend = look.deploy if look.local else f"make restore-table STAGE={look.place.stage}"
        seen.fault(f"there is no table {name}", mend)
        return seen
    seen = Seen(f"{name} {found['TableStatus']}")
    if found["TableStatus"] not in ("ACTIVE", "UPDATING"):
        seen.fault(f"table {name} is {found['TableStatus']}", "wait until it is ACTIVE, look again")
    _indexes(look, seen, found)
    _kept(look, seen, client, name)
    return seen


def _indexes(look: Look, seen: Seen, found: dict[str, Any]) -> None:
    states = {each["IndexName"]: each.get("IndexStatus") for each in found.get("GlobalSecondaryIndexes", [])}
    for index, use in (("due", "nothing that is due is found"), ("day", "lists of deletions fail")):
        if index not in states:
            seen.fault(f"table {look.part()} has no index {index}: {use}", look.repair)
        elif states[index] not in ("ACTIVE", None):
            seen.fault(f"index {index} is {states[index]}: {use}", "wait until it is ACTIVE, look again")


def _kept(look: Look, seen: Seen, client: Any, name: str) -> None:
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    if recovery != "ENABLED":
        words = f"dynamodb update-continuous-backups --table-name {name}"
        on = " --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
        seen.fault(f"table {name} has no point-in-time recovery", look.aws(words + on))
    life = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if (
        life.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING")
        or life.get("AttributeName") != "expires_at"
    ):
        words = f"dynamodb update-time-to-live --table-name {name}"
        on = ' --time-to-live-specification "Enabled=true,AttributeName=expires_at"'
        seen.fault(f"table {name} keeps what has expired (no time to live)", look.aws(words + on))
