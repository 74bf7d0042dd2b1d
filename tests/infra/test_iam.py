"""The policies of docs/iam against AWS's own resource schemas, and against what the stage is made of."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint  # type: ignore[import-untyped]  # it has no types
import pytest

from local import package
from local.settings import ROOT

#: A deployer has all of these: one policy would be too long.
DEPLOYER = ("deployer", "deployer-evidence", "deployer-watch")
POLICIES = (*DEPLOYER, "operator", "auditor")
#: What AWS's SAM transform makes of its own types, as far as the package uses them.
SERVERLESS = {
    "AWS::Serverless::Function": [
        "AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission",
        "AWS::Lambda::EventInvokeConfig", "AWS::Events::Rule",
    ],
    "AWS::Serverless::Api": [
        "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Deployment", "AWS::ApiGateway::Stage",
    ],
}  # fmt: skip
#: Parts of a resource type that no template of ours uses.
UNUSED = re.compile(
    r"ec2:|elasticfilesystem:|s3files:|kinesis:|firehose:|s3:REST|s3:GetObjectMetadata|iam:CreateServiceLinkedRole"
    r"|iam:(Get|Put|Delete)(User|Group)Policy|iam:\w*PermissionsBoundary|\w+:\w*CodeSigning|lambda:PassCapacity"
    r"|lambda:AssociateRuntimeAlias|lambda:GetLayerVersion|lambda:\w*ScalingConfig|logs:\w*(Kms|LogDelivery|Bearer)"
    r"|logs:\w*(IndexPolicy|ResourcePolic\w*|DataProtectionPolicy|DeletionProtection)$|sns:PutDataProtection\w*"
    r"|logs:(CreateLogStream|DescribeLogStreams|PutLogEvents)|secretsmanager:\w*Region\w*|kms:(Disable|EnableKey$)\w*"
    r"|dynamodb:(\w*Replica|ImportTable|DescribeImport|\w*Kinesis\w*|\w*ResourcePolicy)|kms:RevokeGrant"
    r"|s3tables:\w+|s3:\w*(Metadata\w*Table|Accelerate|Analytics|Cors|CORS|Website|Replication|Tiering|Inventory)\w*"
    r"|s3:(Put|Delete)\w*(Metrics|Notification|Logging|Acl|Abac|Encryption$|Lifecycle$)\w*|s3:PutObjectLockConfig\w+"
    r"|sqs:ListQueues|iam:ListRoles|dynamodb:(BatchWriteItem|DeleteItem|GetItem|PutItem|Query|Scan|UpdateItem)"
)
#: What a deployer may not do: data are deleted, and secrets read, by somebody else.
WITHHELD = {
    "s3:DeleteBucket", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention",
    "kms:Sign",
    "dynamodb:DeleteTable", "kms:ScheduleKeyDeletion",
    "secretsmanager:DeleteSecret", "secretsmanager:GetSecretValue",
}  # fmt: skip


@cache
def policy(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / f"docs/iam/{name}.json").read_text(encoding="utf-8"))
    return found


def allowed(name: str) -> list[str]:
    return [action for each in policy(name)["Statement"] for action in each["Action"]]


def may(name: str, action: str) -> bool:
    given = [each for one in (DEPLOYER if name == "deployer" else [name]) for each in allowed(one)]
    return any(fnmatchcase(action, pattern) for pattern in given)


@cache
def handlers() -> dict[str, set[str]]:
    """By resource type: what its creation, change, deletion and reading need, as AWS's schema says."""
    found: dict[str, set[str]] = {}
    for file in (Path(cfnlint.__file__).parent / "data/schemas/resources").glob("*.json"):
        schema = json.loads(file.read_text(encoding="utf-8"))
        needs = [h.get("permissions", []) for kind, h in schema.get("handlers", {}).items() if kind != "list"]
        found.setdefault(schema.get("typeName", ""), set()).update(p for each in needs for p in each)
    return found


def test_a_deployer_may_do_what_the_stages_resources_need() -> None:
    types = {each["Type"] for each in package.build("prod").template()["Resources"].values()}
    made = {inner for kind in types for inner in SERVERLESS.get(kind, [kind])}
    assert made <= set(handlers())
    needed = {p for kind in made for p in handlers()[kind] if not UNUSED.match(p)} - WITHHELD
    assert len(needed) > 100
    assert sorted(p for p in needed if not may("deployer", p)) == []


@pytest.mark.parametrize(
    "action", sorted(WITHHELD | {"dynamodb:GetItem", "dynamodb:Query", "lambda:InvokeFunction"})
)
def test_a_deployer_neither_deletes_data_nor_reads_them(action: str) -> None:
    assert not may("deployer", action)


def test_an_auditor_changes_nothing_and_sees_no_secret() -> None:
    reading = re.compile(r"\w[\w-]*:(Describe|Get|List|Filter|Query|BatchGet|StartLiveTail)\w*\*?$")
    odd = [action for action in allowed("auditor") if not reading.match(action)]
    assert odd == ["execute-api:Invoke"]
    assert not may("auditor", "secretsmanager:GetSecretValue")
    (api,) = [each for each in policy("auditor")["Statement"] if each["Action"] == ["execute-api:Invoke"]]
    assert all("/GET/v1/operator/" in resource for resource in api["Resource"])


@pytest.mark.parametrize("name", POLICIES)
def test_nothing_is_given_on_everything_but_lists_and_what_has_no_name_yet(name: str) -> None:
    for each in policy(name)["Statement"]:
        resources = each["Resource"] if isinstance(each["Resource"], list) else [each["Resource"]]
        if "*" in resources and "Condition" not in each:
            # AWS knows no resource for a subscription's own actions (Service Authorization Reference).
            named = r":(Describe|List|Get)\w+$|:CreateKey$|^sns:(SetSubscriptionAttributes|Unsubscribe)$"
            assert all(re.search(named, action) for action in each["Action"]), each["Sid"]
        else:
            assert all("*" not in action.partition(":")[0] for action in each["Action"])
            assert not any(action.endswith(":*") for action in each["Action"])


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_fits_into_one_managed_policy_whatever_the_stage_and_the_region_are(name: str) -> None:
    text = json.dumps(policy(name), separators=(",", ":"))
    for there, longest in (
        ("arn:aws:", "arn:aws-us-gov:"), ("eu-central-1", "ap-southeast-1"),
        ("expunge-prod", f"expunge-{'x' * 16}"), ("expunge/prod", f"expunge/{'x' * 16}"),
        ("/prod/", f"/{'x' * 16}/"),
    ):  # fmt: skip
        text = text.replace(there, longest)
    assert len(text) <= 6144


def test_only_one_repository_and_environment_may_deploy() -> None:
    (statement,) = policy("deployer-trust")["Statement"]
    conditions = statement["Condition"]["StringEquals"]
    assert conditions["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    assert conditions["token.actions.githubusercontent.com:sub"] == "repo:OWNER/REPOSITORY:environment:prod"
