"""What `make destroy` leaves of the template stands by itself, and is what a lost stack is made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cfnlint  # type: ignore[import-untyped]  # it has no types
import pytest

from local import destroy, kept, leftovers, package
from local.failure import Failure
from local.leftovers import Leftovers

NAMES = ["expunge/prod/sources", "expunge/prod/links", "expunge/prod/zoho/default", "expunge/prod/zoho/more"]
SECRETS = {name: f"arn:aws:secretsmanager:eu-central-1:1:secret:{name}-AbCdEf" for name in NAMES}


def test_what_is_kept_needs_nothing_that_goes(template: dict[str, Any]) -> None:
    names = kept.names(template)
    evidence = {"EvidenceBucket", "EvidenceKey", "EvidenceAlias"}
    assert set(names) == {"Key", "Table", "SourcesSecret", "LinksSecret", "ZohoSecret"} | evidence
    assert kept.beside(template) == ["EvidenceBucketPolicy"]
    assert kept.refers(template["Resources"]["EvidenceBucketPolicy"]) <= {
        *names,
        *kept.PSEUDO_PARAMETERS,
        "Stage",
    }
    small = kept.only(template, names)
    known = set(names) | set(small["Parameters"]) | kept.PSEUDO_PARAMETERS
    assert kept.refers(small["Resources"]) | kept.refers(small["Outputs"]) <= known
    assert {each["Condition"] for each in small["Resources"].values() if "Condition" in each} <= set(
        small["Conditions"]
    )
    assert "Transform" not in small
    assert set(small["Outputs"]) >= {"TableName", "SourcesSecretName", "ZohoSecretName"}
    assert "WorkQueueUrl" not in small["Outputs"]
    assert all(small["Resources"][name] == template["Resources"][name] for name in names)
    assert len(json.dumps(small)) < kept.MOST_INLINE  # so that it needs no bucket


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
    leftovers.adopt(deployer, found, template, {"Stage": "prod"}, lambda _: True)  # type: ignore[arg-type]  # a deployer as far as it is used
    told = {each["LogicalResourceId"]: each for each in deployer.resources}
    assert told["Table"]["ResourceIdentifier"] == {"TableName": "expunge-prod"}
    assert told["SourcesSecret"]["ResourceIdentifier"] == {"Id": SECRETS["expunge/prod/sources"]}
    assert ("Key" in told) == (key is not None)
    assert set(told) == set(deployer.template["Resources"])
    assert "Outputs" not in deployer.template
    assert all(each["DeletionPolicy"] == "Retain" for each in deployer.template["Resources"].values())
    assert deployer.parameters["CustomerKey"] == ("false" if key is None else "true")
    assert all(each["ResourceType"] == template["Resources"][name]["Type"] for name, each in told.items())


def test_evidence_is_taken_up_so_that_its_chain_goes_on() -> None:
    template, deployer = package.build("prod").template(), FakeDeployer()
    bucket = "expunge-prod-evidence-1-eu-central-1"
    found = Leftovers("prod", None, 0, {}, None, bucket, "abcd-1234")
    assert found
    assert not found.data
    leftovers.adopt(deployer, found, template, {"Stage": "prod"}, lambda _: True)  # type: ignore[arg-type]  # a deployer as far as it is used
    told = {each["LogicalResourceId"]: each["ResourceIdentifier"] for each in deployer.resources}
    assert told == {
        "EvidenceBucket": {"BucketName": bucket},
        "EvidenceKey": {"KeyId": "abcd-1234"},
        "EvidenceAlias": {"AliasName": "alias/expunge-prod-evidence"},
    }


def test_what_is_imported_goes_by_the_identifier_that_its_type_has() -> None:
    known = {}
    for file in (Path(cfnlint.__file__).parent / "data/schemas/resources").glob("*.json"):
        schema = json.loads(file.read_text(encoding="utf-8"))
        known[schema.get("typeName")] = schema.get("primaryIdentifier")
    resources = package.build("prod").template()["Resources"]
    assert {resources[name]["Type"] for name in kept.names(package.build("prod").template())} == set(
        kept.IDENTIFIERS
    )
    for kind, identifier in kept.IDENTIFIERS.items():
        assert known[kind] == [f"/properties/{identifier}"], kind


def test_no_two_parts_of_a_template_that_is_sent_have_the_same_name(template: dict[str, Any]) -> None:
    """CloudFormation wants the names of parameters and resources to differ, and says so after the upload."""
    for sent in (template, kept.left(template)):
        sections = [set(sent[each]) for each in ("Parameters", "Resources", "Conditions", "Mappings")]
        assert len(set().union(*sections)) == sum(map(len, sections))


def test_a_secret_that_is_not_there_is_not_imported() -> None:
    template, deployer = package.build("prod").template(), FakeDeployer()
    found = Leftovers("prod", None, 0, {NAMES[1]: SECRETS[NAMES[1]]}, None)
    leftovers.adopt(deployer, found, template, {"Stage": "prod"}, lambda _: True)  # type: ignore[arg-type]  # a deployer as far as it is used
    assert set(deployer.template["Resources"]) == {"LinksSecret"}


@pytest.mark.parametrize("key", ["false", "true"])
def test_a_template_that_takes_up_needs_nothing_that_it_does_not_have(
    template: dict[str, Any], key: str, tmp_path: Path, stage: str
) -> None:
    """Not even in the branch of an Fn::If that does not count: CloudFormation looks at both."""
    package.write(stage, tmp_path / "out", with_kept=True, given_as=f"CustomerKey={key}")
    text = (tmp_path / "out/import-template.json").read_text()
    small = json.loads(text)
    assert set(small) == {
        *("AWSTemplateFormatVersion", "Conditions", "Description", "Mappings", "Parameters", "Resources")
    }
    data = {"Table", "SourcesSecret", "LinksSecret", "ZohoSecret"}
    data |= {"EvidenceBucket", "EvidenceKey", "EvidenceAlias"}
    assert set(small["Resources"]) == (data | {"Key"} if key == "true" else data)
    assert "Fn::If" not in json.dumps(small["Resources"])
    known = set(small["Resources"]) | set(small["Parameters"]) | kept.PSEUDO_PARAMETERS
    assert kept.refers(small["Resources"]) <= known
    assert all(each["DeletionPolicy"] == "Retain" for each in small["Resources"].values())
    assert len(text.encode()) < kept.MOST_INLINE
    own = small["Resources"]["Table"]["Properties"]["SSESpecification"]
    assert own["SSEEnabled"] is (key == "true")


def test_what_would_be_taken_up_without_its_key_is_refused() -> None:
    template = package.build("prod").template()
    with pytest.raises(Failure, match="needs Key, which is not in it"):
        kept.to_import(template, {"Table"}, {"CustomerKey": "true"})


def conditions(found: dict[str, Any], **parameters: str) -> kept.Conditions:
    known = {"Parameters": {"A": {"Default": "x"}, "B": {"Default": 0}}, "Conditions": found}
    return kept.Conditions(known, parameters)


def test_conditions_are_decided_as_cloudformation_does() -> None:
    found = conditions(
        {
            "IsX": {"Fn::Equals": [{"Ref": "A"}, "x"]},
            "IsZero": {"Fn::Equals": [{"Ref": "B"}, "0"]},
            "Both": {"Fn::And": [{"Condition": "IsX"}, {"Condition": "IsZero"}]},
            "One": {"Fn::Or": [{"Condition": "IsX"}, {"Condition": "IsZero"}]},
            "None": {"Fn::Not": [{"Condition": "One"}]},
        },
        A="y",
    )
    assert [found[n] for n in ("IsX", "IsZero", "Both", "One", "None")] == [False, True, False, True, False]


def test_a_condition_that_only_aws_can_decide_is_refused() -> None:
    found = conditions({"There": {"Fn::Equals": [{"Ref": "AWS::Region"}, "cn-north-1"]}})
    with pytest.raises(Failure, match="cannot be decided here"):
        assert found["There"]
