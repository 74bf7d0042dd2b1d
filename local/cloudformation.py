"""Deploys a packaged template: upload, change set, look, apply. The same on AWS and on the local AWS."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from local.failure import Failure
from local.package import Package

POLL: Any = {
    "Delay": 1,
    "MaxAttempts": 1800,
}  # seconds between two looks, and how many


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a change set: what happens ("Add", "Modify", "Remove") to which resource."""

    action: str
    resource: str
    kind: str
    replacement: str


class Deployer:
    """Deploys to one account and region, or to the local AWS where `endpoint_url` is given."""

    def __init__(self, session: boto3.Session, *, endpoint_url: str | None, config: Config) -> None:
        self._cfn = session.client("cloudformation", endpoint_url=endpoint_url, config=config)
        self._s3 = session.client("s3", endpoint_url=endpoint_url, config=config)
        self._region = session.region_name
        self._host = endpoint_url

    def deploy(
        self,
        *,
        stack: str,
        package: Package,
        template: dict[str, Any],
        parameters: Mapping[str, str],
        bucket: str,
        approve: Callable[[list[Change]], bool],
    ) -> dict[str, str]:
        """Applies `template` to `stack` if `approve` says so about its changes; returns the stack's outputs.

        An unchanged stack is left alone and its outputs are returned. Raises Failure where the deployment
        fails (with CloudFormation's own reason) or is not approved.
        """
        url = self._upload(bucket, package, template)
        name = f"expunge-{int(time.time() * 1000)}"
        known = template.get("Parameters", {})
        kind = self._begin(stack, name, url, parameters, known)
        if self._prepared(stack, name):
            self._ask(stack, name, approve)
            self._cfn.execute_change_set(StackName=stack, ChangeSetName=name)
            self._finish(stack, "stack_create_complete" if kind == "CREATE" else "stack_update_complete")
        return self.outputs(stack)

    def _ask(self, stack: str, name: str, approve: Callable[[list[Change]], bool]) -> None:
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

    def ensure_bucket(self, bucket: str) -> None:
        """Makes the private bucket for packages where it is not there yet."""
        try:
            self._s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise Failure(f"artifacts bucket {bucket}: {error}") from error
            self._make_bucket(bucket)

    def _make_bucket(self, bucket: str) -> None:
        if self._region == "us-east-1":  # the one region that must not be named here
            self._s3.create_bucket(Bucket=bucket)
        else:
            where: Any = {"LocationConstraint": self._region}
            self._s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        self._s3.put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )

    def _upload(self, bucket: str, package: Package, template: dict[str, Any]) -> str:
        """Uploads zip and template under names that say what is in them; returns the template's address."""
        code = package.zip_file.read_bytes()
        code_key = f"{package.stage}/{hashlib.sha256(code).hexdigest()[:32]}.zip"
        self._s3.put_object(Bucket=bucket, Key=code_key, Body=code)
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": code_key}
        text = json.dumps(template, separators=(",", ":"), sort_keys=True).encode()
        key = f"{package.stage}/{hashlib.sha256(text).hexdigest()[:32]}.json"
        self._s3.put_object(Bucket=bucket, Key=key, Body=text)
        host = self._host or f"https://s3.{self._region}.amazonaws.com"
        return f"{host}/{bucket}/{key}"

    def _begin(
        self, stack: str, name: str, url: str, parameters: Mapping[str, str], known: Container[str]
    ) -> str:
        """Makes the change set. A parameter given to an earlier deployment and not now stays as it was."""
        before = self._deployed(stack)
        kind = "CREATE" if before is None else "UPDATE"
        kept = [name for name in before or () if name in known and name not in parameters]
        values: Any = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        values += [{"ParameterKey": key, "UsePreviousValue": True} for key in kept]
        self._cfn.create_change_set(
            StackName=stack,
            ChangeSetName=name,
            ChangeSetType="UPDATE" if kind == "UPDATE" else "CREATE",
            TemplateURL=url,
            Parameters=values,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        return kind

    def _deployed(self, stack: str) -> list[str] | None:
        """The names of the parameters of the stack that is there; None where there is none to update.

        One whose creation never began counts as not there.
        """
        try:
            found = self._cfn.describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        if found["StackStatus"] == "REVIEW_IN_PROGRESS":
            return None
        return [each["ParameterKey"] for each in found.get("Parameters", [])]

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
