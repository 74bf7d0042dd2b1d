"""The bucket and the key of evidence in the packaged template, and what the local stage makes of them."""

from __future__ import annotations

import json
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.evidence.bucket import BARE
from local import sam, sources, target
from local.failure import Failure
from local.settings import ROOT
from local.template import localised

WRITER = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/expunge-${Stage}-WriteEvidenceRole-*"
ONLY_THE_WRITER = {"ArnNotLike": {"aws:PrincipalArn": {"Fn::Sub": WRITER}}}


def statements(resources: dict[str, Any], name: str, document: str) -> dict[str, dict[str, Any]]:
    return {each["Sid"]: each for each in resources[name]["Properties"][document]["Statement"]}


@pytest.mark.parametrize("name", ["EvidenceBucket", "EvidenceKey", "EvidenceAlias"])
def test_bucket_and_key_outlive_the_stack_and_the_parameter(resources: dict[str, Any], name: str) -> None:
    found = resources[name]
    assert found["DeletionPolicy"] == found["UpdateReplacePolicy"] == "Retain"
    assert "Condition" not in found, "turned off, and on again, the chain goes on"


def test_the_bucket_keeps_every_version_locks_objects_and_is_nobodys_but_the_accounts(
    resources: dict[str, Any],
) -> None:
    found = resources["EvidenceBucket"]["Properties"]
    assert found["ObjectLockEnabled"] is True
    assert found["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(found["PublicAccessBlockConfiguration"].values()) == {True}
    assert found["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_only_records_end_and_when_the_table_forgets_them(resources: dict[str, Any]) -> None:
    rules = resources["EvidenceBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {rule["Prefix"] for rule in rules} == {"records/"}
    config = json.loads((ROOT / ".chalice/config.json").read_text(encoding="utf-8"))
    kept, texts = (
        int(config["environment_variables"][f"EXPUNGE_{name}_DAYS"]) for name in ("KEEP", "FORGET")
    )
    assert [rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule] == [kept, kept - texts]
    key, _, value = BARE.partition("=")
    assert [rule["TagFilters"] for rule in rules if "TagFilters" in rule] == [[{"Key": key, "Value": value}]]


def packaged_with(tmp_path: Path, **variables: str) -> dict[str, Any]:
    """The resources of stage prod, with settings of its own in .chalice/config.json."""
    root = tmp_path / "project"
    for name in (".chalice", "infra", "chalicelib"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copyfile(ROOT / "app.py", root / "app.py")
    settings = json.loads((root / ".chalice/config.json").read_text(encoding="utf-8"))
    settings["stages"]["prod"]["environment_variables"] = variables
    (root / ".chalice/config.json").write_text(json.dumps(settings), encoding="utf-8")
    (tmp_path / "work").mkdir()
    files = sources.of(root, tracked_only=False).files
    made = sam.template(target.of("prod", root), root, files, tmp_path / "work")
    found: dict[str, Any] = made["Resources"]
    return found


def test_records_end_with_the_table_of_a_stage_that_has_a_time_of_its_own(tmp_path: Path) -> None:
    found = packaged_with(tmp_path, EXPUNGE_KEEP_DAYS="30", EXPUNGE_FORGET_DAYS="7")
    rules = found["EvidenceBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert [rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule] == [30, 23]


@pytest.mark.parametrize(
    ("name", "value"), [("EXPUNGE_KEEP_DAYS", "4000"), ("EXPUNGE_GIVE_UP_SECONDS", "a day")]
)
def test_a_setting_with_which_no_function_would_start_is_refused_before_anything_is_made(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(Failure, match=f"packaging prod: .chalice/config.json: {name}: must be"):
        packaged_with(tmp_path, **{name: value})


def test_the_key_signs_and_does_nothing_else_and_for_one_function_only(resources: dict[str, Any]) -> None:
    found = resources["EvidenceKey"]["Properties"]
    assert (found["KeySpec"], found["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
    others = statements(resources, "EvidenceKey", "KeyPolicy")["OnlyTheEvidenceFunctionSigns"]
    assert (others["Effect"], others["Action"]) == ("Deny", "kms:Sign")
    assert others["Condition"] == ONLY_THE_WRITER


def test_the_bucket_is_reached_over_tls_only_and_written_by_one_function_once(
    resources: dict[str, Any],
) -> None:
    found = statements(resources, "EvidenceBucketPolicy", "PolicyDocument")
    assert {each["Effect"] for each in found.values()} == {"Deny"}
    assert found["TlsOnly"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert found["OnlyTheEvidenceFunctionWrites"]["Condition"] == ONLY_THE_WRITER
    assert found["OnlyTheEvidenceFunctionWrites"]["Resource"] == {"Fn::Sub": "${EvidenceBucket.Arn}/*"}
    once = found["WrittenOnce"]
    assert once["Condition"] == {"Null": {"s3:if-none-match": "true"}}
    places = {each["Fn::Sub"].partition("/")[2] for each in once["Resource"]}
    assert places == {"receipts/*", "heads/*", "operators/*"}


def test_the_parameter_leaves_the_function_out(template: dict[str, Any], resources: dict[str, Any]) -> None:
    assert template["Parameters"]["Evidence"]["Default"] == "true"
    lock = template["Parameters"]["EvidenceLock"]
    assert (lock["Default"], lock["AllowedValues"]) == ("GOVERNANCE", ["GOVERNANCE", "COMPLIANCE"])
    assert template["Parameters"]["EvidenceDays"]["Default"] == 400
    conditional = {name for name, each in resources.items() if each.get("Condition") == "EvidenceOn"}
    assert conditional >= {"WriteEvidence", "WriteEvidenceRole", "EvidenceLogs"}


def test_the_local_stage_has_the_same_policies_in_the_words_of_its_aws(template: dict[str, Any]) -> None:
    local = localised(deepcopy(template), {})["Resources"]
    bucket = statements(local, "EvidenceBucketPolicy", "PolicyDocument")
    assert bucket["TlsOnly"]["Condition"] == {"Bool": {"aws:SecureTransport": "true"}}
    session = {"Fn::Sub": WRITER.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/*"}
    for each in (
        bucket["OnlyTheEvidenceFunctionWrites"],
        statements(local, "EvidenceKey", "KeyPolicy")["OnlyTheEvidenceFunctionSigns"],
    ):
        assert each["Condition"] == {"ArnNotLike": {"aws:PrincipalArn": session}}
    assert "WrittenOnce" not in bucket, "its IAM does not know the condition; its S3 keeps to it"
