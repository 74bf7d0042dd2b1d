"""The template against AWS's own material: its SAM transform, IAM's actions, and moto's CloudFormation.

The tools live in an environment of their own, which `make test` and `make check` make.
"""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from chalice.test import Client

from app import app
from local import kept, package
from local.settings import ROOT

PYTHON = ROOT / ".venvs/aws/bin/python"
STAGES = ("dev", "prod", "eu-staging-2")
REGIONS = ("eu-central-1", "us-gov-west-1", "cn-north-1")
MOTOS = ("eu-central-1", "cn-north-1")  # moto does not find its own roles again in GovCloud
PUBLIC = {
    ("post", "/v1/sources/{source}/deletions"),
    ("get", "/v1/deletions/{id}"),
    ("get", "/v1/deletions/{id}/records"),
}
OPTIONS = {
    "none": {},
    "all": {"CustomerKey": "true", "AccessLogs": "true", "AlarmEmail": "ops@example.com"},
    "no evidence": {"Evidence": "false"},
}
TO_COPY = ("deployer", "deployer-evidence", "deployer-watch", "operator", "auditor")
#: What parliament says of patterns, lists, the transform's own ARN, and of who may write a bucket's policy.
KNOWN_TO_BE_WIDE = (
    *(
        "RESOURCE_MISMATCH",
        "RESOURCE_STAR: ['cloudwatch:DescribeAlarms']",
        "RESOURCE_POLICY_PRIVILEGE_ESCALATION",
    ),
    "INVALID_ARN: Account expected to be of form like 123456789012 {'string': 'arn:aws:cloudformation:",
)
#: The most characters that AWS takes, by the end of the resource's type and the property that names it.
MOST_CHARACTERS = {
    "S3::Bucket BucketName": 63, "Serverless::Function FunctionName": 64, "SQS::Queue QueueName": 80,
    "KMS::Alias AliasName": 256, "DynamoDB::Table TableName": 255, "SNS::Topic TopicName": 256,
    "SecretsManager::Secret Name": 512, "Logs::LogGroup LogGroupName": 512,
    "CloudWatch::Alarm AlarmName": 255, "CloudWatch::Dashboard DashboardName": 255,
}  # fmt: skip
#: What parliament says of a key's own policy, in which "*" means the key.
OF_A_KEY = "RESOURCE_STAR"


