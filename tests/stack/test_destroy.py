"""`make destroy` and the deployment after it, with the local AWS in the place of an account."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from local import kept, ministack
from local.clients import Local
from local.processes import Started, end
from tests.fakes import CRM, event
from tests.stack.account import Account

pytestmark = pytest.mark.stack

KEPT = {"Table", "SourcesSecret", "LinksSecret", "ZohoSecret"}
KEPT |= {"EvidenceAlias", "EvidenceBucket", "EvidenceBucketPolicy", "EvidenceKey"}
FILLED = '{"filled": {}}'
ITEM: Any = {"pk": {"S": "D#del_1"}, "sk": {"S": "META"}}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account of its own, with nothing in it."""
    place: Path = tmp_path_factory.mktemp("account")
    started: list[Started] = []
    try:
        root = ministack.launch(place, None, started.append)
        admin: Local = ministack.admin(root)
        yield Account(admin)
    finally:
        for each in started:
            end(each)


def fill(account: Account, stage: str) -> str:
    """Somebody fills the sources, an org is added, and there are data; returns the links' key."""
    secrets = account.client("secretsmanager")
    secrets.put_secret_value(SecretId=f"expunge/{stage}/sources", SecretString=FILLED)
    account.client("dynamodb").put_item(TableName=f"expunge-{stage}", Item=ITEM)
    return str(secrets.get_secret_value(SecretId=f"expunge/{stage}/links")["SecretString"])


def answered(account: Account, stage: str) -> int:
    """The status that the api function answers an unsigned request with."""
    sent = event(CRM, {"source": "nobody"}, {"Content-Type": "application/json"}, b"{}")
    payload = account.client("lambda").invoke(
        FunctionName=f"expunge-{stage}-api", Payload=json.dumps(sent).encode()
    )["Payload"]
    return int(json.loads(payload.read())["statusCode"])


def data_are_there(account: Account, stage: str, links: str) -> None:
    secrets = account.client("secretsmanager")
    assert account.client("dynamodb").get_item(TableName=f"expunge-{stage}", Key=ITEM)["Item"] == ITEM
    assert secrets.get_secret_value(SecretId=f"expunge/{stage}/sources")["SecretString"] == FILLED
    assert secrets.get_secret_value(SecretId=f"expunge/{stage}/links")["SecretString"] == links


def test_what_is_kept_is_taken_up_again_and_goes_only_by_name(account: Account) -> None:
    assert account.run("deploy", "prod", "--yes").returncode == 0
    assert account.empty("expunge/prod/sources")
    assert account.empty("expunge/prod/zoho/default")
    assert answered(account, "prod") == 503
    links = fill(account, "prod")

    shown = account.run("destroy", "prod")
    assert shown.returncode == 1
    assert "! Remove  Work (AWS::Lambda::Function)" in shown.stderr
    assert "nobody to ask whether to apply these changes" in shown.stderr
    assert "expunge-prod-work" in account.functions()

    done = account.run("destroy", "prod", "--yes")
    assert done.returncode == 0, done.stderr
    assert account.functions() == []
    assert account.resources("expunge-prod") == KEPT
    assert "make deploy STAGE=prod takes them up again" in done.stderr
    data_are_there(account, "prod", links)
    again = account.run("destroy", "prod", "--yes")
    left = f"nothing is left but {', '.join(sorted(KEPT))}"
    assert (again.returncode, left in again.stderr) == (0, True)

    back = account.run("deploy", "prod", "--yes")
    assert back.returncode == 0, back.stderr
    assert "Table (AWS" not in back.stderr  # nothing is done to what was kept
    assert "expunge-prod-work" in account.functions()
    data_are_there(account, "prod", links)
    assert answered(account, "prod") == 401  # filled, as it was before
    table = account.client("dynamodb").describe_table(TableName="expunge-prod")["Table"]
    assert table["DeletionProtectionEnabled"]

    account.client("secretsmanager").create_secret(Name="expunge/prod/zoho/second", SecretString="{}")
    account.client("secretsmanager").create_secret(Name="expunge/production", SecretString="{}")
    for confirm in ("", "dev", "yes", "prod2"):
        refused = account.run("destroy", "prod", "--yes", "--delete-data", CONFIRM=confirm)
        assert refused.returncode == 1
        assert "nothing was deleted" in refused.stderr
        # What wakes each minute writes too, where this takes longer than that.
        assert re.search("! Delete  table expunge-prod, about [1-9][0-9]* items", refused.stderr)
        assert "! Delete  secret expunge/prod/zoho/second" in refused.stderr
        data_are_there(account, "prod", links)
    gone = account.run("destroy", "prod", "--delete-data", CONFIRM="prod")
    assert gone.returncode == 0, gone.stderr
    assert account.functions() == account.client("dynamodb").list_tables()["TableNames"] == []
    assert account.secrets() == ["expunge/production"]
    bucket = "expunge-prod-evidence-000000000000-us-east-1"
    assert f"receipts and heads stay in {bucket}" in gone.stderr
    account.client("s3").head_bucket(Bucket=bucket)
    key = account.client("kms").describe_key(KeyId="alias/expunge-prod-evidence")["KeyMetadata"]
    assert key["KeyState"] == "Enabled"
    nothing = account.run("destroy", "prod", "--delete-data", CONFIRM="prod")
    assert nothing.returncode == 1
    assert "neither a stack expunge-prod nor anything left of one" in nothing.stderr


