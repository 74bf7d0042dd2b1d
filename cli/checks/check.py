"""What every check works with, and what it says: problems with their fixes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.dynamodb.policy_items import PolicyTable
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.errors import Unavailable
from cli import target_settings
from cli.target import Target

#: How AWS's services say that something is not there.
ABSENT = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue", "NotFound", "NotFoundException", "QueueDoesNotExist",
        "ResourceNotFoundException", "TableNotFoundException",
    }
)  # fmt: skip
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and how to fix it: a command, or where to click."""

    what: str
    mend: str


@dataclass
class CheckResult:
    """What a check saw: a few words, the faults, and remarks that are no faults."""

    detail: str = ""
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)

    def fault(self, what: str, mend: str) -> None:
        """Add a fault."""
        self.faults.append(Fault(what, mend))


@dataclass
class CheckContext:
    """One stage as the checks see it. `now`: this machine's clock, in seconds since the epoch.

    `ask_zoho`: False keeps the checks away from Zoho.
    """

    target: Target
    now: float
    ask_zoho: bool = True

    @property
    def local(self) -> bool:
        """Is it the stack on this machine?"""
        return self.target.stage == LOCAL

    @property
    def deploy(self) -> str:
        """What makes a stage that is not there."""
        return "make down, then make up" if self.local else f"make deploy STAGE={self.target.stage}"

    @property
    def repair(self) -> str:
        """What brings back a part that was removed or changed by hand; a plain deployment does not see it."""
        return self.deploy if self.local else f"{self.deploy} REPAIR=1"

    @property
    def option(self) -> str:
        """The option that names the stage to our own commands."""
        return "" if self.local else f" --stage {self.target.stage}"

    def aws(self, words: str) -> str:
        """A command of the AWS command line for this stage's account, region and endpoint."""
        meta = self.client("sqs").meta
        where = f" --endpoint-url {meta.endpoint_url}" if self.local else ""
        return f"aws {words} --region {meta.region_name}{where}"

    def part(self, name: str = "") -> str:
        """The name of a part of the stage."""
        return target_settings.part(self.target, name)

    def client(self, service: str) -> Any:
        """A boto3 client, made once."""
        if service not in self._clients:
            self._clients[service] = self.target.client(service)
        return self._clients[service]

    def setting(self, function: str, name: str, default: str = "") -> str:
        """A setting of the stage, as one of its functions has it."""
        if function not in self._settings:
            self._settings[function] = target_settings.settings(self.target, function)
        return self._settings[function].get(name, default)

    @property
    def evidence(self) -> bool:
        """Does the stage write receipts? One whose workers are not there does not."""
        try:
            return self.setting("work", "EXPUNGE_EVIDENCE") == "true"
        except ClientError as problem:
            if code_of(problem) in ABSENT:
                return False
            raise

    @property
    def scheduled(self) -> dict[str, str]:
        """The functions that a clock wakes, and what comes of it where it does not."""
        found = {"poll": "what lost its nudge is never found", "retention": "no policy runs by itself"}
        return {**found, "evidence": "no receipt is written"} if self.evidence else found

    def ledger(self) -> Table:
        """The stage's table, for reading."""
        shards = int(self.setting("poll", "EXPUNGE_DUE_SHARDS", "1"))
        epoch = int(self.setting("poll", "EXPUNGE_EPOCH", "0"))
        return Table(self.part(), lambda: self.client("dynamodb"), shards=shards, epoch=epoch)

    def policies(self) -> PolicyTable:
        """The stage's policies, for reading."""
        return PolicyTable(self.part(), lambda: self.client("dynamodb"))

    @cached_property
    def _clients(self) -> dict[str, Any]:
        return {}

    @cached_property
    def _settings(self) -> dict[str, dict[str, str]]:
        return {}


Check = Callable[[CheckContext], CheckResult]


def code_of(problem: ClientError) -> str:
    """AWS's error code."""
    return str(problem.response.get("Error", {}).get("Code", ""))


def run_check(check: Check, context: CheckContext) -> tuple[CheckResult, str]:
    """What the check saw; beside it why it could not look, empty where it could."""
    try:
        return check(context), ""
    except ClientError as problem:
        return CheckResult(), f"{problem.operation_name}: {code_of(problem)}"
    except Unavailable as problem:
        return CheckResult(), f"{problem.what}: {problem.reason}"
    except BotoCoreError as problem:
        return CheckResult(), type(problem).__name__