def tool(command: str, given: dict[str, Any]) -> dict[str, Any]:
    assert PYTHON.exists(), "the tools are missing: make .venvs/aws/.ready"
    script = str(Path(__file__).with_name("aws_tools.py"))
    done = subprocess.run(
        [str(PYTHON), "-I", script, command],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@cache
def translated(stage: str, region: str, options: str = "none") -> dict[str, Any]:
    given = {
        "template": package.build(stage).template(),
        "region": region,
        "parameters": chosen(stage, options),
    }
    return tool("translate", given)


def chosen(stage: str, options: str) -> dict[str, str]:
    return {"Stage": stage, **OPTIONS[options]}


def of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [e["Properties"] for e in template["Resources"].values() if e["Type"] == kind]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("stage", STAGES)
def test_aws_makes_one_stage_of_the_api_and_it_is_throttled(stage: str, region: str) -> None:
    """Without OpenApiVersion the transform makes another one, `Stage`: public, without any of this."""
    made = translated(stage, region)
    [only] = of_type(made, "AWS::ApiGateway::Stage")
    assert only["StageName"] == stage
    assert all("StageName" not in each for each in of_type(made, "AWS::ApiGateway::Deployment"))
    limits = made["Mappings"]["Limits"][stage]
    for each in only["MethodSettings"]:
        for name, limit in (("ThrottlingRateLimit", "RateLimit"), ("ThrottlingBurstLimit", "BurstLimit")):
            assert each[name] == {"Fn::FindInMap": ["Limits", {"Ref": "Stage"}, limit]}
            assert limits[limit] > 0


@pytest.mark.parametrize("stage", STAGES)
def test_strangers_cannot_run_up_metrics(stage: str) -> None:
    """A method with detailed metrics costs five of them once somebody has called it, refused or not."""
    made = translated(stage, "eu-central-1")
    [only] = of_type(made, "AWS::ApiGateway::Stage")
    [api] = of_type(made, "AWS::ApiGateway::RestApi")
    methods = sum(len(each) for each in api["Body"]["paths"].values())
    detailed = [each for each in only["MethodSettings"] if each["MetricsEnabled"]]
    everywhere = [each for each in detailed if "*" in each["ResourcePath"] or each["HttpMethod"] == "*"]
    assert (methods if everywhere else len(detailed)) <= 10


@pytest.mark.parametrize("stage", STAGES)
def test_a_method_is_behind_iam_or_one_of_three_or_answers_405(stage: str) -> None:
    [api] = of_type(translated(stage, "eu-central-1"), "AWS::ApiGateway::RestApi")
    open_to_all = set()
    with Client(app) as client:
        for path, methods in api["Body"]["paths"].items():
            for method, each in methods.items():
                if each.get("security") == [{"sigv4": []}]:
                    continue
                filled = path.replace("{", "").replace("}", "")
                if (method, path) not in PUBLIC:
                    assert client.http.request(method.upper(), filled).status_code == 405, (method, path)
                else:
                    open_to_all.add((method, path))
    assert open_to_all == PUBLIC
    assert api["Body"]["securityDefinitions"]["sigv4"]["x-amazon-apigateway-authtype"] == "awsSigv4"


@cache
def deployed(region: str, options: str) -> dict[str, Any]:
    made = translated("prod", region, options)
    return tool("deploy", {"template": made, "region": region, "parameters": chosen("prod", options)})


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("region", MOTOS)
def test_another_cloudformation_deploys_what_it_supports(region: str, options: str) -> None:
    found = deployed(region, options)
    assert found["status"] == "CREATE_COMPLETE"
    assert {"Table", "WorkQueue", "APIHandler", "Work", "Poll", "Retention"} <= found["resources"].keys()
    assert ("Key" in found["resources"]) == (options == "all")
    evidence = {n for n in found["resources"] if "Evidence" in n}
    always = {"EvidenceAlias", "EvidenceBucket", "EvidenceKey"}
    assert evidence >= always
    assert (evidence <= always) == (options == "no evidence"), "nothing of the function is left without it"


@pytest.mark.parametrize("region", MOTOS)
def test_every_policy_names_actions_resources_and_conditions_that_iam_knows(region: str) -> None:
    policies = deployed(region, "all")["policies"]
    assert len(policies) == 12
    partition = "aws-cn" if region == "cn-north-1" else "aws"
    assert f"arn:{partition}:dynamodb:{region}:" in json.dumps(policies["WorkRole:WorkRolePolicy"])
    told = tool("findings", {"policies": policies})
    assert {name: [t for t in each if not t.startswith(OF_A_KEY)] for name, each in told.items()} == {
        name: [] for name in policies
    }
    assert [name for name, each in told.items() if each] == ["EvidenceKey:policy", "Key:policy"]


def test_the_policies_to_copy_name_actions_and_conditions_that_iam_knows() -> None:
    policies = {n: json.loads((ROOT / f"docs/iam/{n}.json").read_text(encoding="utf-8")) for n in TO_COPY}
    told = tool("findings", {"policies": policies})
    for name, document in policies.items():
        on_something = [each for each in document["Statement"] if each["Resource"] != "*"]
        named = {
            action for each in document["Statement"] if each["Resource"] == "*" for action in each["Action"]
        }
        given = {action for each in on_something for action in each["Action"]} - named
        for text in told[name]:
            assert text.startswith(KNOWN_TO_BE_WIDE), (name, text)
            # Of a pattern some actions have no such resource. Who names one by its name means that one.
            misfits = set(re.findall(r"'action': '([^']+)'", text)) if "MISMATCH" in text else set()
            assert misfits & given <= {"logs:DescribeIndexPolicies"}, (name, text)


def test_no_name_of_the_longest_stage_in_the_longest_region_is_too_long() -> None:
    stage, region = "a-stage-of-16-ch", "ap-southeast-1"
    assert len(stage) == 16
    place = {
        "Stage": stage,
        "AWS::Region": region,
        "AWS::AccountId": "1" * 12,
        "AWS::Partition": "aws-us-gov",
    }
    resources, looked = package.build("prod").template()["Resources"], 0
    for name, each in resources.items():
        for field, most in MOST_CHARACTERS.items():
            kind, _, key = field.partition(" ")
            named = each.get("Properties", {}).get(key) if each["Type"].endswith(kind) else None
            if isinstance(named, dict) and "Fn::Sub" in named:
                text = named["Fn::Sub"]
                for variable, value in place.items():
                    text = text.replace(f"${{{variable}}}", value)
                assert len(text) <= most, name
                looked += 1
    # A role that CloudFormation names: the policies that let one role write and sign go by how it begins.
    role = f"expunge-{stage}-WriteEvidenceRole-{'X' * 13}"
    assert "WriteEvidenceRole" in resources
    assert len(role) <= 64
    assert looked > 20


@pytest.mark.parametrize("region", REGIONS)
def test_without_evidence_only_bucket_and_key_are_there_for_when_it_is_turned_on(region: str) -> None:
    """What the transform makes of the function has its condition too, and nothing else needs it."""
    made = translated("prod", region)["Resources"]
    off = {name for name, each in made.items() if each.get("Condition") == "EvidenceOn"}
    about = {name for name in made if "Evidence" in name}
    assert about - off == {"EvidenceAlias", "EvidenceBucket", "EvidenceBucketPolicy", "EvidenceKey"}
    for key in ("true", "false"):
        holds = kept.Conditions(translated("prod", region), {"Evidence": "false", "CustomerKey": key})
        there = [each for name, each in made.items() if kept.applies({"Resources": made}, name, holds)]
        assert not kept.refers(kept.decided(there, holds)) & off


def test_a_policy_with_an_action_that_does_not_exist_is_found() -> None:
    statement = {"Effect": "Allow", "Action": "sqs:SendMessages", "Resource": "arn:aws:sqs:eu-central-1:1:q"}
    told = tool("findings", {"policies": {"bad": {"Version": "2012-10-17", "Statement": [statement]}}})
    assert told["bad"][0].startswith("UNKNOWN_ACTION")
