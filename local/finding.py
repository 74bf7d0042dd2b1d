"""What of a stage's kept parts lies in the account, by their names, and what a deployment cannot take of it.

CloudFormation makes nothing of a name that is taken, and says so only after it has begun. What stands in the
way is named before, with what to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.domain.evidence.checking import PUBLIC_KEY
from local import s3, stage_keys
from local.leftovers import Leftovers

_KEYS = {"pk": "HASH", "sk": "RANGE"}


def find(client: Callable[[str], Any], stage: str) -> Leftovers:
    """What is there of `stage` by its names."""
    name = f"expunge-{stage}"
    table = _table(client, name)
    listed = list(_secrets(client, stage))
    secrets = {each["Name"]: each["ARN"] for each in listed if "DeletedDate" not in each}
    in_way = {each["Name"]: _going(each["Name"]) for each in listed if "DeletedDate" in each}
    key = _own_key(client, stage, table, secrets.values())
    if key and key.state != stage_keys.ENABLED:
        in_way["Key"] = stage_keys.way_back(f"{key.id}, the key of the stage's data", key)
    bucket, signing, more = _evidence(client, stage)
    in_way |= _unfit(name, table) | more
    return Leftovers(
        stage=stage,
        table=name if table and _is_ours(table) else None,
        records=table.get("ItemCount", 0),
        secrets=secrets,
        key=key.id if key else None,
        evidence=bucket,
        signing=signing,
        key_goes=bool(key and key.state == stage_keys.GOING),
        in_way=in_way,
    )


def table_is_there(client: Callable[[str], Any], name: str) -> bool:
    """Is there a table of that name?"""
    return bool(_table(client, name))


def lost_key(client: Callable[[str], Any], stage: str, keys: dict[str, str]) -> str:
    """Why a repair would make one of the stack's keys anew, and what to do instead; "" where it would not.

    `keys`: ids by logical id. CloudFormation takes one that is to be deleted for gone.
    """
    for name, key in keys.items():
        found = stage_keys.described(client, key, "")
        if found and found.state == stage_keys.GOING:
            return stage_keys.way_back(f"{key}, the {name} of {stage}", found)
        buckets, bucket = s3.owned(client), bucket_name(client, stage)
        if not found and name == "EvidenceKey" and _is_there(buckets, bucket) and _signed(buckets, bucket):
            return (
                f"{key}, the key that signs evidence, is gone, and another could not go on with what it has"
                f" signed: copy that ({bucket}), and deploy with"
                " PARAMETERS=Evidence=false, without REPAIR=1"
            )
    return ""


def bucket_name(client: Callable[[str], Any], stage: str) -> str:
    """The name of the stage's bucket of evidence, as the template has it."""
    sts = client("sts")
    return f"expunge-{stage}-evidence-{sts.get_caller_identity()['Account']}-{sts.meta.region_name}"


def _table(client: Callable[[str], Any], name: str) -> dict[str, Any]:
    """The table as DynamoDB describes it; empty where there is none."""
    try:
        found: dict[str, Any] = client("dynamodb").describe_table(TableName=name)["Table"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return {}
        raise
    return found


def _is_ours(table: dict[str, Any]) -> bool:
    return {each["AttributeName"]: each["KeyType"] for each in table["KeySchema"]} == _KEYS


def _unfit(name: str, table: dict[str, Any]) -> dict[str, str]:
    """Why the table cannot become the stage's."""
    if not table:
        return {}
    if not _is_ours(table):
        return {"Table": f"table {name} is none of Expunge's, its keys are others: choose another STAGE="}
    if table["TableStatus"] not in ("ACTIVE", "UPDATING"):
        return {
            "Table": f"table {name} is {table['TableStatus']}: wait until that is over, then deploy again"
        }
    return {}


def _secrets(client: Callable[[str], Any], stage: str) -> Iterable[dict[str, Any]]:
    prefix = f"expunge/{stage}/"
    pages = client("secretsmanager").get_paginator("list_secrets")
    given: Any = {"Filters": [{"Key": "name", "Values": [prefix]}], "IncludePlannedDeletion": True}
    found = (each for page in pages.paginate(**given) for each in page["SecretList"])
    return (each for each in found if each["Name"].startswith(prefix))


def _going(name: str) -> str:
    return (
        f"secret {name} is being deleted, and its name is taken until then: wait, or keep it with"
        f" aws secretsmanager restore-secret --secret-id {name}; then deploy again"
    )


def _own_key(
    client: Callable[[str], Any], stage: str, table: dict[str, Any], secrets: Iterable[str]
) -> stage_keys.StageKey | None:
    """The stage's own key: of several, the one that most of its table and secrets have."""
    manager = client("secretsmanager")
    used = [manager.describe_secret(SecretId=arn).get("KmsKeyId") for arn in secrets]
    used.append(table.get("SSEDescription", {}).get("KMSMasterKeyArn"))
    counts = Counter(key for key in used if key)
    users: Counter[stage_keys.StageKey] = Counter()
    for key in sorted(counts):
        if found := stage_keys.own(client, key, stage):
            users[found] += counts[key]
    return users.most_common(1)[0][0] if users else None


def _evidence(client: Callable[[str], Any], stage: str) -> tuple[str | None, str | None, dict[str, str]]:
    """The bucket of evidence, the id of its key, and what is in the way of taking them: a deployment that
    failed may have left either alone.
    """
    name, buckets, in_way = bucket_name(client, stage), s3.owned(client), {}
    there = _is_there(buckets, name)
    if there is None:
        in_way["EvidenceBucket"] = (
            f"bucket {name} belongs to another account, or may not be looked at: S3 gives a name only once;"
            " choose another STAGE="
        )
    key, called = stage_keys.signing(client, stage), stage_keys.alias(stage)
    if key and not key.ours:
        in_way["EvidenceAlias"] = (
            f"{called} names the KMS key {key.id}, and its description is not that of a key of Expunge"
            f" (Expunge evidence of {stage}: ...): let the name lead to the stage's own key, or delete it"
            f" (aws kms delete-alias --alias-name {called}), then deploy again"
        )
    elif key and key.state != stage_keys.ENABLED:
        in_way["EvidenceAlias"] = stage_keys.way_back(f"{called}, the key that signs evidence", key)
    elif not key and there and _signed(buckets, name):
        in_way["EvidenceBucket"] = (
            f"what lies in {name} was signed by a key that {called} does not name any more:"
            f" aws kms create-alias --alias-name {called} --target-key-id KEY names it again"
            f" (its description is: Expunge evidence of {stage}), then deploy again"
        )
    return name if there else None, key.id if key else None, in_way


def _signed(buckets: Any, name: str) -> bool:
    return bool(buckets.list_objects_v2(Bucket=name, Prefix=PUBLIC_KEY)["KeyCount"])


def _is_there(buckets: Any, name: str) -> bool | None:
    """Is there this bucket of ours? None where it is somebody else's, or may not be looked at.

    Whoever may list buckets knows their own, whatever a bucket's policy refuses; one made just now may not be
    listed yet.
    """
    if name in {each["Name"] for each in buckets.list_buckets(Prefix=name)["Buckets"]}:
        return True
    try:
        buckets.head_bucket(Bucket=name)
    except ClientError as error:
        return False if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404 else None
    return True
