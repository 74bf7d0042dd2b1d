"""The bucket that packages and templates are deployed from: the account's own, and nobody else's.

Whoever can write into it decides what the functions run. So every call says whose bucket it has to be, a new
one has a name that cannot be guessed beforehand, it is reached by TLS only, and nothing in it is overwritten.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local import s3, sam
from local.failure import Failure
from local.package import Package

PREFIX = "expunge-artifacts"


class Artifacts:
    """Uploads to one account and region, or to the local AWS where `endpoint_url` is given."""

    def __init__(self, session: boto3.Session, *, endpoint_url: str | None, config: Config) -> None:
        client = session.client("s3", endpoint_url=endpoint_url, config=config)
        self._s3 = s3.naming(client, lambda: self._account)
        self._sts = session.client("sts", endpoint_url=endpoint_url, config=config)
        self._region = session.region_name
        self._account = ""

    def ensured(self, bucket: str | None) -> str:
        """The bucket of that name, or the account's own for packages in this region; made where it is not
        there. Raises Failure where it belongs to another account or cannot be used.
        """
        self._account = self._account or self._sts.get_caller_identity()["Account"]
        if bucket is None:
            name = self._own()
            self._guard(name)
            return name
        try:
            self._s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise Failure(
                    f"artifacts bucket {bucket}: not one of account {self._account} that may be used"
                    f" ({error}); give another BUCKET=, or none for one that is made"
                ) from error
            self._make(bucket)
            self._guard(bucket)
        return bucket

    def _own(self) -> str:
        """The account's bucket for packages, found among its own by how its name begins, or a new one."""
        begins = f"{PREFIX}-{self._account}-{self._region}"
        mine = [each["Name"] for each in self._s3.list_buckets(Prefix=begins)["Buckets"]]
        found = sorted(name for name in mine if name == begins or name.startswith(f"{begins}-"))
        if found:
            return str(found[-1])
        name = f"{begins}-{secrets.token_hex(5)}"
        self._make(name)
        return name

    def _make(self, bucket: str) -> None:
        if self._region == "us-east-1":  # the one region that must not be named here
            self._s3.create_bucket(Bucket=bucket)
        else:
            where: Any = {"LocationConstraint": self._region}
            self._s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)

    def _guard(self, bucket: str) -> None:
        """Private, versioned, by TLS only; also one that an earlier version of this program has made."""
        closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        access: Any = dict.fromkeys(closed, True)
        self._s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=access)
        self._s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        if self._s3.meta.endpoint_url.startswith("https:"):  # by plain HTTP it would shut out everybody
            self._s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(tls_only(bucket, self._partition)))

    @property
    def _partition(self) -> str:
        return str(self._s3.meta.partition)

    def upload(self, bucket: str, package: Package, template: dict[str, Any]) -> str:
        """Uploads zip and template under names that say what is in them; returns the template's address."""
        code = package.zip_file.read_bytes()
        code_key = f"{package.stage}/{hashlib.sha256(code).hexdigest()[:32]}.zip"
        self._s3.put_object(Bucket=bucket, Key=code_key, Body=code)
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": code_key}
        return self.keep(bucket, package.stage, template)

    def keep(self, bucket: str, stage: str, template: dict[str, Any]) -> str:
        """Uploads a template under a name that says what is in it; returns its address."""
        text = sam.text(template).encode()
        key = f"{stage}/{hashlib.sha256(text).hexdigest()[:32]}.json"
        self._s3.put_object(Bucket=bucket, Key=key, Body=text)
        return f"{self._s3.meta.endpoint_url}/{bucket}/{key}"


def tls_only(bucket: str, partition: str) -> dict[str, Any]:
    """A bucket policy that refuses everything that does not come by TLS."""
    arn = f"arn:{partition}:s3:::{bucket}"
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
