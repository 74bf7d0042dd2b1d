"""Deploys a packaged template: upload, change set, look, apply. The same on AWS and on the local AWS.

Nothing is changed but through a change set that somebody has seen, or has said not to want to see.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local import kept, sam
from local.artifacts import Artifacts
from local.change_sets import Approve, ChangeSets
from local.failure import Failure
from local.package import Package

#: Why no change set can be made of a stack in this state, and what to do first.
_WAYS_OUT = {
    "ROLLBACK_COMPLETE": "its first deployment failed and was rolled back; such a stack can only be deleted:"
    " aws cloudformation delete-stack --stack-name {stack}, then deploy again",
    "UPDATE_ROLLBACK_FAILED": "a deployment failed, and taking it back did too:"
    " aws cloudformation continue-update-rollback --stack-name {stack}, then deploy again",
    "DELETE_FAILED": "it could not be deleted: aws cloudformation describe-stack-events --stack-name {stack}"
    " says why; then aws cloudformation delete-stack --stack-name {stack}, and deploy again",
}
_WAYS_OUT["CREATE_FAILED"] = _WAYS_OUT["ROLLBACK_FAILED"] = _WAYS_OUT["ROLLBACK_COMPLETE"]
_NONE = "REVIEW_IN_PROGRESS"  # a stack whose creation never began
_BUSY = "it is being changed ({status}): wait until that is over, then try again"


@dataclass(frozen=True, slots=True)
class Deployed:
    """The stack's `outputs` by name; `changed`: was there anything to change?"""

    outputs: dict[str, str]
    changed: bool


class Deployer:
    """Deploys to one account and region, or to the local AWS where `endpoint_url` is given."""

    def __init__(self, session: boto3.Session, *, endpoint_url: str | None, config: Config) -> None:
        self._cfn = session.client("cloudformation", endpoint_url=endpoint_url, config=config)
        self._change_sets = ChangeSets(self._cfn)
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
        kind = "CREATE" if self.parameters(stack) is None else "UPDATE"
        if repair and kind == "UPDATE":
            what["DeploymentMode"] = "REVERT_DRIFT"
        changed = self._change_sets.apply(stack, kind, approve, **what)
        return Deployed(self.outputs(stack), changed)

    def update(self, stack: str, template: dict[str, Any], approve: Approve) -> None:
        """Applies a small template to a stack that is there, with its parameters as they are. Raises as
        `deploy`.
        """
        values = self._values(stack, {}, template)
        self._change_sets.apply(stack, "UPDATE", approve, TemplateBody=sam.text(template), Parameters=values)

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
        self._change_sets.apply(
            stack, "IMPORT", approve, TemplateBody=body, Parameters=values, ResourcesToImport=resources
        )

    def take_in(
        self,
        *,
        stack: str,
        added: dict[str, Any],
        resources: list[dict[str, Any]],
        bucket: str | None,
        approve: Approve,
    ) -> None:
        """Makes resources that are there already, `added` by logical id, part of a stack that is there.

        An import has to name the whole stack as it is, without transforms: as CloudFormation has processed
        it. `bucket`, `resources`: as in `deploy` and `adopt`, and it raises as they do.
        """
        whole = self.template(stack, "Processed")
        whole["Resources"] = {**whole["Resources"], **added}
        known = whole["Resources"].keys() | whole.get("Parameters", {}).keys() | kept.PSEUDO_PARAMETERS
        if absent := sorted(kept.refers(added) - known):
            raise Failure(f"{', '.join(added)} cannot be taken over: {stack} has no {', '.join(absent)}")
        url = self._artifacts.keep(self._artifacts.ensured(bucket), stack.removeprefix("expunge-"), whole)
        values = self._values(stack, {}, whole)
        self._change_sets.apply(
            stack, "IMPORT", approve, TemplateURL=url, Parameters=values, ResourcesToImport=resources
        )

    def delete(self, stack: str) -> None:
        """Deletes the stack; what its template says to keep stays. Raises Failure where that fails."""
        self._cfn.delete_stack(StackName=stack)
        self._change_sets.finish(stack, "stack_delete_complete")

    def template(self, stack: str, kind: Literal["Original", "Processed"] = "Original") -> dict[str, Any]:
        """The template that the stack was deployed with, as it was uploaded or as transforms made it."""
        found: Any = self._cfn.get_template(StackName=stack, TemplateStage=kind)["TemplateBody"]
        parsed: dict[str, Any] = (
            json.loads(found) if isinstance(found, str) else json.loads(json.dumps(found))
        )
        return parsed

    def resources(self, stack: str) -> dict[str, str]:
        """What the stack has: identifiers by logical id."""
        pages = self._cfn.get_paginator("list_stack_resources").paginate(StackName=stack)
        found = [each for page in pages for each in page["StackResourceSummaries"]]
        return {
            e["LogicalResourceId"]: e.get("PhysicalResourceId", "")
            for e in found
            if not e["ResourceStatus"].startswith("DELETE")
        }

    def is_imported(self, stack: str) -> bool:
        """Was an import the last that became of the stack?"""
        found = self._described(stack)
        return found is not None and found["StackStatus"].startswith("IMPORT_")

    def is_there(self, stack: str) -> bool:
        """Is there such a stack, in whatever state? One whose creation never began is none."""
        found = self._described(stack)
        return found is not None and found["StackStatus"] != _NONE

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
        found = self._described(stack)
        if found is None or found["StackStatus"] == _NONE:
            return None
        status = str(found["StackStatus"])
        if way := _WAYS_OUT.get(status, _BUSY if status.endswith("_IN_PROGRESS") else ""):
            raise Failure(f"{stack}: {way.format(stack=stack, status=status)}")
        return {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}

    def _described(self, stack: str) -> dict[str, Any] | None:
        try:
            found: Any = self._cfn.describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        described: dict[str, Any] = found
        return described
