"""What receipts and heads need: the key that signs them, and the bucket that locks them."""

from __future__ import annotations

from botocore.exceptions import ClientError

from cli.checks.check import ABSENT, CheckContext, CheckResult, code_of
from local import s3


def evidence(context: CheckContext) -> CheckResult:
    """The bucket and the key of evidence, where the stage keeps any."""
    if not context.evidence:
        return CheckResult("off")
    bucket = context.setting("work", "EXPUNGE_EVIDENCE_BUCKET")
    result = CheckResult(bucket)
    _key(context, result, context.setting("work", "EXPUNGE_EVIDENCE_KEY"))
    _bucket(context, result, bucket)
    return result


def _key(context: CheckContext, result: CheckResult, key: str) -> None:
    try:
        state = context.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    except ClientError as problem:
        if code_of(problem) not in ABSENT:
            raise
        result.fault(f"there is no key {key}: no receipt can be signed", _another(context))
        return
    words = context.aws(f"kms enable-key --key-id {key}")
    if state == "PendingDeletion":
        words = f"{context.aws(f'kms cancel-key-deletion --key-id {key}')}, then {words}"
    if state != "Enabled":
        result.fault(f"the key that signs evidence is {state}: no receipt can be signed", words)


def _another(context: CheckContext) -> str:
    """Nothing goes on with what a lost key has signed."""
    if context.local:
        return context.repair
    off = f"{context.deploy} PARAMETERS=Evidence=false"
    return f"{context.repair}, which makes another where it has signed nothing yet; else {off}"


def _bucket(context: CheckContext, result: CheckResult, bucket: str) -> None:
    try:
        found = s3.owned(context.client).get_object_lock_configuration(Bucket=bucket)
    except ClientError as problem:
        code = code_of(problem)
        if code == "NoSuchBucket":
            result.fault(f"there is no bucket {bucket}: no receipt can be written", context.repair)
            return
        if code != "ObjectLockConfigurationNotFoundError":
            raise
        found = {}
    if found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
        lock = '\'{"ObjectLockEnabled": "Enabled"}\''
        words = f"s3api put-object-lock-configuration --bucket {bucket} --object-lock-configuration {lock}"
        result.fault(f"bucket {bucket} locks nothing: receipts could be removed", context.aws(words))
