"""Deploys a packaged template: upload, change set, look, apply. The same on AWS and on the local AWS.

Nothing is changed but through a change set that somebody has seen, or has said not to want to see.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from local import sam
from local.artifacts import Artifacts
from local.failure import Failure
from local.package import Package

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


@dataclass(frozen=True, slots=True)
class Deployed:
    """The stack's `outputs` by name; `changed`: was there anything to change?"""

    outputs: dict[str, str]
    changed: bool


Approve = Callable[[list[Change]], bool]


class Deployer:
    """Deploys to one account and region, or to the local AWS where `endpoint_url` is given."""

    def __init__(self, session: boto3.Session, *, endpoint_url: str | None, config: Config) -> None:
        self._cfn = session.client("cloudformation", endpoint_url=endpoint_url, config=config)
        self._artifacts = Artifacts(session, endpoint_url=endpoint_url, config=config)

    def deploy(
        self,
        *,
        stack: str,
        package: Package,
        template: dict[str, Any],
        parameters: Mapping[str, str],
        bucket: str | None,
        approve: Approve,
        repair: bool = False,
    ) -> Deployed:
        """Applies `template` to `stack` if `approve` says so about its changes.

        `bucket`: where the package is uploaded; None: the account's own for packages, made when needed.
        `repair`: what somebody has changed by other means is set back too. Without it CloudFormation
        compares the template with the one deployed last, and not with what is there.
        An unchanged stack is left alone. Raises Failure where the deployment fails (with CloudFormation's
        own reason) or is not approved.
        """
        url = self._artifacts.upload(self._artifacts.ensured(bucket), package, template)
        what: dict[str, Any] = {"TemplateURL": url, "Parameters": self._values(stack, parameters, template)}
        kind = "UPDATE" if self.is_there(stack) else "CREATE"
        if repair and kind == "UPDATE":
            what["DeploymentMode"] = "REVERT_DRIFT"
        changed = self._apply(stack, kind, approve, **what)
        return Deployed(self.outputs(stack), changed)

    def update(self, stack: str, template: dict[str, Any], approve: Approve) -> None:
        """Applies a small template to a stack that is there, with its parameters as they are. Raises as
        `deploy`.
        """
        values = self._values(stack, {}, template)
        self._apply(stack, "UPDATE", approve, TemplateBody=sam.text(template), Parameters=values)

    def adopt(
        self,
        stack: str,
        template: dict[str, Any],
        parameters: Mapping[str, str],
        resources: list[dict[str, Any]],
        approve: Approve,
    ) -> None:
        """Makes a stack of resources that are there already: exactly those of the small `template`.

        `resources`: as CloudFormation's ResourcesToImport. Raises as `deploy`.
        """
        known = {name: value for name, value in parameters.items() if name in template["Parameters"]}
        values = self._values(stack, known, template)
        body = sam.text(template)
        self._apply(
            stack, "IMPORT", approve, TemplateBody=body, Parameters=values, ResourcesToImport=resources
        )

    def _apply(self, stack: str, kind: str, approve: Approve, **what: Any) -> bool:
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
        self._finish(stack, f"stack_{kind.lower()}_complete")
        return True

    def delete(self, stack: str) -> None:
        """Deletes the stack; what its template says to keep stays. Raises Failure where that fails."""
        self._cfn.delete_stack(StackName=stack)
        self._finish(stack, "stack_delete_complete")

    def template(self, stack: str) -> dict[str, Any]:
        """The template that the stack was deployed with, as it was uploaded."""
        found: Any = self._cfn.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
        parsed: dict[str, Any] = (
            json.loads(found) if isinstance(found, str) else json.loads(json.dumps(found))
        )
        return parsed

    def resources(self, stack: str) -> list[str]:
        """The logical ids of what the stack has."""
        pages = self._cfn.get_paginator("list_stack_resources").paginate(StackName=stack)
        found = [each for page in pages for each in page["StackResourceSummaries"]]
        return [e["LogicalResourceId"] for e in found if not e["ResourceStatus"].startswith("DELETE")]

    def is_there(self, stack: str) -> bool:
        """Is there such a stack? One whose creation never began is none."""
        return self.parameters(stack) is not None

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

    def outputs(self, stack: str) -> dict[str, str]:
        """The stack's outputs by name."""
        described = self._cfn.describe_stacks(StackName=stack)["Stacks"][0]
        return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}

    def _values(self, stack: str, parameters: Mapping[str, str], template: dict[str, Any]) -> Any:
        """Parameters for a change set. One given to an earlier deployment and not now stays as it was."""
        before, known = self.parameters(stack) or {}, template.get("Parameters", {})
        values: Any = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        kept = [name for name in before if name in known and name not in parameters]
        return values + [{"ParameterKey": key, "UsePreviousValue": True} for key in kept]

    def parameters(self, stack: str) -> dict[str, str] | None:
        """The parameters that the stack was deployed with; None where there is no stack to update.

        One whose creation never began counts as not there. Raises Failure for one that can only be deleted.
        """
        try:
            found = self._cfn.describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        if found["StackStatus"] == "REVIEW_IN_PROGRESS":
            return None
        if found["StackStatus"] == "ROLLBACK_COMPLETE":
            raise Failure(
                f"{stack}: its first deployment failed and was rolled back; such a stack can only be deleted:"
                f" aws cloudformation delete-stack --stack-name {stack}, then deploy again"
            )
        return {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}

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

    def _finish(self, stack: str, waiter: str) -> None:
        try:
            self._cfn.get_waiter(waiter).wait(StackName=stack, WaiterConfig=POLL)  # type: ignore[call-overload]
        except WaiterError as error:
            raise Failure(f"deploying {stack}: {self._why(stack)}") from error

    def _why(self, stack: str) -> str:
        """The first thing that failed, in CloudFormation's words."""
        events = self._cfn.describe_stack_events(StackName=stack)["StackEvents"]
        failed = [e for e in events if e.get("ResourceStatus", "").endswith("_FAILED")]
        if not failed:
            return "failed, and CloudFormation gives no reason"
        first = failed[-1]
        return f"{first.get('LogicalResourceId')}: {first.get('ResourceStatusReason', 'no reason given')}"
