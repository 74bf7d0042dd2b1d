"""What `make destroy` leaves of the template stands by itself, and is what a lost stack is made from."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from local import destroy, kept, leftovers, package
from local.failure import Failure
from local.leftovers import Leftovers

PSEUDO = {
    "AWS::Partition",
    "AWS::Region",
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::URLSuffix",
    "AWS::StackName",
}
NAMES = ["expunge/prod/sources", "expunge/prod/links", "expunge/prod/zoho/default", "expunge/prod/zoho/more"]
SECRETS = {name: f"arn:aws:secretsmanager:eu-central-1:1:secret:{name}-AbCdEf" for name in NAMES}


def refers(value: Any) -> set[str]:
    """The names that a part of a template needs."""
    if isinstance(value, list):
        return {name for each in value for name in refers(each)}
    if not isinstance(value, dict):
        return set()
    if set(value) == {"Ref"}:
        return {value["Ref"]}
    if set(value) == {"Fn::GetAtt"}:
        return {value["Fn::GetAtt"][0]}
    if set(value) == {"Fn::Sub"}:
        return {name.partition(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", value["Fn::Sub"])}
    return {name for each in value.values() for name in refers(each)}


def test_what_is_kept_needs_nothing_that_goes(template: dict[str, Any]) -> None:
    names = kept.names(template)
    assert set(names) == {"Key", "Table", "SourcesSecret", "LinksSecret", "ZohoSecret"}
    small = kept.only(template, names)
    known = set(names) | set(small["Parameters"]) | PSEUDO
    assert refers(small["Resources"]) | refers(small["Outputs"]) <= known
    assert {each["Condition"] for each in small["Resources"].values() if "Condition" in each} <= set(
        small["Conditions"]
    )
    assert "Transform" not in small
    assert set(small["Outputs"]) >= {"TableName", "SourcesSecretName", "ZohoSecretName"}
    assert "WorkQueueUrl" not in small["Outputs"]
    assert all(small["Resources"][name] == template["Resources"][name] for name in names)
    assert len(json.dumps(small)) < 51_200  # so that it needs no bucket


@pytest.mark.parametrize("typed", ["y", "yes", "PROD", "prod dev", "dev"])
def test_data_go_only_by_the_stages_name(typed: str) -> None:
    with pytest.raises(Failure, match="nothing was deleted: CONFIRM=prod"):
        destroy._confirm("prod", typed)
    destroy._confirm("prod", " prod\n")


class FakeDeployer:
    """Keeps what it is asked to adopt."""

    def adopt(self, *asked: Any) -> None:
        self.stack, self.template, self.parameters, self.resources, _ = asked


@pytest.mark.parametrize("key", [None, "1234-abcd"])
def test_what_has_lost_its_stack_is_imported_as_it_is(key: str | None) -> None:
    template, deployer = package.build("prod").template(), FakeDeployer()
    found = Leftovers("prod", "expunge-prod", 7, SECRETS, key)
    leftovers.adopt(deployer, found, template, {"Stage": "prod"}, lambda _: True)  # type: ignore[arg-type]
    told = {each["LogicalResourceId"]: each for each in deployer.resources}
    assert told["Table"]["ResourceIdentifier"] == {"TableName": "expunge-prod"}
    assert told["SourcesSecret"]["ResourceIdentifier"] == {"Id": SECRETS["expunge/prod/sources"]}
    assert ("Key" in told) == (key is not None)
    assert set(told) == set(deployer.template["Resources"])
    assert "Outputs" not in deployer.template
    assert all("DeletionPolicy" in each for each in deployer.template["Resources"].values())
    assert all(each["ResourceType"] == template["Resources"][name]["Type"] for name, each in told.items())


def test_a_secret_that_is_not_there_is_not_imported() -> None:
    template, deployer = package.build("prod").template(), FakeDeployer()
    found = Leftovers("prod", None, 0, {NAMES[1]: SECRETS[NAMES[1]]}, None)
    leftovers.adopt(deployer, found, template, {"Stage": "prod"}, lambda _: True)  # type: ignore[arg-type]
    assert set(deployer.template["Resources"]) == {"LinksSecret"}
