"""The KMS keys of a stage: its own, which encrypts its data, and the one that signs its evidence.

A key has no name of its own. A deployment of the stage has made it where its description says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

ENABLED = "Enabled"
GOING = "PendingDeletion"


@dataclass(frozen=True, slots=True)
class StageKey:
    """`state` as KMS says it; `ours`: has a deployment of the stage made it?"""

    id: str
    state: str
    ours: bool


def alias(stage: str) -> str:
    """The name of the key that signs the stage's evidence."""
    return f"alias/expunge-{stage}-evidence"


def own(client: Callable[[str], Any], key: str, stage: str) -> StageKey | None:
    """The key, where a deployment of this stage made it to encrypt its data; None for any other, such as
    AWS's own or another account's, and for one that is gone.
    """
    if _is_alias(key) or _elsewhere(client, key):
        return None
    found = described(client, key, f"Expunge {stage}:")
    return found if found and found.ours else None


def signing(client: Callable[[str], Any], stage: str) -> StageKey | None:
    """The key that the stage's name for it leads to, whoever made it; None where there is no such name."""
    key = _named(client("kms"), alias(stage))
    return described(client, key, f"Expunge evidence of {stage}:") if key else None


def described(client: Callable[[str], Any], key: str, begins: str) -> StageKey | None:
    """The key; `begins`: how the description of ours does. None where there is none."""
    try:
        found = client("kms").describe_key(KeyId=key)["KeyMetadata"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NotFoundException":
            return None
        raise
    ours = str(found.get("Description", "")).startswith(begins)
    return StageKey(str(found["KeyId"]), str(found["KeyState"]), ours)


def way_back(what: str, key: StageKey) -> str:
    """What makes a key usable again, for people."""
    first = f"aws kms cancel-key-deletion --key-id {key.id}, then " if key.state == GOING else ""
    return f"{what}, is {key.state}: {first}aws kms enable-key --key-id {key.id}, then deploy again"


def _is_alias(key: str) -> bool:
    """No deployment gives a stage's own key a name; AWS's own keys go by theirs."""
    return key.rpartition(":")[2].startswith("alias/")


def _elsewhere(client: Callable[[str], Any], key: str) -> bool:
    """Is it the ARN of another account's key? Only that account may say what it is."""
    if not key.startswith("arn:"):
        return False
    return key.split(":")[4] != str(client("sts").get_caller_identity()["Account"])


def _named(kms: Any, name: str) -> str | None:
    """The key's id, from a list: the rights to a key do not cover a name that is not there."""
    aliases = (each for page in kms.get_paginator("list_aliases").paginate() for each in page["Aliases"])
    return next((str(each["TargetKeyId"]) for each in aliases if each["AliasName"] == name), None)
