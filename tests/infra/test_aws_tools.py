"""The template against AWS's own material: its SAM transform, IAM's actions, and moto's CloudFormation.

The tools live in an environment of their own, which `make test` and `make check` make.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from chalice.test import Client

from app import app
from local import package
from local.settings import ROOT

PYTHON = ROOT / ".venvs/aws/bin/python"
STAGES = ("dev", "prod", "eu-staging-2")
REGIONS = ("eu-central-1", "us-gov-west-1", "cn-north-1")
PUBLIC = {
    ("post", "/v1/sources/{source}/deletions"),
    ("get", "/v1/deletions/{id}"),
    ("get", "/v1/deletions/{id}/records"),
}
OPTIONS = {"CustomerKey": "true", "AccessLogs": "true", "AlarmEmail": "ops@example.com"}
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
def translated(stage: str, region: str, options: bool = False) -> dict[str, Any]:
    given = {
        "template": package.build(stage).template(),
        "region": region,
        "parameters": chosen(stage, options),
    }
    return tool("translate", given)


def chosen(stage: str, options: bool) -> dict[str, str]:
    return {"Stage": stage, **(OPTIONS if options else {})}


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
def deployed(region: str, options: bool) -> dict[str, Any]:
    made = translated("prod", region, options)
    return tool("deploy", {"template": made, "region": region, "parameters": chosen("prod", options)})


@pytest.mark.parametrize("options", [False, True])
@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1"])
def test_another_cloudformation_deploys_what_it_supports(region: str, options: bool) -> None:
    found = deployed(region, options)
    assert found["status"] == "CREATE_COMPLETE"
    assert {"Table", "WorkQueue", "APIHandler", "Work", "Poll", "Retention"} <= found["resources"].keys()
    assert ("Key" in found["resources"]) == options


@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1"])
def test_every_policy_names_actions_resources_and_conditions_that_iam_knows(region: str) -> None:
    policies = deployed(region, True)["policies"]
    assert len(policies) == 12
    partition = "aws-cn" if region == "cn-north-1" else "aws"
    assert f"arn:{partition}:dynamodb:{region}:" in json.dumps(policies["WorkRole:WorkRolePolicy"])
    told = tool("findings", {"policies": policies})
    assert {name: [t for t in each if not t.startswith(OF_A_KEY)] for name, each in told.items()} == {
        name: [] for name in policies
    }
    assert [name for name, each in told.items() if each] == ["EvidenceKey:policy", "Key:policy"]


def test_a_policy_with_an_action_that_does_not_exist_is_found() -> None:
    statement = {"Effect": "Allow", "Action": "sqs:SendMessages", "Resource": "arn:aws:sqs:eu-central-1:1:q"}
    told = tool("findings", {"policies": {"bad": {"Version": "2012-10-17", "Statement": [statement]}}})
    assert told["bad"][0].startswith("UNKNOWN_ACTION")
