"""The functions' roles on the running stack: their keys, and what their policy says right now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.clients import TIMEOUTS
from local.running import RunningStack
from local.stack import STACK

LOGICAL = {
    "api": "ApiHandlerRole",
    "work": "WorkRole",
    "poll": "PollRole",
    "retention": "RetentionRole",
    "evidence": "WriteEvidenceRole",
}
ACCOUNT = "000000000000"


class Role:
    """One function's role."""

    def __init__(self, stack: RunningStack, function: str) -> None:
        self._stack = stack
        self._iam = stack.client("iam")
        found = stack.client("cloudformation").describe_stack_resource(
            StackName=STACK, LogicalResourceId=LOGICAL[function]
        )
        self.name: str = found["StackResourceDetail"]["PhysicalResourceId"]
        self.policy: str = self._iam.list_role_policies(RoleName=self.name)["PolicyNames"][0]

    def client(self, service: str) -> Any:
        """A client with the role's own keys, which the administrator is admitted to take for the moment."""
        trust = self._iam.get_role(RoleName=self.name)["Role"]["AssumeRolePolicyDocument"]
        admin = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        open_to_us = {"Effect": "Allow", "Principal": admin, "Action": "sts:AssumeRole"}
        self._trust({**trust, "Statement": [*trust["Statement"], open_to_us]})
        try:
            arn = f"arn:aws:iam::{ACCOUNT}:role/{self.name}"
            keys = self._stack.client("sts").assume_role(RoleArn=arn, RoleSessionName="tests")["Credentials"]
        finally:
            self._trust(trust)
        make: Any = self._stack.aws.session().client
        return make(
            service,
            endpoint_url=self._stack["endpoint_url"],
            config=TIMEOUTS,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    @contextmanager
    def without(self, action: str) -> Iterator[None]:
        """Takes one action away from the role's policy for the time being."""
        document = self._iam.get_role_policy(RoleName=self.name, PolicyName=self.policy)["PolicyDocument"]
        self._put(_without(document, action))
        try:
            yield
        finally:
            self._put(document)

    def _put(self, document: dict[str, Any]) -> None:
        self._iam.put_role_policy(
            RoleName=self.name, PolicyName=self.policy, PolicyDocument=json.dumps(document)
        )

    def _trust(self, document: dict[str, Any]) -> None:
        self._iam.update_assume_role_policy(RoleName=self.name, PolicyDocument=json.dumps(document))


def _without(document: dict[str, Any], action: str) -> dict[str, Any]:
    """The policy without `action`; it must have been there."""
    kept = []
    for statement in document["Statement"]:
        actions = [each for each in statement["Action"] if each != action]
        if actions:
            kept.append({**statement, "Action": actions})
    assert kept != document["Statement"], f"the policy has no {action} to take away"
    return {**document, "Statement": kept}


def operator_user(stack: RunningStack, name: str) -> dict[str, str]:
    """A new user who may call what operators may, as the credentials of stack.json."""
    iam = stack.client("iam")
    allowed = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="operate", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}
