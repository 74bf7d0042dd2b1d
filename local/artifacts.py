"""The bucket that packages and templates are deployed from."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local.failure import Failure
from local.package import Package


class Artifacts:
    """Uploads to one account and region, or to the local AWS where `endpoint_url` is given."""

    def __init__(self, session: boto3.Session, *, endpoint_url: str | None, config: Config) -> None:
        self._s3 = session.client("s3", endpoint_url=endpoint_url, config=config)
        self._region = session.region_name
        self._host = endpoint_url

    def ensure_bucket(self, bucket: str) -> None:
        """Makes the private bucket for packages where it is not there yet."""
        try:
            self._s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise Failure(f"artifacts bucket {bucket}: {error}") from error
            self._make_bucket(bucket)

    def _make_bucket(self, bucket: str) -> None:
        if self._region == "us-east-1":  # the one region that must not be named here
            self._s3.create_bucket(Bucket=bucket)
        else:
            where: Any = {"LocationConstraint": self._region}
            self._s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        self._s3.put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )

    def upload(self, bucket: str, package: Package, template: dict[str, Any]) -> str:
        """Uploads zip and template under names that say what is in them; returns the template's address."""
        code = package.zip_file.read_bytes()
        code_key = f"{package.stage}/{hashlib.sha256(code).hexdigest()[:32]}.zip"
        self._s3.put_object(Bucket=bucket, Key=code_key, Body=code)
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": code_key}
        text = json.dumps(template, separators=(",", ":"), sort_keys=True).encode()
        key = f"{package.stage}/{hashlib.sha256(text).hexdigest()[:32]}.json"
        self._s3.put_object(Bucket=bucket, Key=key, Body=text)
        host = self._host or f"https://s3.{self._region}.amazonaws.com"
        return f"{host}/{bucket}/{key}"
