"""Puts a backup in the place of a stage's table, under the same name, and leaves the stage paused.

DynamoDB restores to a new table only, and the stage's table is known by its name. So the stage is stopped,
the present table is kept as a backup and deleted, and the backup is restored under its name; time to live,
recovery and protection, which no restore brings along, are set again. The table is marked before the stage is
started: it sends nothing to Zoho until somebody has looked and released it. docs/OPERATIONS.md has the rest.

It may be interrupted at any point: the same command goes on where it was.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.dynamodb import items
from local import account, finding, halt
from local.failure import Failure
from local.say import line, step
from local.settings import STAGE, Settings

#: The epoch of a table that nobody has released: no stage has it, so every stage is paused on it.
NOT_RELEASED = -1
_LOOK: Any = {"Delay": 5, "MaxAttempts": 17_280}  # seconds between two looks, for a day at most
_NEXT = """  restored; the stage takes requests and sends nothing to Zoho:
    expunge recover pending{option}     # what it would do, or do again
    expunge cancel ID{option}           # what must not run
    expunge recover release{option}     # then let it work"""


def restore(settings: Settings, stage: str, *, at: str, backup: str, confirmed: str) -> None:
    """Says where, and restores the table of `stage`; see Restore.run. Raises Failure."""
    client = account.of_stage(stage, settings)
    try:
        account.show(client, stage)
        Restore(client, stage).run(at=at, backup=backup, confirmed=confirmed)
    except (BotoCoreError, ClientError) as error:
        raise Failure(f"restoring the table of {stage}: {error}") from error


