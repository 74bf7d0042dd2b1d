"""A local AWS in the place of an account, and the commands that deploy to the account of the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local.clients import TIMEOUTS, Local
from local.settings import REGION, ROOT


@dataclass(frozen=True)
class Account:
    """Where it answers, and what can be asked of it."""

    aws: Local

    def client(self, service: str) -> Any:
        make: Any = self.aws.session().client
        return make(service, endpoint_url=self.aws.endpoint_url, config=TIMEOUTS)

    def run(
        self, command: str, stage: str, *options: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """`python -m local COMMAND --stage STAGE`, with nobody at its terminal."""
        mine = ("AWS_", "CONFIRM", "PARAMETERS", "BUCKET")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
        account = {
            "AWS_ENDPOINT_URL": self.aws.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.aws.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.aws.secret_access_key,
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return subprocess.run(
            [sys.executable, "-m", "local", command, "--stage", stage, *options],
            cwd=ROOT,
            env={**kept, **account, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def functions(self) -> list[str]:
        return [each["FunctionName"] for each in self.client("lambda").list_functions()["Functions"]]

    def secrets(self) -> list[str]:
        return [each["Name"] for each in self.client("secretsmanager").list_secrets()["SecretList"]]

    def resources(self, stack: str) -> set[str]:
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
        found = [each for page in pages for each in page["StackResourceSummaries"]]
        return {e["LogicalResourceId"] for e in found if not e["ResourceStatus"].startswith("DELETE")}

    def empty(self, secret: str) -> bool:
        """Has the secret no value yet? The local AWS gives one an empty text, AWS none at all."""
        try:
            value = self.client("secretsmanager").get_secret_value(SecretId=secret)
        except ClientError as error:
            return error.response["Error"]["Code"] == "ResourceNotFoundException"
        return bool(value.get("SecretString") == "")

    def delete_stack(self, stack: str) -> None:
        cloudformation = self.client("cloudformation")
        cloudformation.delete_stack(StackName=stack)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
