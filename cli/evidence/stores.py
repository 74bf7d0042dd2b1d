"""Where evidence is read from: the stage's bucket, or a copy of it in a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from cli.ends import End
from cli.target import Target
from local import s3
from local.running import RunningStack
from local.settings import STAGE, from_environment


class Unreachable(click.ClickException):
    """Out of reach, for the commands whose exit code 1 means "does not fit"."""

    exit_code = End.CANNOT_BE_CHECKED.value


@contextmanager
def reaching() -> Iterator[None]:
    """Whatever keeps evidence out of reach ends the command with the exit code of that."""
    try:
        yield
    except ClientError as problem:
        error = problem.response["Error"]
        words = f"{problem.operation_name}: {error.get('Code')}: {error.get('Message')}"
        raise Unreachable(words) from problem
    except BotoCoreError as problem:
        raise Unreachable(f"AWS cannot be reached: {problem}") from problem
    except OSError as problem:
        raise Unreachable(f"{problem.filename}: {problem.strerror}") from problem
    except click.ClickException as problem:
        if problem.exit_code == End.OUT_OF_REACH.value:
            raise Unreachable(problem.message) from problem
        raise


@contextmanager
def telling() -> Iterator[None]:
    """Says what a check has found. Where nobody reads it to its end, the exit code says it all the same;
    where it cannot be written, it is not known.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as problem:
        # What is left of it would be tried again when the program ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(problem, BrokenPipeError):
            raise Unreachable(f"what was found cannot be written: {problem.strerror}") from problem


@dataclass(frozen=True)
class BucketStore:
    """A bucket. `client`: boto3's for S3."""

    client: Any
    bucket: str

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        """The names that begin so, in order, those after `after`."""
        start = {"StartAfter": after} if after else {}
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=prefix, **start):
            yield from (each["Key"] for each in page.get("Contents", []))

    def read(self, name: str) -> bytes | None:
        """The object; None where there is none."""
        try:
            return bytes(self.client.get_object(Bucket=self.bucket, Key=name)["Body"].read())
        except ClientError as problem:
            if problem.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise

    def written(self, name: str) -> datetime | None:
        """When the object was written; None where there is none."""
        answer = self._asked(name)
        return answer["LastModified"] if answer else None

    def age(self, name: str) -> timedelta | None:
        """How long ago the object was written, by the clock of S3; None where there is none."""
        answer = self._asked(name)
        if answer is None:
            return None
        now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        written: datetime = answer["LastModified"]
        return now - written

    def _asked(self, name: str) -> Any:
        """What S3 says of the object; None where there is none."""
        try:
            return self.client.head_object(Bucket=self.bucket, Key=name)
        except ClientError as problem:
            if problem.response["Error"]["Code"] in ("404", "NoSuchKey"):
                return None
            raise


@dataclass(frozen=True)
class FolderStore:
    """A copy of a bucket, or the folder of a receipt."""

    folder: Path

    def names(self, prefix: str) -> Iterator[str]:
        """The names that begin so, in order."""
        found = (
            file.relative_to(self.folder).as_posix() for file in self.folder.rglob("*") if file.is_file()
        )
        return iter(sorted(name for name in found if name.startswith(prefix)))

    def read(self, name: str) -> bytes | None:
        """The file; None where there is none."""
        file = self.folder / name
        return file.read_bytes() if file.is_file() else None

    def age(self, name: str) -> timedelta | None:
        """Not known: a copy may have other times than the bucket."""
        del name
        return None


def bucket_of(target: Target) -> BucketStore:
    """The bucket of the stage's evidence."""
    client = s3.owned(target.client)
    if target.stage == STAGE:
        return BucketStore(client, RunningStack.read(from_environment().stack_file)["evidence_bucket"])
    sts = target.client("sts")
    account, region = sts.get_caller_identity()["Account"], sts.meta.region_name
    return BucketStore(client, f"expunge-{target.stage}-evidence-{account}-{region}")


def folder_at(path: Path) -> FolderStore:
    """The copy in the folder. Raises Unreachable where there is none."""
    if not path.is_dir():
        raise Unreachable(f"{path}: there is no such folder")
    return FolderStore(path)