class Restore:
    """One restore of the table of `stage`. `wait` gets seconds; `confirmed`: the stage's name, as typed."""

    def __init__(
        self, client: Callable[[str], Any], stage: str, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._client, self._stage, self._wait = client, stage, wait
        self._table, self._db = f"expunge-{stage}", client("dynamodb")

    def run(self, *, at: str, backup: str, confirmed: str) -> None:
        """Restores to the moment `at` (ISO 8601, the last 35 days) or the on-demand backup of ARN `backup`.

        Raises Failure where neither is given, with what there is; where it cannot be had; or where nobody
        has confirmed it.
        """
        if bool(at) == bool(backup):
            raise Failure(f"give one of AT= and BACKUP=; {self._what_there_is()}")
        moment = _moment(at) if at else None
        if backup:
            self._check(backup)
        line(f" ! Replace  table {self._table} by " + (f"what it was at {at}" if at else backup))
        _confirm(self._stage, confirmed)
        aside = f"{self._table}-at-{moment:%Y%m%d%H%M%S}" if moment else ""
        if moment:
            with step(f"restore aside, as {aside}"):
                backup = self._aside(aside, moment)
        stage = halt.find(self._client, self._stage)
        try:
            with step("stop the stage, and wait for what runs"):
                stage.stop(self._wait)
            if not self._is_in_place(backup):
                self._replace(backup)
            with step("mark it as not released; time to live, recovery, protection"):
                self._settle()
            with step("start the stage"):
                stage.start(self._wait)
        except BaseException:
            line(f" ! the stage {self._stage} is stopped: the same command goes on where it was")
            raise
        if aside and finding.table_is_there(self._client, aside):
            self._db.delete_table(TableName=aside)
        option = "" if self._stage == STAGE else f" --stage {self._stage}"
        if not stage.functions:
            line(f"  there is no stack yet that owns it: make deploy STAGE={self._stage} takes it over")
        line(_NEXT.format(option=option))

    def _what_there_is(self) -> str:
        """The times and backups that can be restored, for people."""
        found = []
        if finding.table_is_there(self._client, self._table):
            described = self._db.describe_continuous_backups(TableName=self._table)
            times = described["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
            if times.get("EarliestRestorableDateTime"):
                first, last = times["EarliestRestorableDateTime"], times["LatestRestorableDateTime"]
                found.append(f"AT from {_iso(first)} to {_iso(last)}")
        listed = self._db.list_backups(TableName=self._table, BackupType="ALL")["BackupSummaries"]
        found += [
            f"BACKUP={each['BackupArn']} of {_iso(each['BackupCreationDateTime'])}"
            for each in sorted(listed, key=lambda each: each["BackupCreationDateTime"], reverse=True)
        ]
        return "there is:\n    " + "\n    ".join(found or [f"nothing to restore {self._table} from"])

    def _check(self, backup: str) -> None:
        try:
            found = self._db.describe_backup(BackupArn=backup)["BackupDescription"]
        except ClientError as error:
            raise Failure(f"BACKUP={backup}: {error.response['Error'].get('Message')}") from error
        of, status = found["SourceTableDetails"]["TableName"], found["BackupDetails"]["BackupStatus"]
        # Its own or one that was restored aside, and none of a stage whose name begins with this one's.
        if not re.fullmatch(f"{self._table}(-at-[0-9]{{14}})?", of):
            raise Failure(f"BACKUP={backup}: is of table {of}, not of {self._table}")
        if status != "AVAILABLE":
            raise Failure(f"BACKUP={backup}: is {status}; try again once it is AVAILABLE")

    def _aside(self, aside: str, moment: datetime) -> str:
        """A backup of the table as it was at `moment`. The stage works on meanwhile."""
        listed = self._db.list_backups(TableName=aside)["BackupSummaries"]
        if listed:
            return str(listed[0]["BackupArn"])
        if not finding.table_is_there(self._client, aside):
            try:
                self._db.restore_table_to_point_in_time(
                    SourceTableName=self._table, TargetTableName=aside, RestoreDateTime=moment
                )
            except ClientError as error:
                raise Failure(f"{error.response['Error'].get('Message')}; {self._what_there_is()}") from error
        self._db.get_waiter("table_exists").wait(TableName=aside, WaiterConfig=_LOOK)
        return self._kept(aside, aside)

    def _kept(self, table: str, name: str) -> str:
        """The ARN of a new backup of the table, once it is good."""
        arn = str(self._db.create_backup(TableName=table, BackupName=name)["BackupDetails"]["BackupArn"])
        while self._state(arn) != "AVAILABLE":
            self._wait(2.0)
        return arn

    def _state(self, arn: str) -> str:
        found = self._db.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]
        return str(found["BackupStatus"])

    def _is_in_place(self, backup: str) -> bool:
        """Was the table made of this backup by an earlier run, and has nobody worked on it since?"""
        if not finding.table_is_there(self._client, self._table):
            return False
        summary = self._db.describe_table(TableName=self._table)["Table"].get("RestoreSummary", {})
        if summary.get("SourceBackupArn") != backup:
            return False
        self._db.get_waiter("table_exists").wait(TableName=self._table, WaiterConfig=_LOOK)
        released = float(self._pause().get("released_at", {}).get("N", "0"))
        return bool(released < summary["RestoreDateTime"].timestamp())

    def _pause(self) -> dict[str, Any]:
        key: Any = items.org_key("*", "PAUSE")
        found = self._db.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        item: dict[str, Any] = found.get("Item", {})
        return item

    def _replace(self, backup: str) -> None:
        if finding.table_is_there(self._client, self._table):
            with step("keep the present table as a backup"):
                kept = self._kept(self._table, f"{self._table}-before-{int(time.time())}")
            line(f"    BACKUP={kept} is the table as it is now")
            with step("delete the present table"):
                self._db.update_table(TableName=self._table, DeletionProtectionEnabled=False)
                self._db.get_waiter("table_exists").wait(TableName=self._table, WaiterConfig=_LOOK)
                self._db.delete_table(TableName=self._table)
                self._db.get_waiter("table_not_exists").wait(TableName=self._table, WaiterConfig=_LOOK)
        with step("restore the backup in its place"):
            self._db.restore_table_from_backup(TargetTableName=self._table, BackupArn=backup)
            self._db.get_waiter("table_exists").wait(TableName=self._table, WaiterConfig=_LOOK)

    def _settle(self) -> None:
        """What no restore brings along; the mark comes first, as nothing must run without it."""
        key: Any = items.org_key("*", "PAUSE")
        self._db.update_item(
            TableName=self._table,
            Key=key,
            UpdateExpression="SET epoch = :epoch",
            ExpressionAttributeValues={":epoch": items.number(NOT_RELEASED)},
        )
        life = self._db.describe_time_to_live(TableName=self._table)["TimeToLiveDescription"]
        if life.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
            self._db.update_time_to_live(
                TableName=self._table,
                TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True},
            )
        self._recovery()
        if self._stage != STAGE:
            self._db.update_table(TableName=self._table, DeletionProtectionEnabled=True)

    def _recovery(self) -> None:
        """Point-in-time recovery; a new table is not ready for it at once."""
        while True:
            try:
                self._db.update_continuous_backups(
                    TableName=self._table,
                    PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
                )
                return
            except ClientError as error:
                if error.response["Error"]["Code"] != "ContinuousBackupsUnavailableException":
                    raise
                self._wait(5.0)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Failure(f"AT={text}: must look like 2026-11-29T14:00:00Z") from error
    if found.tzinfo is None:
        raise Failure(f"AT={text}: has no zone; must look like 2026-11-29T14:00:00Z")
    return found.astimezone(UTC)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _confirm(stage: str, confirmed: str) -> None:
    if not confirmed and sys.stdin.isatty():
        confirmed = input(f"the stage stops meanwhile. Type its name to restore its table [{stage}]: ")
    if confirmed.strip() != stage:
        raise Failure(f"nothing was done: CONFIRM={stage}, or {stage} typed at a terminal, allows it")
