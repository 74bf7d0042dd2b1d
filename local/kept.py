"""The part of a stage that outlives the rest: table, secrets and their key, evidence and its key."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Container, Mapping
from typing import Any

from local.failure import Failure

#: What a resource is called by whoever wants to import it (CloudFormation's identifier of its type).
IDENTIFIERS = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::SecretsManager::Secret": "Id",
    "AWS::KMS::Key": "KeyId",
    "AWS::KMS::Alias": "AliasName",
    "AWS::S3::Bucket": "BucketName",
}
#: What a template may refer to without having it.
PSEUDO_PARAMETERS = frozenset(
    f"AWS::{name}"
    for name in ("AccountId", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)
#: The most that a template may have (bytes) which is sent without a bucket.
MOST_INLINE = 51_200
_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")
_NOTHING = {"Ref": "AWS::NoValue"}


def names(template: dict[str, Any]) -> list[str]:
    """The logical ids of what is kept: whatever the template says to retain."""
    return [n for n, each in template["Resources"].items() if each.get("DeletionPolicy") == "Retain"]


def beside(template: dict[str, Any]) -> list[str]:
    """The policies of buckets that are kept: they stay as long as the stack does."""
    kept = names(template)
    found = template["Resources"].items()
    return [
        name
        for name, each in found
        if each["Type"] == "AWS::S3::BucketPolicy" and each["Properties"]["Bucket"].get("Ref") in kept
    ]


def secrets(template: dict[str, Any], stage: str) -> list[str]:
    """The names of the secrets that the template makes for `stage`."""
    found = [e for e in template["Resources"].values() if e["Type"] == "AWS::SecretsManager::Secret"]
    return [each["Properties"]["Name"]["Fn::Sub"].replace("${Stage}", stage) for each in found]


def left(template: dict[str, Any]) -> dict[str, Any]:
    """What `make destroy` leaves of the template in the stack."""
    return only(template, [*names(template), *beside(template)])


def only(template: dict[str, Any], kept: Container[str]) -> dict[str, Any]:
    """The template with nothing but the resources in `kept`, and the outputs that need no other."""
    gone = [name for name in template["Resources"] if name not in kept]
    small = {key: value for key, value in template.items() if key not in ("Transform", "Globals")}
    small["Resources"] = {name: each for name, each in template["Resources"].items() if name in kept}
    small["Outputs"] = {
        name: each
        for name, each in template.get("Outputs", {}).items()
        if not any(_mentions(each, other) for other in gone)
    }
    return small


def applies(template: dict[str, Any], name: str, holds: Conditions) -> bool:
    """Is the resource made at all where these conditions hold?"""
    condition = template["Resources"][name].get("Condition")
    return condition is None or holds[condition]


def to_import(
    template: dict[str, Any],
    wanted: Container[str],
    parameters: Mapping[str, str],
    owned: Collection[str] = (),
) -> dict[str, Any]:
    """The template that takes up those of `wanted` that exist under `parameters`: nothing but them.

    CloudFormation looks at both branches of every Fn::If, so each is replaced by the one that counts: what is
    not imported cannot be named then. Parameters, conditions and mappings stay, so that their values are the
    stack's from the beginning. An import may have no outputs, and each of its resources needs a
    DeletionPolicy. `owned`: what the stack has already. Raises Failure where something in it needs what there
    is not.
    """
    holds = Conditions(template, parameters)
    small = {key: value for key, value in only(template, wanted).items() if key != "Outputs"}
    small["Resources"] = {
        name: decided({k: v for k, v in each.items() if k != "Condition"}, holds)
        for name, each in small["Resources"].items()
        if applies(template, name, holds)
    }
    known = {*small["Resources"], *small.get("Parameters", {}), *PSEUDO_PARAMETERS, *owned}
    first = {name for each in small["Resources"].values() for name in _listed(each.get("DependsOn", []))}
    if absent := sorted((refers(small["Resources"]) | first) - known):
        raise Failure(
            f"the template for taking up what is kept needs {', '.join(absent)}, which is not in it"
        )
    return small


class Conditions:
    """Which of a template's conditions hold for `parameters`; one that is not given has its default."""

    def __init__(self, template: dict[str, Any], parameters: Mapping[str, str]) -> None:
        defaults = {name: each.get("Default") for name, each in template.get("Parameters", {}).items()}
        self._values = {**defaults, **parameters}
        self._conditions = template.get("Conditions", {})

    def __getitem__(self, name: str) -> bool:
        """Raises Failure where the condition asks what only AWS can answer."""
        return bool(self._value(self._conditions[name]))

    def _value(self, asked: Any) -> Any:
        if not isinstance(asked, dict):
            return asked
        [(function, given)] = asked.items()
        match function:
            case "Fn::Equals":
                one, other = (self._value(each) for each in given)
                return str(one) == str(other)
            case "Fn::Not":
                return not self._value(given[0])
            case "Fn::And":
                return all(self._value(each) for each in given)
            case "Fn::Or":
                return any(self._value(each) for each in given)
            case "Condition":
                return self[given]
            case "Ref" if given in self._values:
                return self._values[given]
        raise Failure(f"a condition of the template cannot be decided here: {json.dumps(asked)}")


def decided(value: Any, holds: Conditions) -> Any:
    """A part of a template without Fn::If, and without what then has no value."""
    if isinstance(value, list):
        return [each for each in (decided(each, holds) for each in value) if each != _NOTHING]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::If"}:
        condition, so, otherwise = value["Fn::If"]
        return decided(so if holds[condition] else otherwise, holds)
    found = {key: decided(each, holds) for key, each in value.items()}
    return {key: each for key, each in found.items() if each != _NOTHING}


def refers(value: Any) -> set[str]:
    """The names of parameters and resources that a part of a template needs."""
    if isinstance(value, list):
        return {name for each in value for name in refers(each)}
    if not isinstance(value, dict):
        return set()
    if set(value) == {"Ref"}:
        return {str(value["Ref"])}
    if set(value) == {"Fn::GetAtt"}:
        named = value["Fn::GetAtt"]
        return {str(named.partition(".")[0] if isinstance(named, str) else named[0])}
    if set(value) == {"Fn::Sub"}:
        return _in_text(value["Fn::Sub"])
    return {name for each in value.values() for name in refers(each)}


def _in_text(given: str | list[Any]) -> set[str]:
    text, variables = (given, {}) if isinstance(given, str) else given
    named = {str(name).partition(".")[0] for name in _VARIABLE.findall(text)}
    return {name for name in named if name not in variables} | refers(list(variables.values()))


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _mentions(value: Any, resource: str) -> bool:
    return resource in refers(value)
