"""Bucket and key of evidence that lie there without a stack: found, taken up together, nobody else's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cli.evidence.stores import bucket_of
from cli.target import Target
from local import account, deploy, finding, kept, leftovers, package, secret_keys, stage_keys
from local.failure import Failure
from local.leftovers import Leftovers
from local.package import Package
from local.settings import ROOT
from local.stage_keys import alias
from tests.infra.test_artifacts import Recorded, Stack
from tests.infra.test_kept import FakeDeployer


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "moto")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


def signing_key(clients: Any, description: str = "Expunge evidence of prod: signs") -> str:
    made = clients("kms").create_key(Description=description, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    key = str(made["KeyMetadata"]["KeyId"])
    clients("kms").create_alias(AliasName=alias("prod"), TargetKeyId=key)
    return key


def own_key(clients: Any, stage: str = "prod") -> str:
    made = clients("kms").create_key(Description=f"Expunge {stage}: table, queues")["KeyMetadata"]
    return str(made["KeyId"])


def table(clients: Any, keys: tuple[str, ...] = ("pk", "sk"), kms: str = "") -> None:
    encrypted: Any = {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": kms}}
    clients("dynamodb").create_table(
        TableName="expunge-prod",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in keys],
        KeySchema=[
            {"AttributeName": each, "KeyType": kind}
            for each, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
        **(encrypted if kms else {}),
    )


def test_a_key_that_stands_without_its_bucket_is_taken_up_too() -> None:
    """A first deployment may fail between the two; the key's name is taken from then on."""
    template, deployer = package.build("prod").template(), FakeDeployer()
    with mock_aws():
        clients = account.clients(boto3.Session(region_name="eu-central-1"))
        key = signing_key(clients)
        found = finding.find(clients, "prod")
    assert (bool(found), found.data, found.evidence, found.signing) == (True, False, None, key)
    assert found.lines() == [f"KMS key {key}, which signs evidence"]
    leftovers.adopt(deployer, found, template, {"Stage": "prod"}, lambda _: True)  # type: ignore[arg-type]  # a deployer as far as it is used
    assert set(deployer.template["Resources"]) == {"EvidenceKey", "EvidenceAlias"}


@pytest.mark.parametrize("state", ["PendingDeletion", "Disabled"])
def test_a_signing_key_that_cannot_sign_is_named_with_its_way_back(state: str) -> None:
    """CloudFormation does not find a key that is to be deleted, and its name is still taken."""
    template, deployer = package.build("prod").template(), FakeDeployer()
    with mock_aws():
        clients = account.clients(boto3.Session(region_name="eu-central-1"))
        key, kms = signing_key(clients), clients("kms")
        if state == "Disabled":
            kms.disable_key(KeyId=key)
        else:
            kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        found = finding.find(clients, "prod")
        leftovers.delete(clients, found)  # is no reason not to delete data
    with pytest.raises(Failure, match=f"aws kms enable-key --key-id {key}, then deploy again") as refused:
        leftovers.adopt(deployer, found, template, {"Stage": "prod"}, lambda _: True)  # type: ignore[arg-type]  # a deployer as far as it is used
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
        found = finding.find(clients, "prod")

    def adopt() -> None:
        leftovers.adopt(deployer, found, template, {"Stage": "prod"}, lambda _: True)  # type: ignore[arg-type]  # a deployer as far as it is used

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
        leftovers.delete(clients, finding.find(clients, "prod"))
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


@pytest.fixture
def clients() -> Iterator[Any]:
    with mock_aws():
        yield account.clients(boto3.Session(region_name="us-east-1"))


def refused(found: Leftovers) -> str:
    """What is said of it where a stage is to be made."""
    template = package.build("prod").template()
    with pytest.raises(Failure) as why:
        found.refuse(template, kept.names(template))
    return str(why.value)


def test_nothing_is_in_the_way_of_a_stage_in_an_empty_account(clients: Any) -> None:
    template = package.build("prod").template()
    found = finding.find(clients, "prod")
    found.refuse(template, kept.names(template))
    assert (bool(found), found.in_way) == (False, {})


def test_a_name_that_leads_to_a_key_of_somebody_else_is_not_taken_over(clients: Any) -> None:
    """Its policy would not keep others from signing, and CloudFormation would take it as its own."""
    key = signing_key(clients, "signs invoices")
    said = refused(finding.find(clients, "prod"))
    assert f"alias/expunge-prod-evidence names the KMS key {key}" in said
    assert "aws kms delete-alias --alias-name alias/expunge-prod-evidence" in said