def test_a_table_without_a_stack_is_taken_over(account: Account) -> None:
    """Somebody has deleted the stack by other means. The local AWS cannot import secrets; AWS can."""
    assert account.run("deploy", "dev", "--yes").returncode == 0
    fill(account, "dev")
    account.delete_stack("expunge-dev")
    assert "expunge-dev" in account.client("dynamodb").list_tables()["TableNames"]
    refused = account.run("deploy", "dev", "--yes")
    assert refused.returncode == 1
    assert "Import  SourcesSecret" not in refused.stderr
    assert "import is not supported by this emulator for AWS::SecretsManager::Secret" in refused.stderr

    for name in account.secrets():
        if name.startswith("expunge/dev/"):
            account.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    taken = account.run("deploy", "dev", "--yes")
    assert taken.returncode == 0, taken.stderr
    assert "left by an earlier deployment" in taken.stderr
    assert "Import  Table (AWS::DynamoDB::Table)" in taken.stderr
    assert account.client("dynamodb").get_item(TableName="expunge-dev", Key=ITEM)["Item"] == ITEM
    assert account.resources("expunge-dev") >= KEPT
    assert account.empty("expunge/dev/sources")


def test_what_a_deployment_that_was_taken_back_has_left_is_taken_over(account: Account) -> None:
    """CloudFormation keeps it then too, and could make nothing else of its name."""
    assert account.run("deploy", "dev", "--yes").returncode == 0
    cloudformation = account.client("cloudformation")
    found = cloudformation.get_template(StackName="expunge-dev", TemplateStage="Original")["TemplateBody"]
    before = json.loads(found) if isinstance(found, str) else json.loads(json.dumps(found))
    names = {"EvidenceAlias", "EvidenceBucket", "EvidenceKey"}
    gone = set(names)
    while more := {
        n for n, each in before["Resources"].items() if n not in gone and kept.refers(each) & gone
    }:
        gone |= more
    without = {**before, "Outputs": {}}
    without["Resources"] = {name: each for name, each in before["Resources"].items() if name not in gone}
    artifact = account.client("s3")
    artifact.create_bucket(Bucket="half")
    artifact.put_object(Bucket="half", Key="t.json", Body=json.dumps(without).encode())
    cloudformation.update_stack(
        StackName="expunge-dev",
        TemplateURL=f"{account.aws.endpoint_url}/half/t.json",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": "Stage", "UsePreviousValue": True}],
    )
    cloudformation.get_waiter("stack_update_complete").wait(
        StackName="expunge-dev", WaiterConfig={"Delay": 1}
    )
    assert not account.resources("expunge-dev") & names
    key = account.client("kms").describe_key(KeyId="alias/expunge-dev-evidence")["KeyMetadata"]["KeyId"]
    taken = account.run("deploy", "dev", "--yes")
    assert taken.returncode == 0, taken.stderr
    assert "not part of the stack expunge-dev, left by an earlier deployment" in taken.stderr
    for name in names:
        assert f"Import  {name} (AWS::" in taken.stderr
        assert f"Add     {name} (AWS::" not in taken.stderr
    assert account.resources("expunge-dev") >= KEPT
    after = account.client("kms").describe_key(KeyId="alias/expunge-dev-evidence")["KeyMetadata"]["KeyId"]
    assert after == key
    again = account.run("deploy", "dev", "--yes")
    assert "nothing to change" in again.stderr, again.stderr


