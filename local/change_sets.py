"""Change sets: what CloudFormation would change, shown, and applied where somebody says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import WaiterError

from local.failure import Failure

POLL: Any = {
    "Delay": 1,
    "MaxAttempts": 1800,
}  # seconds between two looks, and how many


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a change set: what happens ("Add", "Modify", "Remove") to which resource.

    "SyncWithActual", of a repair: only CloudFormation's own record of the resource changes.
    """

    action: str
    resource: str
    kind: str
    replacement: str


Approve = Callable[[list[Change]], bool]


class ChangeSets:
    """Those of one account and region. `cfn`: boto3's client of CloudFormation."""

    def __init__(self, cfn: Any) -> None:
        self._cfn = cfn

    def apply(self, stack: str, kind: str, approve: Approve, **what: Any) -> bool:
        """Makes a change set of the kind (CREATE, UPDATE, IMPORT), and applies it once `approve` says so.

        False where there is nothing to change. Raises Failure where it fails or is not approved.
        """
        name = f"expunge-{int(time.time() * 1000)}"
        create: Any = self._cfn.create_change_set
        create(
            StackName=stack,
            ChangeSetName=name,
            ChangeSetType=kind,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            **what,
        )
        if not self._prepared(stack, name):
            return False
        self._ask(stack, name, approve)
        self._cfn.execute_change_set(StackName=stack, ChangeSetName=name)
        self.finish(stack, f"stack_{kind.lower()}_complete")
        return True

    def _ask(self, stack: str, name: str, approve: Approve) -> None:
        """Leaves no change set behind where the answer is no, or where there was none."""
        approved = False
        try:
            approved = approve(self._changes(stack, name))
        finally:
            if not approved:
                self._cfn.delete_change_set(StackName=stack, ChangeSetName=name)
        if not approved:
            raise Failure(f"deploying {stack}: not applied")

    def _prepared(self, stack: str, name: str) -> bool:
        """Waits for the change set. False where there is nothing to change."""
        try:
            self._cfn.get_waiter("change_set_create_complete").wait(
                StackName=stack, ChangeSetName=name, WaiterConfig=POLL
            )
        except WaiterError as error:
            found = self._cfn.describe_change_set(StackName=stack, ChangeSetName=name)
            reason = found.get("StatusReason", str(error))
            self._cfn.delete_change_set(StackName=stack, ChangeSetName=name)
            if "didn't contain changes" in reason or "No updates" in reason:
                return False
            raise Failure(f"deploying {stack}: {reason}") from error
        found = self._cfn.describe_change_set(StackName=stack, ChangeSetName=name)
        if found["ExecutionStatus"] != "AVAILABLE":
            self._cfn.delete_change_set(StackName=stack, ChangeSetName=name)
            raise Failure(f"deploying {stack}: {found.get('StatusReason', 'cannot be applied')}")
        return True

    def _changes(self, stack: str, name: str) -> list[Change]:
        found: list[Change] = []
        pages = self._cfn.get_paginator("describe_change_set").paginate(StackName=stack, ChangeSetName=name)
        for page in pages:
            for each in page.get("Changes", []):
                change: Any = each["ResourceChange"]
                found.append(
                    Change(
                        change["Action"],
                        change["LogicalResourceId"],
                        change["ResourceType"],
                        change.get("Replacement", ""),
                    )
                )
        return found

    def finish(self, stack: str, waiter: str) -> None:
        """Waits for what was begun. Raises Failure with CloudFormation's reason where it fails."""
        try:
            self._cfn.get_waiter(waiter).wait(StackName=stack, WaiterConfig=POLL)
        except WaiterError as error:
            raise Failure(f"deploying {stack}: {self._why(stack)}") from error

    def _why(self, stack: str) -> str:
        """The first thing that failed in the newest operation on the stack, in CloudFormation's words."""
        first: dict[str, Any] = {}
        pages = self._cfn.get_paginator("describe_stack_events").paginate(StackName=stack)
        for event in (each for page in pages for each in page["StackEvents"]):  # the newest comes first
            if event.get("ResourceStatus", "").endswith("_FAILED"):
                first = event
            if event.get("PhysicalResourceId") == event.get("StackId") and _begins(event):
                break
        if not first:
            return "failed, and CloudFormation gives no reason"
        return f"{first.get('LogicalResourceId')}: {first.get('ResourceStatusReason', 'no reason given')}"


def _begins(event: dict[str, Any]) -> bool:
    """Is it a stack's own event with which an operation begins? Taking it back is none of its own."""
    status = str(event.get("ResourceStatus", ""))
    return status.endswith("_IN_PROGRESS") and "ROLLBACK" not in status and "CLEANUP" not in status
