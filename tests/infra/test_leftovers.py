"""Bucket and key of evidence that lie there without a stack: found, taken up together, nobody else's."""

from __future__ import annotations

import re

import boto3
import pytest
from moto import mock_aws

from cli.evidence.stores import bucket_of
from cli.target import Target
from local import account, leftovers, package
from local.failure import Failure
from local.settings import ROOT
from tests.infra.test_artifacts import Recorded
from tests.infra.test_kept import FakeDeployer


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "moto")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


def test_a_key_that_stands_without_its_bucket_is_taken_up_too() -> None:
    """A first deployment may fail between the two; the key's name is taken from then on."""
    template, deployer = package.build("prod").template(), FakeDeployer()
    with mock_aws():
        clients = account.clients(boto3.Session(region_name="eu-central-1"))
        key = clients("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
        clients("kms").create_alias(AliasName=leftovers.alias("prod"), TargetKeyId=key["KeyId"])
        found = leftovers.find(clients, "prod")
    assert (bool(found), found.data, found.evidence, found.signing) == (True, False, None, key["KeyId"])
    assert found.lines() == [f"KMS key {key['KeyId']}, which signs evidence"]
    leftovers.adopt(deployer, found, template, {"Stage": "prod"}, lambda _: True)  # type: ignore[arg-type]
    assert set(deployer.template["Resources"]) == {"EvidenceKey", "EvidenceAlias"}


@pytest.mark.parametrize("state", ["PendingDeletion", "Disabled"])
def test_a_signing_key_that_cannot_sign_is_named_with_its_way_back(state: str) -> None:
    """CloudFormation does not find a key that is to be deleted, and its name is still taken."""
    template, deployer = package.build("prod").template(), FakeDeployer()
    with mock_aws():
        clients = account.clients(boto3.Session(region_name="eu-central-1"))
        kms = clients("kms")
        key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=leftovers.alias("prod"), TargetKeyId=key)
        if state == "Disabled":
            kms.disable_key(KeyId=key)
        else:
            kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        found = leftovers.find(clients, "prod")
        leftovers.delete(clients, found)  # is no reason not to delete data
    with pytest.raises(Failure, match=f"aws kms enable-key --key-id {key}, then deploy again") as refused:
        leftovers.adopt(deployer, found, template, {"Stage": "prod"}, lambda _: True)  # type: ignore[arg-type]
    assert ("aws kms cancel-key-deletion" in str(refused.value)) == (state == "PendingDeletion")


@pytest.mark.parametrize("signed", [True, False])
def test_no_other_key_goes_on_with_what_was_signed_before(signed: bool) -> None:
    template, deployer = package.build("prod").template(), FakeDeployer()
    with mock_aws():
        clients = account.clients(boto3.Session(region_name="us-east-1"))
        bucket = f"expunge-prod-evidence-{clients('sts').get_caller_identity()['Account']}-us-east-1"
        clients("s3").create_bucket(Bucket=bucket)
        if signed:
            clients("s3").put_object(Bucket=bucket, Key="public-key.pem", Body=b"x")
        found = leftovers.find(clients, "prod")

    def adopt() -> None:
        leftovers.adopt(deployer, found, template, {"Stage": "prod"}, lambda _: True)  # type: ignore[arg-type]

    if signed:
        with pytest.raises(Failure, match="aws kms create-alias --alias-name alias/expunge-prod-evidence"):
            adopt()
    else:  # a deployment failed before there was a key
        adopt()
        assert set(deployer.template["Resources"]) == {"EvidenceBucket"}


def test_every_call_for_evidence_says_whose_bucket_it_means() -> None:
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        recorded = Recorded(session)
        clients = account.clients(session)
        owner = clients("sts").get_caller_identity()["Account"]
        bucket = f"expunge-prod-evidence-{owner}-us-east-1"
        plain = clients("s3")
        plain.create_bucket(Bucket=bucket)
        plain.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for name in ("records/del_1.jsonl.gz", "receipts/del_1.json"):
            plain.put_object(Bucket=bucket, Key=name, Body=b"x")
        recorded.calls.clear()
        leftovers.delete(clients, leftovers.find(clients, "prod"))
        store = bucket_of(Target("prod", "", "", clients))
        assert list(store.names("")) == ["receipts/del_1.json"]
        assert store.read("receipts/del_1.json") == b"x"
        assert store.written("records/del_1.jsonl.gz") is None
    told = recorded.of("s3")
    assert {name for name, _ in told} >= {"ListObjectVersions", "DeleteObject", "GetObject", "HeadObject"}
    unowned = {name for name, params in told if params.get("ExpectedBucketOwner") != owner}
    assert unowned == {"ListBuckets"}


def test_no_other_place_makes_a_client_of_s3() -> None:
    """It would not say whose bucket it means."""
    files = [file for folder in ("cli", "local") for file in sorted((ROOT / folder).rglob("*.py"))]
    made = [f.name for f in files if re.search(r"""client\(\s*["']s3["']""", f.read_text(encoding="utf-8"))]
    assert made == ["artifacts.py", "s3.py"]
