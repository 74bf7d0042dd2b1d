"""One secret read and written whole: nobody else's change is lost on the way."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from cli.target import Refused, Target

#: The label of a version that is written but not used yet.
NEXT = "EXPUNGE_NEXT"
_MOVED = ("InvalidParameterException", "ResourceNotFoundException")


def read(target: Target, name: str) -> tuple[str | None, str | None]:
    """The secret's text and the version it is of; None for either that is not there (never filled).

    Raises Missing where there is no such secret, or only one that is marked for deletion.
    """
    try:
        found = target.client("secretsmanager").get_secret_value(SecretId=name)
    except ClientError as problem:
        code = problem.response["Error"]["Code"]
        if code not in ("ResourceNotFoundException", "InvalidRequestException"):
            raise
        described = _described(target, name)
        if described is None or "DeletedDate" in described:
            raise Missing(name, marked=described is not None) from problem
        if code == "InvalidRequestException":
            raise
        # A secret that was created empty has no version, and Secrets Manager says both in the same words.
        return None, None
    text = found.get("SecretString") or ("(bytes)" if found.get("SecretBinary") else None)
    return text, found["VersionId"]


def write(target: Target, name: str, text: str, version: str | None) -> str:
    """Put `text` in the target of `version`, and tell the new version. Raises Refused where somebody else has
    written meanwhile.
    """
    client = target.client("secretsmanager")
    if version is None:
        return str(client.put_secret_value(SecretId=name, SecretString=text)["VersionId"])
    made: str = client.put_secret_value(SecretId=name, SecretString=text, VersionStages=[NEXT])["VersionId"]
    try:
        client.update_secret_version_stage(
            SecretId=name,
            VersionStage="AWSCURRENT",
            MoveToVersionId=made,
            RemoveFromVersionId=version,  # refused where that is no longer the current one
        )
    except ClientError as problem:
        if problem.response["Error"]["Code"] not in _MOVED:
            raise
        if client.get_secret_value(SecretId=name)["VersionId"] == made:
            return made  # the answer to the first try was lost, and the second found it done
        raise Refused(f"somebody else changed {name} meanwhile: nothing was changed, try again") from problem
    return made


class Missing(Exception):
    """There is no such secret, filled or not; `marked`: there is one, which is marked for deletion."""

    def __init__(self, name: str, *, marked: bool) -> None:
        super().__init__(name)
        self.marked = marked


def _described(target: Target, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = target.client("secretsmanager").describe_secret(SecretId=name)
    except ClientError as problem:
        if problem.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return None
    return found
