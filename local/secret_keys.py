"""The KMS key of the secrets that the template does not know: further orgs', and the shared access tokens.

They are made while the stage runs, with the stage's own key where it has one. The template says which key its
own secrets have; these have to follow. Otherwise a stage that gives its key up could not read them any more,
and one that gets a key would leave them under another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property
from typing import Any

from local import stage_keys
from local.change_sets import Change
from local.failure import Failure
from local.say import line

AWS_KEY = "alias/aws/secretsmanager"
_TO_AWS = "secret, to be encrypted with AWS's key"
_TO_OWN = "secret, to be encrypted with the stage's key"


class Move:
    """Which secrets of `stage` have to change their key. `own`: shall they have the stage's, or AWS's?

    `known`: names of the secrets that belong to the template, which are not touched.
    """

    def __init__(
        self, client: Callable[[str], Any], stage: str, known: Collection[str], *, own: bool
    ) -> None:
        self.own = own
        self._client, self._stage, self._known = client, stage, known

    def changes(self) -> list[Change]:
        """What has to be done now, for people."""
        kind = _TO_OWN if self.own else _TO_AWS
        return [Change("Modify", name, kind, "") for name in self._names()]

    def move(self, changes: Collection[Change]) -> None:
        """Encrypts these secrets anew, with all of their versions that anybody reads. They stay readable."""
        if not changes:
            return
        key, manager = self._key if self.own else AWS_KEY, self._client("secretsmanager")
        for each in changes:
            manager.update_secret(SecretId=each.resource, KmsKeyId=key)

    def settle(self, approve: Callable[[list[Change]], bool]) -> None:
        """What is still to be done once the stack is as it should be: a secret made meanwhile, for one."""
        changes = self.changes()
        if changes and not approve(changes):
            raise Failure(f"{len(changes)} secrets of {self._stage} keep their key: not agreed to")
        self.move(changes)
        if changes:
            line(f"  {len(changes)} secrets encrypted anew")

    def _names(self) -> list[str]:
        prefix, manager = f"expunge/{self._stage}/", self._client("secretsmanager")
        pages = manager.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [prefix]}])
        listed = [each for page in pages for each in page["SecretList"]]
        names = sorted(e["Name"] for e in listed if e["Name"].startswith(prefix))
        return [name for name in names if name not in self._known and self._differs(manager, name)]

    def _differs(self, manager: Any, name: str) -> bool:
        found = manager.describe_secret(SecretId=name).get("KmsKeyId") or ""
        key = stage_keys.own(self._client, found, self._stage) if found else None
        if self.own:  # a key that the stage had before is not the one that its functions may use
            return key is None or key.id != self._key
        return key is not None and key.state == stage_keys.ENABLED

    @cached_property
    def _key(self) -> str:
        found = self._client("cloudformation").describe_stack_resource(
            StackName=f"expunge-{self._stage}", LogicalResourceId="Key"
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])
