"""What of the packaged template is otherwise on the local stage than on AWS, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TLS_ONLY = ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy")


def localised(template: dict[str, Any], overrides: Mapping[str, str]) -> dict[str, Any]:
    """The template for the local AWS, with `overrides` in every function's environment. Changes it.

    Nothing is kept when the stack goes. The policies that shut out plain HTTP would shut out everybody, since
    the local AWS speaks nothing else on loopback: they stay, as without a policy of its own a topic admits
    its whole account, but shut out TLS instead. It takes the ARN of a role's session for the role's own, and
    does not know with which condition an object is written: it keeps to the condition, though.
    """
    resources = template["Resources"]
    for resource in resources.values():
        for key in ("DeletionPolicy", "UpdateReplacePolicy"):
            if key in resource:
                resource[key] = "Delete"
        if resource["Type"] in _TLS_ONLY:
            _shut_out_tls(resource["Properties"]["PolicyDocument"]["Statement"])
        _as_the_local_aws_sees_them(resource)
        if resource["Type"] == "AWS::DynamoDB::Table":
            resource["Properties"]["DeletionProtectionEnabled"] = False
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["Environment"]["Variables"].update(overrides)
    return template


def _shut_out_tls(statements: list[dict[str, Any]]) -> None:
    for statement in statements:
        if "aws:SecureTransport" in statement.get("Condition", {}).get("Bool", {}):
            statement["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}


def _as_the_local_aws_sees_them(resource: dict[str, Any]) -> None:
    """The policies that say who alone may write and sign, and who may send."""
    if resource["Type"] == "AWS::S3::BucketPolicy":
        document = resource["Properties"]["PolicyDocument"]
        document["Statement"] = [each for each in document["Statement"] if not _asks_how_written(each)]
        _name_sessions(document["Statement"])
    if resource["Type"] == "AWS::KMS::Key":
        _name_sessions(resource["Properties"]["KeyPolicy"]["Statement"])
    if resource["Type"] == "AWS::IAM::Role":
        for policy in resource["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                if "sqs:SendMessage" in statement["Action"]:  # on AWS it stands for batches too
                    statement["Action"] = [*statement["Action"], "sqs:SendMessageBatch"]


def _asks_how_written(statement: Mapping[str, Any]) -> bool:
    return "s3:if-none-match" in statement.get("Condition", {}).get("Null", {})


def _name_sessions(statements: list[dict[str, Any]]) -> None:
    """Who may do what nobody else may goes by the session's ARN here."""
    for statement in statements:
        unless = statement.get("Condition", {}).get("ArnNotLike", {}).get("aws:PrincipalArn")
        if unless:
            unless["Fn::Sub"] = (
                unless["Fn::Sub"].replace(":iam::", ":sts::").replace(":role/", ":assumed-role/") + "/*"
            )
