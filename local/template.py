"""What of the packaged template is otherwise on the local stage than on AWS, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TLS_ONLY = ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")


def localised(template: dict[str, Any], overrides: Mapping[str, str]) -> dict[str, Any]:
    """The template for the local AWS, with `overrides` in every function's environment. Changes its argument.

    Nothing is kept when the stack goes; and the policies that admit TLS only would shut everybody out, since
    the local AWS speaks plain HTTP on loopback.
    """
    resources = template["Resources"]
    for name in [n for n, r in resources.items() if r["Type"] in _TLS_ONLY]:
        del resources[name]
    for resource in resources.values():
        for key in ("DeletionPolicy", "UpdateReplacePolicy"):
            if key in resource:
                resource[key] = "Delete"
        if resource["Type"] == "AWS::DynamoDB::Table":
            resource["Properties"]["DeletionProtectionEnabled"] = False
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["Environment"]["Variables"].update(overrides)
    return template
