"""The bucket of the packages, and what is asked of CloudFormation, checked by AWS's own API model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from local import sam
from local.account import TIMEOUTS
from local.artifacts import Artifacts, tls_only
from local.change_sets import ChangeSets
from local.cloudformation import Deployer
from local.failure import Failure
from local.package import Package

ACCOUNT = "123456789012"


class Recorded:
    """Every request of a session as it was given to AWS's model, by service and operation."""

    def __init__(self, session: boto3.Session) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        session.events.register_last("provide-client-params", self._note)

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append((model.service_model.service_name, model.name, dict(params)))

    def of(self, service: str) -> list[tuple[str, dict[str, Any]]]:
        return [(name, params) for which, name, params in self.calls if which == service]


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "moto")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


def made(region: str = "eu-central-1") -> tuple[Artifacts, Recorded, Any]:
    session = boto3.Session(region_name=region)
    recorded = Recorded(session)
    found = Artifacts(session, endpoint_url=None, config=TIMEOUTS)
    return found, recorded, session.client("s3")


def uploaded(artifacts: Artifacts, bucket: str, directory: Path) -> str:
    """Uploads once the bucket's policy is away: moto overlooks a policy's condition and refuses everybody."""
    boto3.client("s3", region_name="us-east-1").delete_bucket_policy(Bucket=bucket)
    return artifacts.upload(bucket, packaged(directory), {"Resources": {}})


def packaged(directory: Path) -> Package:
    zip_file = directory / "deployment.zip"
    zip_file.write_bytes(b"zip")
    return Package("dev", zip_file, directory / "template.json")


def test_the_bucket_is_found_again_among_the_accounts_own_and_cannot_be_guessed() -> None:
    artifacts, _, client = made()
    client.create_bucket(
        Bucket=f"expunge-artifacts-{ACCOUNT}-eu-central-12-x",
        CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
    )
    name = artifacts.ensured(None)
    assert name.startswith(f"expunge-artifacts-{ACCOUNT}-eu-central-1-")
    assert len(name.rpartition("-")[2]) == 10
    assert made()[0].ensured(None) == name
    assert client.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    closed = client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}
    policy = json.loads(client.get_bucket_policy(Bucket=name)["Policy"])
    assert policy == tls_only(name, "aws")
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_bucket_that_an_earlier_version_made_is_kept_and_closed() -> None:
    artifacts, _, client = made("us-east-1")
    name = f"expunge-artifacts-{ACCOUNT}-us-east-1"
    client.create_bucket(Bucket=name)
    assert artifacts.ensured(None) == name
    assert client.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"


@pytest.mark.parametrize("bucket", [None, "my-own-packages"])
def test_every_call_says_whose_bucket_it_means(tmp_path: Path, bucket: str | None) -> None:
    artifacts, recorded, _ = made()
    for _ in range(2):
        uploaded(artifacts, artifacts.ensured(bucket), tmp_path)
    told = recorded.of("s3")
    assert {name for name, _ in told} >= {
        "CreateBucket",
        "PutObject",
        "PutBucketVersioning",
        "PutBucketPolicy",
    }
    unowned = {name for name, params in told if params.get("ExpectedBucketOwner") != ACCOUNT}
    assert unowned <= {"CreateBucket", "ListBuckets"}


