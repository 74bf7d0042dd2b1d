"""Run by itself in .venvs/aws: what AWS's own tools and a second emulator make of a template.

`aws_tools.py translate|deploy|findings`, JSON on standard input and output:

* translate: `{"template", "region", "parameters"}`: what AWS's SAM transform makes of it
* deploy: `{"template", "region", "parameters"}`, translated: moto's CloudFormation deploys what it supports;
  the answer has `status`, `left_out` (types that moto does not know), `resources` (names by logical id) and
  `policies` (documents with everything resolved, by name)
* findings: `{"policies"}`: what parliament says about each, by AWS's actions, resources and conditions
"""

from __future__ import annotations

import ast
import json
import os
import sys
import warnings
from typing import Any

ACCOUNT = "123456789012"
BUCKET, KEY = "packages-of-a-test", "code.zip"


def translate(given: dict[str, Any]) -> dict[str, Any]:
    os.environ["AWS_DEFAULT_REGION"] = given["region"]
    from samtranslator.translator.transform import transform  # type: ignore[import-not-found]  # make test's own environment has it

    template = given["template"]
    for each in template["Resources"].values():
        if each["Type"] == "AWS::Serverless::Function":
            each["Properties"]["CodeUri"] = {"Bucket": BUCKET, "Key": KEY}

    class NoManagedPolicies:
        def load(self) -> dict[str, str]:
            return {}

    made: dict[str, Any] = transform(template, given["parameters"], NoManagedPolicies())
    return made


def _supported(template: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The template without what moto knows no way to make, and the types of that."""
    from moto.cloudformation.parsing import get_model_map

    # moto overlooks the document of an API, and then finds no methods to deploy.
    known = {each for each in get_model_map() if not each.startswith("AWS::ApiGateway::")}
    out = {n: e["Type"] for n, e in template["Resources"].items() if e["Type"] not in known}
    kept = {n: e for n, e in template["Resources"].items() if n not in out}

    def without(value: Any) -> Any:
        if isinstance(value, list):
            return [without(each) for each in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Fn::GetAtt"} and value["Fn::GetAtt"][0] in out:
            name = template["Resources"][value["Fn::GetAtt"][0]]["Properties"]["Name"]["Fn::Sub"]
            start = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
            return {"Fn::Sub": f"{start}{name}-AbCdEf"}
        if set(value) == {"Ref"} and value["Ref"] in out:
            return value["Ref"]
        return {key: without(each) for key, each in value.items()}

    used = json.dumps(kept)
    outputs = {n: e for n, e in template.get("Outputs", {}).items() if not _names_one_of(e, out)}
    small = {**template, "Resources": without(json.loads(used)), "Outputs": outputs}
    return small, sorted(set(out.values()))


def _names_one_of(value: Any, names: dict[str, str]) -> bool:
    text = json.dumps(value)
    return any(f'"{name}"' in text or f"${{{name}" in text for name in names)


def deploy(given: dict[str, Any]) -> dict[str, Any]:
    import boto3
    from moto import mock_aws

    warnings.simplefilter("ignore")
    region = given["region"]
    template, left_out = _supported(given["template"])
    with mock_aws():
        session = boto3.Session(region_name=region, aws_access_key_id="moto", aws_secret_access_key="moto")
        s3 = session.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": region})
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"PK\5\6" + b"\0" * 18)
        cfn = session.client("cloudformation")
        cfn.create_stack(
            StackName="expunge-test",
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in given["parameters"].items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        [stack] = cfn.describe_stacks(StackName="expunge-test")["Stacks"]
        pages = cfn.get_paginator("list_stack_resources").paginate(StackName="expunge-test")
        listed = [each for page in pages for each in page["StackResourceSummaries"]]
        found = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}
        kinds = {each["LogicalResourceId"]: each["ResourceType"] for each in listed}
        return {
            "status": stack["StackStatus"],
            "left_out": left_out,
            "resources": found,
            "policies": _policies(session, found, kinds),
        }


def _policies(session: Any, found: dict[str, str], kinds: dict[str, str]) -> dict[str, Any]:
    iam, kms = session.client("iam"), session.client("kms")
    made: dict[str, Any] = {}
    for name, place in found.items():
        match kinds[name]:
            case "AWS::IAM::Role":
                for policy in iam.list_role_policies(RoleName=place)["PolicyNames"]:
                    text = iam.get_role_policy(RoleName=place, PolicyName=policy)["PolicyDocument"]
                    made[f"{name}:{policy}"] = _parsed(text)
            case "AWS::KMS::Key":
                made[f"{name}:policy"] = _parsed(
                    kms.get_key_policy(KeyId=place, PolicyName="default")["Policy"]
                )
    return made


def _parsed(policy: Any) -> Any:
    """Moto keeps a policy as whatever it was given: a document, its JSON, or Python's words for it.

    It gives a log group another ARN than AWS does, where it ends with `:*`.
    """
    if isinstance(policy, str):
        policy = json.loads(policy) if policy.startswith('{"') else ast.literal_eval(policy)
    for statement in policy["Statement"]:
        if ":log-group:" in statement["Resource"] and isinstance(statement["Resource"], str):
            statement["Resource"] = statement["Resource"].removesuffix(":*") + ":*"
    return policy


def findings(given: dict[str, Any]) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    from parliament import analyze_policy_string  # type: ignore[import-not-found]  # make test's own environment has it

    told: dict[str, list[str]] = {}
    for name, document in given["policies"].items():
        analysed = analyze_policy_string(json.dumps(document), ignore_private_auditors=True)
        told[name] = [f"{each.issue}: {each.detail} {each.location}" for each in analysed.findings]
    return told


if __name__ == "__main__":
    commands = {"translate": translate, "deploy": deploy, "findings": findings}
    json.dump(commands[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
