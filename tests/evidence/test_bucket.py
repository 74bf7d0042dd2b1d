"""The adapter of the bucket, on an S3 API that is moto's."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from chalicelib.adapters.evidence.bucket import Bucket
from tests.evidence.made import NOW

OWNER = "123456789012"


@pytest.mark.parametrize("unasked", ["when_supported", "when_required"])
def test_a_locked_object_goes_out_with_a_checksum_whatever_boto3_does_unasked(unasked: Any) -> None:
    """S3 refuses it otherwise; which boto3 a function has, Lambda decides."""
    sent: list[str] = []

    def note(request: Any, **_: Any) -> None:
        sent.append(str(dict(request.headers)).lower())

    with mock_aws():
        config = Config(request_checksum_calculation=unasked)
        client = boto3.client("s3", region_name="us-east-1", config=config)
        client.create_bucket(Bucket="kept", ObjectLockEnabledForBucket=True)
        client.meta.events.register("request-created.s3.PutObject", note)
        bucket = Bucket("kept", OWNER, "GOVERNANCE", 400, lambda: client, lambda: NOW)
        assert bucket.put_once("heads/1.json", b"{}")
        assert not bucket.put_once("heads/1.json", b"another")
        assert bucket.read("heads/1.json") == b"{}"
        assert client.head_object(Bucket="kept", Key="heads/1.json")["ObjectLockMode"] == "GOVERNANCE"
    assert len(sent) == 2
    assert all("x-amz-checksum-sha256" in each and "x-amz-object-lock-mode" in each for each in sent)


def test_records_that_were_written_anew_tell_s3_so_that_they_end_in_time() -> None:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="kept", ObjectLockEnabledForBucket=True)
        bucket = Bucket("kept", OWNER, "GOVERNANCE", 400, lambda: client, lambda: NOW)
        told = {}
        for name, bare in (("records/1.gz", False), ("records/2.gz", True)):
            bucket.put(name, b"{}", bare=bare)
            told[name] = client.get_object_tagging(Bucket="kept", Key=name)["TagSet"]
    assert told == {"records/1.gz": [], "records/2.gz": [{"Key": "reference", "Value": "forgotten"}]}
