"""What of the packaged template is otherwise on the local stage than on AWS, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TLS_ONLY = ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")


def localised(template: dict[str, Any], overrides: Mapping[str, str]) -> dict[str, Any]:
    """The template for the local AWS, with `overrides` in every function's environment. Changes it.

    Nothing is kept when the stack goes. The policies that shut out plain HTTP would shut out everybody, since
    the local AWS speaks nothing else on loopback: they stay, as without a policy of its own a topic admits
    its whole account, but shut out TLS instead.
    """
    resources = template["Resources"]
    for resource in resources.values():
        for key in ("DeletionPolicy", "UpdateReplacePolicy"):
            if key in resource:
                resource[key] = "Delete"
        if resource["Type"] in _TLS_ONLY:
            _shut_out_tls(resource["Properties"]["PolicyDocument"]["Statement"])
        if resource["Type"] == "AWS::DynamoDB::Table":
            resource["Properties"]["DeletionProtectionEnabled"] = False
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["Environment"]["Variables"].update(overrides)
    return template


def _shut_out_tls(statements: list[dict[str, Any]]) -> None:
    for statement in statements:
        if statement["Effect"] == "Deny":
            statement["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}
