"""The bucket of evidence (S3). Objects are written once, and locked for as long as the stage says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable

#: Content types by how a name ends.
KINDS = {"json": "application/json", "gz": "application/gzip", "pem": "application/x-pem-file"}
#: What S3 tells a records file by that was written anew: its days count from then on, so they are fewer.
BARE = "reference=forgotten"
_TAKEN = frozenset({"PreconditionFailed", "412"})
_NOT_THERE = frozenset({"NoSuchKey", "404"})


@dataclass(frozen=True)
class Bucket:
    """`owner`: the account that the bucket must belong to. `mode`, `days`: of the lock. `clock`: seconds
    since the epoch.
    """

    name: str
    owner: str
    mode: str
    days: int
    client: Callable[[], Any]
    clock: Callable[[], float]

    def put_once(self, name: str, data: bytes) -> bool:
        """See ports.Objects."""
        try:
            # S3 takes no locked object without a checksum, and not every boto3 sends one unasked.
            self._put(name, data, IfNoneMatch="*", ChecksumAlgorithm="SHA256", **self._lock())
        except ClientError as problem:
            if _code(problem) in _TAKEN:
                return False
            raise _unavailable(problem) from problem
        return True

    def put(self, name: str, data: bytes, *, bare: bool = False) -> None:
        """See ports.Objects."""
        try:
            self._put(name, data, **({"Tagging": BARE} if bare else {}))
        except ClientError as problem:
            raise _unavailable(problem) from problem

    def read(self, name: str) -> bytes | None:
        """See ports.Objects."""
        try:
            answer = self.client().get_object(Bucket=self.name, Key=name, ExpectedBucketOwner=self.owner)
            return bytes(answer["Body"].read())
        except ClientError as problem:
            if _code(problem) in _NOT_THERE:
                return None
            raise _unavailable(problem) from problem
        except BotoCoreError as problem:
            raise Unavailable("evidence", type(problem).__name__) from problem

    def remove(self, prefix: str, *, only_old: bool = False) -> int:
        """See deps.RecordsFiles."""
        removed = 0
        try:
            pages = self.client().get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.name, Prefix=prefix, ExpectedBucketOwner=self.owner):
                for each in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                    if only_old and each["IsLatest"]:
                        continue
                    self.client().delete_object(
                        Bucket=self.name,
                        Key=each["Key"],
                        VersionId=each["VersionId"],
                        ExpectedBucketOwner=self.owner,
                    )
                    removed += 1
        except ClientError as problem:
            raise _unavailable(problem) from problem
        except BotoCoreError as problem:
            raise Unavailable("evidence", type(problem).__name__) from problem
        return removed

    def _put(self, name: str, data: bytes, **more: Any) -> None:
        kind = KINDS.get(name.rpartition(".")[2], "application/octet-stream")
        try:
            self.client().put_object(
                Bucket=self.name,
                Key=name,
                Body=data,
                ContentType=kind,
                ExpectedBucketOwner=self.owner,
                **more,
            )
        except BotoCoreError as problem:
            raise Unavailable("evidence", type(problem).__name__) from problem

    def _lock(self) -> dict[str, Any]:
        until = datetime.fromtimestamp(self.clock(), UTC) + timedelta(days=self.days)
        return {"ObjectLockMode": self.mode, "ObjectLockRetainUntilDate": until}


def _code(problem: ClientError) -> str:
    return str(problem.response.get("Error", {}).get("Code", ""))


def _unavailable(problem: ClientError) -> Unavailable:
    """What S3 answered, without names of objects: some hold what is to be forgotten."""
    return Unavailable("evidence", _code(problem))