def test_somebody_elses_bucket_is_not_used() -> None:
    artifacts, _, _ = made()

    def refused(**_: Any) -> None:
        answer: Any = {"Error": {"Code": "403"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
        raise ClientError(answer, "HeadBucket")

    artifacts._s3.meta.events.register("before-call.s3.HeadBucket", refused)
    with pytest.raises(Failure, match=f"not one of account {ACCOUNT} that may be used"):
        artifacts.ensured("taken")


@pytest.mark.parametrize(
    ("region", "host", "partition"),
    [
        ("eu-central-1", "https://s3.eu-central-1.amazonaws.com", "aws"),
        ("us-gov-west-1", "https://s3.us-gov-west-1.amazonaws.com", "aws-us-gov"),
        ("cn-north-1", "https://s3.cn-north-1.amazonaws.com.cn", "aws-cn"),
    ],
)
def test_addresses_and_names_are_those_of_the_partition(
    tmp_path: Path, region: str, host: str, partition: str
) -> None:
    artifacts, recorded, _ = made(region)
    bucket = artifacts.ensured(None)
    url = uploaded(artifacts, bucket, tmp_path)
    assert url.startswith(f"{host}/{bucket}/dev/")
    (policy,) = [params["Policy"] for name, params in recorded.of("s3") if name == "PutBucketPolicy"]
    assert f'"arn:{partition}:s3:::{bucket}"' in policy


def test_a_given_endpoint_is_where_the_template_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4599")
    artifacts = Artifacts(boto3.Session(region_name="eu-central-1"), endpoint_url=None, config=TIMEOUTS)
    assert artifacts._s3.meta.endpoint_url == "http://127.0.0.1:4599"


class Stack:
    """CloudFormation's answers about one stack, once botocore has checked the request; nothing is sent. Its
    state (empty: there is none), its events, its resources by logical id, its processed template, and the one
    change of every change set.
    """

    def __init__(
        self,
        session: boto3.Session,
        status: str,
        *events: dict[str, str],
        change: str = "Modify",
        has: dict[str, str] | None = None,
    ) -> None:
        self._status, self._events, self._change, self._has = status, list(events), change, has or {}
        answer: Any = self._answer
        session.events.register("before-call.cloudformation", answer)

    def _answer(self, model: Any, params: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        if model.name == "DescribeStacks" and not self._status:
            answer: Any = {"Error": {"Code": "ValidationError", "Message": "Stack does not exist"}}
            raise ClientError(answer, model.name)
        if model.name == "CreateChangeSet":
            self._kind = params["body"]["ChangeSetType"]
        if model.name == "ExecuteChangeSet":
            self._status = f"{self._kind}_COMPLETE"
        stack = {
            "StackStatus": self._status,
            "Parameters": [{"ParameterKey": "Stage", "ParameterValue": "dev"}],
            "Outputs": [],
        }
        body = {"Parameters": {"Stage": {"Type": "String"}}, "Resources": {"Table": {"Type": "T"}}}
        work = {"LogicalResourceId": "Work", "ResourceType": "AWS::Lambda::Function"}
        found: dict[str, Any] = {
            "DescribeStacks": {"Stacks": [stack]},
            "DescribeStackEvents": {"StackEvents": self._events},
            "ListStackResources": {
                "StackResourceSummaries": [
                    {"LogicalResourceId": n, "PhysicalResourceId": i, "ResourceStatus": "CREATE_COMPLETE"}
                    for n, i in self._has.items()
                ]
            },
            "GetTemplate": {"TemplateBody": body},
            "DescribeChangeSet": {
                "Status": "CREATE_COMPLETE",
                "ExecutionStatus": "AVAILABLE",
                "Changes": [{"ResourceChange": {"Action": self._change, **work}}],
            },
        }
        answer = {"ResponseMetadata": {"HTTPStatusCode": 200}, **found.get(model.name, {})}
        return SimpleNamespace(status_code=200), answer


@pytest.mark.parametrize(("repair", "mode"), [(False, None), (True, "REVERT_DRIFT")])
def test_a_repair_asks_aws_to_compare_with_what_is_there(
    tmp_path: Path, repair: bool, mode: str | None
) -> None:
    session = boto3.Session(region_name="us-east-1")
    session.client("s3").create_bucket(Bucket="packages")
    recorded, shown = Recorded(session), []
    Stack(session, "UPDATE_COMPLETE")
    deployer = Deployer(session, endpoint_url=None, config=TIMEOUTS)
    done = deployer.deploy(
        stack="expunge-dev",
        package=packaged(tmp_path),
        template={"Parameters": {}, "Resources": {}},
        parameters={"Stage": "dev"},
        bucket="packages",
        approve=lambda changes: not shown.extend(changes),  # type: ignore[func-returns-value]  # extend gives None: taken for yes or no
        repair=repair,
    )
    assert (done.changed, [each.resource for each in shown]) == (True, ["Work"])
    (asked,) = [params for name, params in recorded.of("cloudformation") if name == "CreateChangeSet"]
    assert (asked["ChangeSetType"], asked.get("DeploymentMode")) == ("UPDATE", mode)
    model = session.client("cloudformation").meta.service_model
    shape: Any = model.operation_model("CreateChangeSet").input_shape
    assert shape.members["DeploymentMode"].enum == ["REVERT_DRIFT"]


def test_what_is_not_there_yet_cannot_have_drifted(tmp_path: Path) -> None:
    session = boto3.Session(region_name="us-east-1")
    session.client("s3").create_bucket(Bucket="packages")
    recorded = Recorded(session)
    Stack(session, "REVIEW_IN_PROGRESS")
    Deployer(session, endpoint_url=None, config=TIMEOUTS).deploy(
        stack="expunge-dev",
        package=packaged(tmp_path),
        template={"Parameters": {}, "Resources": {}},
        parameters={"Stage": "dev"},
        bucket="packages",
        approve=lambda _: True,
        repair=True,
    )
    (asked,) = [params for name, params in recorded.of("cloudformation") if name == "CreateChangeSet"]
    assert (asked["ChangeSetType"], "DeploymentMode" in asked) == ("CREATE", False)


@pytest.mark.parametrize(
    ("status", "way"),
    [
        ("ROLLBACK_COMPLETE", "aws cloudformation delete-stack --stack-name expunge-dev, then deploy again"),
        ("ROLLBACK_FAILED", "aws cloudformation delete-stack --stack-name expunge-dev, then deploy again"),
        ("CREATE_FAILED", "aws cloudformation delete-stack --stack-name expunge-dev, then deploy again"),
        ("DELETE_FAILED", "aws cloudformation describe-stack-events --stack-name expunge-dev says why"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name expunge-dev"),
        ("UPDATE_IN_PROGRESS", "wait until that is over, then try again"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "wait until that is over, then try again"),
    ],
)
def test_a_stack_that_takes_no_change_is_named_with_its_way_out(status: str, way: str) -> None:
    session = boto3.Session(region_name="us-east-1")
    Stack(session, status)
    deployer = Deployer(session, endpoint_url=None, config=TIMEOUTS)
    with pytest.raises(Failure, match=way):
        deployer.parameters("expunge-dev")
    assert deployer.is_there("expunge-dev")  # so that its data can be deleted


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "UPDATE_COMPLETE"])
def test_a_stack_that_works_takes_changes(status: str) -> None:
    session = boto3.Session(region_name="us-east-1")
    Stack(session, status)
    deployer = Deployer(session, endpoint_url=None, config=TIMEOUTS)
    assert deployer.parameters("expunge-dev") == {"Stage": "dev"}


def happened(resource: str, status: str, reason: str = "") -> dict[str, str]:
    own = {
        "PhysicalResourceId": "arn:stack" if resource == "expunge-dev" else resource,
        "StackId": "arn:stack",
    }
    return {**own, "LogicalResourceId": resource, "ResourceStatus": status, "ResourceStatusReason": reason}


def test_the_reason_is_that_of_this_deployment_and_not_of_one_before() -> None:
    session = boto3.Session(region_name="us-east-1")
    newest_first = [
        happened("expunge-dev", "UPDATE_ROLLBACK_COMPLETE"),
        happened("expunge-dev", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
        happened("expunge-dev", "UPDATE_ROLLBACK_IN_PROGRESS"),
        happened("Poll", "UPDATE_FAILED", "Resource update cancelled"),
        happened("Work", "UPDATE_FAILED", "no such architecture"),
        happened("expunge-dev", "UPDATE_IN_PROGRESS", "User Initiated"),
        happened("expunge-dev", "UPDATE_ROLLBACK_COMPLETE"),
        happened("Table", "UPDATE_FAILED", "of last month"),
        happened("expunge-dev", "UPDATE_IN_PROGRESS", "User Initiated"),
    ]
    Stack(session, "UPDATE_ROLLBACK_COMPLETE", *newest_first)
    sets = ChangeSets(session.client("cloudformation"))
    with pytest.raises(Failure, match="Work: no such architecture"):
        sets.finish("expunge-dev", "stack_update_complete")


def test_what_a_failed_deployment_has_left_becomes_part_of_the_stack_as_it_is() -> None:
    session = boto3.Session(region_name="us-east-1")
    s3 = session.client("s3")
    s3.create_bucket(Bucket="packages")
    recorded, shown = Recorded(session), []
    Stack(session, "UPDATE_ROLLBACK_COMPLETE", change="Import")
    deployer = Deployer(session, endpoint_url=None, config=TIMEOUTS)
    added = {"EvidenceKey": {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain", "D": {"Ref": "Stage"}}}
    wanted = {"stack": "expunge-dev", "resources": [], "bucket": "packages"}
    with pytest.raises(Failure, match="not applied"):
        deployer.take_in(
            **wanted,  # type: ignore[arg-type]  # a deployer as far as it is used
            added=added,
            approve=lambda changes: bool(shown.extend(changes)),  # type: ignore[func-returns-value]  # extend gives None: taken for yes or no
        )
    assert [(each.action, each.resource) for each in shown] == [("Import", "Work")]
    (asked,) = [params for name, params in recorded.of("cloudformation") if name == "CreateChangeSet"]
    assert asked["ChangeSetType"] == "IMPORT"
    assert asked["Parameters"] == [{"ParameterKey": "Stage", "UsePreviousValue": True}]
    (stage,) = [
        params["TemplateStage"] for name, params in recorded.of("cloudformation") if name == "GetTemplate"
    ]
    assert stage == "Processed"  # an import knows no transforms
    sent = s3.get_object(Bucket="packages", Key=asked["TemplateURL"].partition("/packages/")[2])[
        "Body"
    ].read()
    assert json.loads(sent)["Resources"] == {"Table": {"Type": "T"}, **added}
    new = {"EvidenceKey": {"Type": "AWS::KMS::Key", "Properties": {"Days": {"Ref": "NewDays"}}}}
    with pytest.raises(Failure, match="expunge-dev has no NewDays"):
        deployer.take_in(**wanted, added=new, approve=lambda _: True)  # type: ignore[arg-type]  # a deployer as far as it is used


def test_what_is_sent_is_byte_for_byte_what_make_package_writes(tmp_path: Path) -> None:
    template = {"Resources": {"B": {"Type": "T"}, "A": {"Type": "T"}}, "Parameters": {}}
    artifacts, _, client = made()
    bucket = artifacts.ensured(None)
    boto3.client("s3", region_name="us-east-1").delete_bucket_policy(Bucket=bucket)
    url = artifacts.upload(bucket, packaged(tmp_path), template)
    sent = client.get_object(Bucket=bucket, Key=url.partition(f"/{bucket}/")[2])["Body"].read()
    assert sent.decode() == sam.text(template)

    session = boto3.Session(region_name="us-east-1")
    recorded = Recorded(session)
    Stack(session, "REVIEW_IN_PROGRESS")
    deployer = Deployer(session, endpoint_url=None, config=TIMEOUTS)
    with pytest.raises(Failure, match="not applied"):
        deployer.adopt("expunge-dev", template, {}, [], lambda _: False)
    (asked,) = [params for name, params in recorded.of("cloudformation") if name == "CreateChangeSet"]
    assert (asked["ChangeSetType"], asked["TemplateBody"]) == ("IMPORT", sam.text(template))
