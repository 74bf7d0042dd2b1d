"""What lies in the account of a stage without a stack that owns it: taken over, or deleted.

`make destroy` leaves the table and the secrets in the stack. Without one they are there where somebody has
deleted the stack by other means: CloudFormation keeps them, and refuses to make others of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from local import kept, s3
from local.change_sets import Approve
from local.cloudformation import Deployer
from local.failure import Failure
from local.stage_keys import alias

#: How long KMS keeps a key that is to be deleted (days); until then that can be taken back.
KEY_DAYS = 30
#: What the stage's own key encrypts, of what is kept.
_ENCRYPTED = ("AWS::DynamoDB::Table", "AWS::SecretsManager::Secret")


@dataclass(frozen=True, slots=True)
class Leftovers:
    """`table`: its name, and `records` about how many items it holds; `secrets`: ARNs by name; `key`: id of
    the stage's own KMS key. `evidence`: the bucket of evidence; `signing`: id of the key that signs it.
    `key_goes`: is that own key being deleted already? `in_way`: why something cannot be taken over or made,
    and what to do, by logical id, secrets by name.
    """

    stage: str
    table: str | None
    records: int
    secrets: dict[str, str]
    key: str | None
    evidence: str | None = None
    signing: str | None = None
    key_goes: bool = False
    in_way: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Is there anything?"""
        return bool(self.table or self.secrets or self.evidence or self.signing)

    @property
    def data(self) -> bool:
        """Is there anything that can be deleted?"""
        return bool(self.table or self.secrets)

    def lines(self) -> list[str]:
        """Each of them in a line, for people."""
        found = self._data()
        found += [f"bucket {self.evidence}"] if self.evidence else []
        return found + ([f"KMS key {self.signing}, which signs evidence"] if self.signing else [])

    def deleted(self) -> list[str]:
        """What `delete` takes away, each in a line."""
        found = self._data()
        return found + ([f"bucket {self.evidence}, of it the records files only"] if self.evidence else [])

    def refuse(self, template: dict[str, Any], wanted: Iterable[str]) -> None:
        """Raises Failure where something is in the way of those resources of `template`."""
        resources = {name: template["Resources"][name] for name in wanted}
        names = {_secret(each, self.stage) or name for name, each in resources.items()}
        if any(each["Type"] in _ENCRYPTED for each in resources.values()):
            names.add("Key")
        if why := [words for name, words in sorted(self.in_way.items()) if name in names]:
            raise Failure("; ".join(why))

    def _data(self) -> list[str]:
        found = [f"table {self.table}, about {self.records} items"] if self.table else []
        found += [f"secret {name}" for name in sorted(self.secrets)]
        return found + ([f"KMS key {self.key}"] if self.key and not self.key_goes else [])


def adopt(
    deployer: Deployer,
    found: Leftovers,
    template: dict[str, Any],
    parameters: dict[str, str],
    approve: Approve,
) -> None:
    """Makes a stack of what is there, from the part of `template` that says what it should be like.

    Its data stay as they are; what of the template differs is changed by the deployment that follows.
    Raises Failure as Deployer.adopt, and where something is in the way.
    """
    small, resources = imported(found, template, parameters, there(found, template))
    parameters = {**parameters, "CustomerKey": _own(found)}
    deployer.adopt(f"expunge-{found.stage}", small, parameters, resources, approve)


def imported(
    found: Leftovers,
    template: dict[str, Any],
    parameters: dict[str, str],
    here: dict[str, str],
    owned: Collection[str] = (),
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The template that takes up `here` (identifiers by logical id), and CloudFormation's ResourcesToImport.
    `owned`: logical ids of what the stack has already.

    Raises Failure where something is in the way: a key that cannot be used, for one. CloudFormation sees none
    then, and one that it made anew would not go on with what was signed before.
    """
    found.refuse(template, here)
    # As it is: whether it is to have a key of its own from now on is for the deployment that follows.
    small = kept.to_import(template, here, {**parameters, "CustomerKey": _own(found)}, owned)
    kinds = {name: template["Resources"][name]["Type"] for name in here}
    resources = [
        {
            "ResourceType": kinds[name],
            "LogicalResourceId": name,
            "ResourceIdentifier": {kept.IDENTIFIERS[kinds[name]]: identifier},
        }
        for name, identifier in here.items()
    ]
    return small, resources


def _own(found: Leftovers) -> str:
    return "true" if found.key else "false"


def there(found: Leftovers, template: dict[str, Any]) -> dict[str, str]:
    """Identifiers of what the template keeps and is there, by logical id."""
    here = {name: _identifier(found, name, template["Resources"][name]) for name in kept.names(template)}
    return {name: identifier for name, identifier in here.items() if identifier is not None}


def _identifier(found: Leftovers, name: str, resource: dict[str, Any]) -> str | None:
    match resource["Type"]:
        case "AWS::DynamoDB::Table":
            return found.table
        case "AWS::SecretsManager::Secret":
            return found.secrets.get(_secret(resource, found.stage))
        case "AWS::S3::Bucket":
            return found.evidence
        case "AWS::KMS::Alias":
            return alias(found.stage) if found.signing else None
    return found.signing if name == "EvidenceKey" else found.key


def _secret(resource: dict[str, Any], stage: str) -> str:
    """The name of a secret for the stage; "" for a resource that is none."""
    if resource["Type"] != "AWS::SecretsManager::Secret":
        return ""
    return str(resource["Properties"]["Name"]["Fn::Sub"]).replace("${Stage}", stage)


def delete(client: Callable[[str], Any], found: Leftovers) -> None:
    """Deletes all of it, for good; the key after KEY_DAYS. What is gone already is no error. Of the evidence
    only the records files go: receipts, heads and the key that signed them stay.
    """
    if found.table:
        dynamodb = client("dynamodb")
        dynamodb.update_table(TableName=found.table, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=found.table)
        dynamodb.delete_table(TableName=found.table)
        dynamodb.get_waiter("table_not_exists").wait(TableName=found.table)
    for arn in found.secrets.values():
        client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    if found.key and not found.key_goes:
        client("kms").schedule_key_deletion(KeyId=found.key, PendingWindowInDays=KEY_DAYS)
    if found.evidence:
        _without_records(s3.owned(client), found.evidence)


def _without_records(bucket_client: Any, bucket: str) -> None:
    pages = bucket_client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix="records/")
    for page in pages:
        for each in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            bucket_client.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
