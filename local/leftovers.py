"""What lies in the account of a stage without a stack that owns it: found, taken over, or deleted.

`make destroy` leaves the table and the secrets in the stack. Without one they are there where somebody has
deleted the stack by other means: CloudFormation keeps them, and refuses to make others of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.domain.evidence.checking import PUBLIC_KEY
from local import kept, s3
from local.change_sets import Approve
from local.cloudformation import Deployer
from local.failure import Failure

#: How long KMS keeps a key that is to be deleted (days); until then that can be taken back.
KEY_DAYS = 30


@dataclass(frozen=True, slots=True)
class Leftovers:
    """`table`: its name, and `records` about how many items it holds; `secrets`: ARNs by name; `key`: id of
    the stage's own KMS key. `evidence`: the bucket of evidence; `signing`: id of the key that signs it,
    `signing_state` as KMS says it; "gone" where the bucket holds what a key has signed that is not found.
    """

    stage: str
    table: str | None
    records: int
    secrets: dict[str, str]
    key: str | None
    evidence: str | None = None
    signing: str | None = None
    signing_state: str = "Enabled"

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

    def _data(self) -> list[str]:
        found = [f"table {self.table}, about {self.records} items"] if self.table else []
        found += [f"secret {name}" for name in sorted(self.secrets)]
        return found + ([f"KMS key {self.key}"] if self.key else [])


def find(client: Callable[[str], Any], stage: str) -> Leftovers:
    """What is there of `stage` by its names."""
    table, records = _table(client, f"expunge-{stage}")
    prefix, manager = f"expunge/{stage}/", client("secretsmanager")
    pages = manager.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [prefix]}])
    listed = [each for page in pages for each in page["SecretList"]]
    secrets = {each["Name"]: each["ARN"] for each in listed if each["Name"].startswith(prefix)}
    keys = {manager.describe_secret(SecretId=arn).get("KmsKeyId") for arn in secrets.values()}
    own = (own_key(client, key, stage) for key in sorted(filter(None, keys)))
    return Leftovers(stage, table, records, secrets, next(filter(None, own), None), *_evidence(client, stage))


def _evidence(client: Callable[[str], Any], stage: str) -> tuple[str | None, str | None, str]:
    """The bucket of evidence, its key and that one's state, as the template names them: a deployment that
    failed may have left either alone.
    """
    sts = client("sts")
    bucket = f"expunge-{stage}-evidence-{sts.get_caller_identity()['Account']}-{sts.meta.region_name}"
    buckets = s3.owned(client)
    there = bucket in {each["Name"] for each in buckets.list_buckets(Prefix=bucket)["Buckets"]}
    key = _named(client("kms"), alias(stage))
    if key is None:
        signed = there and buckets.list_objects_v2(Bucket=bucket, Prefix=PUBLIC_KEY)["KeyCount"]
        return bucket if there else None, None, "gone" if signed else ""
    state = client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    return bucket if there else None, key, str(state)


def _named(kms: Any, name: str) -> str | None:
    """The key's id, from a list: the rights to a key do not cover a name that is not there."""
    aliases = (each for page in kms.get_paginator("list_aliases").paginate() for each in page["Aliases"])
    return next((str(each["TargetKeyId"]) for each in aliases if each["AliasName"] == name), None)


def alias(stage: str) -> str:
    """The name of the key that signs the stage's evidence."""
    return f"alias/expunge-{stage}-evidence"


def _table(client: Callable[[str], Any], name: str) -> tuple[str | None, int]:
    try:
        return name, client("dynamodb").describe_table(TableName=name)["Table"]["ItemCount"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None, 0
        raise


def table_is_there(client: Callable[[str], Any], name: str) -> bool:
    """Is there a table of that name?"""
    return _table(client, name)[0] is not None


def own_key(client: Callable[[str], Any], key: str, stage: str) -> str | None:
    """The id of a key that a deployment of this stage made; None for any other, such as AWS's own."""
    if key.startswith("alias/"):
        return None
    found = client("kms").describe_key(KeyId=key)["KeyMetadata"]
    mine = str(found.get("Description", "")).startswith(f"Expunge {stage}:")
    return str(found["KeyId"]) if mine and found["KeyState"] == "Enabled" else None


def adopt(
    deployer: Deployer,
    found: Leftovers,
    template: dict[str, Any],
    parameters: dict[str, str],
    approve: Approve,
) -> None:
    """Makes a stack of what is there, from the part of `template` that says what it should be like.

    Its data stay as they are; what of the template differs is changed by the deployment that follows.
    Raises Failure as Deployer.adopt, and for a signing key that cannot sign.
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

    Raises Failure for a signing key that is not found or cannot sign: CloudFormation sees none there, and one
    that it made anew would not go on with what was signed before.
    """
    if "EvidenceBucket" in here and found.signing_state == "gone":
        raise Failure(_not_found(found.stage, found.evidence))
    if found.signing and "EvidenceAlias" in here and found.signing_state != "Enabled":
        raise Failure(_cannot_sign(found.stage, found.signing, found.signing_state))
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


def _not_found(stage: str, bucket: str | None) -> str:
    name = alias(stage)
    return (
        f"what lies in {bucket} was signed by a key that {name} does not name any more:"
        f" aws kms create-alias --alias-name {name} --target-key-id KEY names it again"
        f" (its description is: Expunge evidence of {stage}), then deploy again"
    )


def _cannot_sign(stage: str, key: str, state: str) -> str:
    first = f"aws kms cancel-key-deletion --key-id {key}, then " if state == "PendingDeletion" else ""
    return (
        f"{alias(stage)}, the key that signs evidence, is {state}: {first}aws kms enable-key --key-id {key},"
        " then deploy again"
    )


def there(found: Leftovers, template: dict[str, Any]) -> dict[str, str]:
    """Identifiers of what the template keeps and is there, by logical id."""
    here = {name: _identifier(found, name, template["Resources"][name]) for name in kept.names(template)}
    return {name: identifier for name, identifier in here.items() if identifier is not None}


def _identifier(found: Leftovers, name: str, resource: dict[str, Any]) -> str | None:
    match resource["Type"]:
        case "AWS::DynamoDB::Table":
            return found.table
        case "AWS::SecretsManager::Secret":
            called = resource["Properties"]["Name"]["Fn::Sub"].replace("${Stage}", found.stage)
            return found.secrets.get(called)
        case "AWS::S3::Bucket":
            return found.evidence
        case "AWS::KMS::Alias":
            return alias(found.stage) if found.signing else None
    return found.signing if name == "EvidenceKey" else found.key


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
    if found.key:
        client("kms").schedule_key_deletion(KeyId=found.key, PendingWindowInDays=KEY_DAYS)
    if found.evidence:
        _without_records(s3.owned(client), found.evidence)


def _without_records(bucket_client: Any, bucket: str) -> None:
    pages = bucket_client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix="records/")
    for page in pages:
        for each in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            bucket_client.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