def test_evidence_is_turned_on_and_off_and_bucket_and_key_stay(account: Account) -> None:
    def key() -> str:
        found = account.client("kms").describe_key(KeyId="alias/expunge-dev-evidence")["KeyMetadata"]
        assert found["KeyState"] == "Enabled"
        return str(found["KeyId"])

    def alarms() -> set[str]:
        found = account.client("cloudwatch").describe_alarms(AlarmNamePrefix="expunge-dev-evidence")
        return {each["AlarmName"] for each in found["MetricAlarms"]}

    account.run("destroy", "dev", "--delete-data", CONFIRM="dev")  # where another test has left any
    keys = set()
    for given, on in (("Evidence=false", False), ("Evidence=true", True), ("Evidence=false", False)):
        done = account.run("deploy", "dev", "--yes", PARAMETERS=given)
        assert done.returncode == 0, done.stderr
        assert ("expunge-dev-evidence" in account.functions()) == on
        assert bool(alarms()) == on
        assert account.resources("expunge-dev") >= KEPT
        keys.add(key())
    assert len(keys) == 1
    buckets = [each["Name"] for each in account.client("s3").list_buckets()["Buckets"]]
    assert "expunge-dev-evidence-000000000000-us-east-1" in buckets


def test_the_own_key_goes_last_and_can_be_had_back(account: Account) -> None:
    assert account.run("deploy", "dev", "--yes", PARAMETERS="CustomerKey=true").returncode == 0
    key = account.client("secretsmanager").describe_secret(SecretId="expunge/dev/sources")["KmsKeyId"]
    assert account.run("destroy", "dev", "--yes").returncode == 0
    assert account.resources("expunge-dev") == {*KEPT, "Key"}
    gone = account.run("destroy", "dev", "--delete-data", CONFIRM="dev")
    assert gone.returncode == 0, gone.stderr
    assert "aws kms cancel-key-deletion" in gone.stderr
    described = account.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    assert described["KeyState"] == "PendingDeletion"


def test_a_stack_that_was_never_finished_is_named_with_its_way_out(account: Account) -> None:
    bad = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": "half", "EvaluationPeriods": 1}}
    cloudformation = account.client("cloudformation")
    cloudformation.create_stack(StackName="expunge-dev", TemplateBody=json.dumps({"Resources": {"Bad": bad}}))
    with pytest.raises(WaiterError):
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName="expunge-dev", WaiterConfig={"Delay": 1}
        )
    refused = account.run("deploy", "dev", "--yes")
    assert refused.returncode == 1
    assert "aws cloudformation delete-stack --stack-name expunge-dev, then deploy again" in refused.stderr
    gone = account.run("destroy", "dev", "--delete-data", CONFIRM="dev")
    assert gone.returncode == 0, gone.stderr  # a stack in whatever state can be deleted with its data
    assert account.run("deploy", "dev", "--yes").returncode == 0


@pytest.mark.parametrize(
    ("stage", "words"), [("local", "make down ends the local stack"), ("No-Where", "all lower case")]
)
def test_a_stage_that_is_none(account: Account, stage: str, words: str) -> None:
    done = account.run("destroy", stage)
    assert (done.returncode, f"STAGE={stage}: " in done.stderr, words in done.stderr) == (1, True, True)


def test_nothing_is_there(account: Account) -> None:
    done = account.run("destroy", "prod", "--yes")
    assert (done.returncode, "there is no stack expunge-prod" in done.stderr) == (1, True)