def test_a_bucket_of_somebody_else_is_named_before_anything_is_made(clients: Any) -> None:
    """S3 gives a name once; CloudFormation would begin, fail and leave a stack that can only be deleted."""

    def forbidden(**_: Any) -> None:
        answer: Any = {"Error": {"Code": "403"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
        raise ClientError(answer, "HeadBucket")

    s3 = clients("s3")
    s3.meta.events.register("before-call.s3.HeadBucket", forbidden)
    found = finding.find(lambda service: s3 if service == "s3" else clients(service), "prod")
    assert found.evidence is None
    assert "bucket expunge-prod-evidence-123456789012-us-east-1 belongs to another account" in refused(found)
    bucket = "expunge-prod-evidence-123456789012-us-east-1"
    clients("s3").create_bucket(Bucket=bucket)  # ours, with a policy that lets nobody look
    assert finding._is_there(s3, bucket)


def test_a_secret_that_is_being_deleted_is_named_before_anything_is_made(clients: Any) -> None:
    manager = clients("secretsmanager")
    for name in ("expunge/prod/links", "expunge/prod/zoho/second", "expunge/prod/sources"):
        manager.create_secret(Name=name, SecretString="{}")
    for name in ("expunge/prod/links", "expunge/prod/zoho/second"):
        manager.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    found = finding.find(clients, "prod")
    assert set(found.secrets) == {"expunge/prod/sources"}  # what goes already is not deleted once more
    said = refused(found)
    assert "aws secretsmanager restore-secret --secret-id expunge/prod/links; then deploy again" in said
    assert "second" not in said  # no deployment makes one of that name


def test_a_table_of_another_program_is_neither_taken_over_nor_deleted(clients: Any) -> None:
    table(clients, ("id",))
    found = finding.find(clients, "prod")
    assert "table expunge-prod is none of Expunge's" in refused(found)
    assert not found.data
    leftovers.delete(clients, found)
    assert clients("dynamodb").list_tables()["TableNames"] == ["expunge-prod"]  # nor is it deleted


def test_the_stages_key_is_found_by_its_table_too(clients: Any) -> None:
    """A first deployment may have made key and table and no secret."""
    key = own_key(clients)
    table(clients, kms=clients("kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"])
    assert finding.find(clients, "prod").key == key


def test_of_two_keys_of_the_stage_the_one_that_its_data_have_is_taken(clients: Any) -> None:
    """A stage that gave up its key and has one again has left the first behind."""
    for _ in range(2):  # whatever ids they get
        first, second = own_key(clients), own_key(clients)
        manager = clients("secretsmanager")
        names = ["expunge/prod/zoho/old", "expunge/prod/sources", "expunge/prod/links"]
        for name, key in zip(names, (first, second, second), strict=True):
            manager.create_secret(Name=name, SecretString="{}", KmsKeyId=key)
        assert finding.find(clients, "prod").key == second
        for name in names:
            manager.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


@pytest.mark.parametrize("way", ["PendingDeletion", "Disabled"])
def test_data_whose_key_cannot_be_used_are_not_taken_over_as_if_they_had_none(clients: Any, way: str) -> None:
    """Nobody could read them, and the stage would be made for AWS's key."""
    key, kms = own_key(clients), clients("kms")
    clients("secretsmanager").create_secret(Name="expunge/prod/sources", SecretString="{}", KmsKeyId=key)
    if way == "Disabled":
        kms.disable_key(KeyId=key)
    else:
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    found = finding.find(clients, "prod")
    said = refused(found)
    assert f"{key}, the key of the stage's data, is {way}" in said
    assert f"aws kms enable-key --key-id {key}, then deploy again" in said
    assert (f"KMS key {key}" in found.deleted()) == (way == "Disabled")
    leftovers.delete(clients, found)  # once more is no error
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_a_key_that_is_gone_or_another_accounts_keeps_nobody_from_deploying_or_deleting(clients: Any) -> None:
    gone = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    foreign = "arn:aws:kms:us-east-1:999999999999:key/22222222-2222-2222-2222-222222222222"
    asked: list[str] = []
    kms = clients("kms")
    kms.meta.events.register("provide-client-params.kms", lambda params, **_: asked.append(params["KeyId"]))
    mine = lambda service: kms if service == "kms" else clients(service)  # noqa: E731
    assert stage_keys.own(mine, gone, "prod") is None
    assert stage_keys.own(mine, foreign, "prod") is None
    for named in ("alias/aws/secretsmanager", "arn:aws:kms:us-east-1:123456789012:alias/aws/dynamodb"):
        assert stage_keys.own(mine, named, "prod") is None
    assert asked == [gone]  # only its own account may say what the other is


class StackWithKey:
    """CloudFormation, asked for the stack's key."""

    def __init__(self, key: str) -> None:
        self._key = key

    def describe_stack_resource(self, **_: str) -> dict[str, Any]:
        return {"StackResourceDetail": {"PhysicalResourceId": self._key}}


def test_a_secret_under_a_key_that_the_stage_had_before_gets_the_one_that_it_has(clients: Any) -> None:
    """The functions may use that one only."""
    before, now = own_key(clients), own_key(clients)
    manager, name = clients("secretsmanager"), "expunge/prod/zoho/second"
    manager.create_secret(Name=name, SecretString="{}", KmsKeyId=before)
    cloudformation = StackWithKey(now)
    mine = lambda service: cloudformation if service == "cloudformation" else clients(service)  # noqa: E731
    moved = secret_keys.Move(mine, "prod", [], own=True)
    moved.settle(lambda _: True)
    assert manager.describe_secret(SecretId=name)["KmsKeyId"] == now
    assert moved.changes() == []


def test_a_repair_makes_no_other_key_in_the_place_of_one_that_can_be_had_back(clients: Any) -> None:
    """CloudFormation takes a key that is to be deleted for gone."""
    key, kms = signing_key(clients), clients("kms")
    assert finding.lost_key(clients, "prod", {"EvidenceKey": key}) == ""
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    for name in ("EvidenceKey", "Key"):
        said = finding.lost_key(clients, "prod", {name: key})
        assert f"aws kms cancel-key-deletion --key-id {key}" in said
    gone = "11111111-1111-1111-1111-111111111111"
    assert finding.lost_key(clients, "prod", {"EvidenceKey": gone}) == ""  # nor is there a bucket
    bucket = finding.bucket_name(clients, "prod")
    clients("s3").create_bucket(Bucket=bucket)
    assert finding.lost_key(clients, "prod", {"EvidenceKey": gone}) == ""  # it has signed nothing yet
    clients("s3").put_object(Bucket=bucket, Key="public-key.pem", Body=b"x")
    assert "another could not go on with" in finding.lost_key(clients, "prod", {"EvidenceKey": gone})


def deployed(tmp_path: Path, status: str, has: dict[str, str] | None = None) -> list[tuple[str, str | None]]:
    """The kinds and modes of the change sets of a deployment where CloudFormation answers so."""
    session = boto3.Session(region_name="us-east-1")
    account.clients(session)("s3").create_bucket(Bucket="packages")
    recorded = Recorded(session)
    Stack(session, status, has=has)
    file = tmp_path / "template.json"
    file.write_text(json.dumps(package.build("prod").template()), encoding="utf-8")
    packaged = Package("prod", tmp_path / "deployment.zip", file)
    packaged.zip_file.write_bytes(b"zip")
    deploy._deploy(session, packaged, {}, yes=True, bucket="packages", repair=False)
    asked = [given for name, given in recorded.of("cloudformation") if name == "CreateChangeSet"]
    return [(each["ChangeSetType"], each.get("DeploymentMode")) for each in asked]


def test_what_was_taken_over_is_set_to_what_the_template_says(tmp_path: Path, clients: Any) -> None:
    """An import only notes what the template says: an index that a newer version has would never be made."""
    table(clients)
    assert deployed(tmp_path, "") == [("IMPORT", None), ("UPDATE", "REVERT_DRIFT")]


def test_so_is_what_was_taken_into_a_stack_that_is_there(tmp_path: Path, clients: Any) -> None:
    table(clients)
    signing_key(clients)
    has = {name: name for name in package.build("prod").template()["Resources"] if "Evidence" not in name}
    assert deployed(tmp_path, "UPDATE_ROLLBACK_COMPLETE", has) == [
        ("IMPORT", None),
        ("UPDATE", "REVERT_DRIFT"),
    ]


@pytest.mark.parametrize(
    ("status", "functions", "mode"),
    [
        ("IMPORT_COMPLETE", True, "REVERT_DRIFT"),  # somebody has ended it between the two
        ("UPDATE_ROLLBACK_COMPLETE", False, "REVERT_DRIFT"),  # the deployment after the import failed
        ("UPDATE_COMPLETE", True, None),
    ],
)
def test_and_so_it_is_where_that_was_interrupted(
    tmp_path: Path, clients: Any, status: str, functions: bool, mode: str | None
) -> None:
    table(clients)
    key, template = signing_key(clients), package.build("prod").template()
    names = template["Resources"] if functions else kept.names(template)
    has = {name: key if name == "EvidenceKey" else name for name in names if name != "Key"}
    assert deployed(tmp_path, status, has) == [("UPDATE", mode)]


def test_what_is_taken_in_sets_nothing_right_while_the_table_is_gone(tmp_path: Path, clients: Any) -> None:
    signing_key(clients)
    has = {name: name for name in package.build("prod").template()["Resources"] if "Evidence" not in name}
    with pytest.raises(Failure, match="make restore-table STAGE=prod"):
        deployed(tmp_path, "UPDATE_ROLLBACK_COMPLETE", has)
