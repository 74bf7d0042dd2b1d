"""The part of a stage that outlives the rest: table, secrets and the key that they are encrypted with."""

from __future__ import annotations

import json
from collections.abc import Container
from typing import Any

#: What a resource is called by whoever wants to import it (CloudFormation's identifier of its type).
IDENTIFIERS = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::SecretsManager::Secret": "Id",
    "AWS::KMS::Key": "KeyId",
}


def names(template: dict[str, Any]) -> list[str]:
    """The logical ids of what is kept: whatever the template says to retain."""
    return [n for n, each in template["Resources"].items() if each.get("DeletionPolicy") == "Retain"]


def secrets(template: dict[str, Any], stage: str) -> list[str]:
    """The names of the secrets that the template makes for `stage`."""
    found = [e for e in template["Resources"].values() if e["Type"] == "AWS::SecretsManager::Secret"]
    return [each["Properties"]["Name"]["Fn::Sub"].replace("${Stage}", stage) for each in found]


def only(template: dict[str, Any], kept: Container[str]) -> dict[str, Any]:
    """The template with nothing but the resources in `kept`, and the outputs that need no other."""
    gone = [name for name in template["Resources"] if name not in kept]
    small = {key: value for key, value in template.items() if key != "Transform"}
    small["Resources"] = {name: each for name, each in template["Resources"].items() if name in kept}
    small["Outputs"] = {
        name: each
        for name, each in template.get("Outputs", {}).items()
        if not any(_mentions(each, other) for other in gone)
    }
    return small


def _mentions(value: Any, resource: str) -> bool:
    text = json.dumps(value)
    return any(mark in text for mark in (f'"{resource}"', f"${{{resource}}}", f"${{{resource}."))
