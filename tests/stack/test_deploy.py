"""`make deploy STAGE=prod`, with the local AWS in the place of an account."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from local.running import RunningStack
from local.settings import ROOT

pytestmark = pytest.mark.stack


def deploy(stack: RunningStack, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    account = {
        "AWS_ENDPOINT_URL": stack["endpoint_url"],
        "AWS_ACCESS_KEY_ID": stack["credentials"]["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": stack["credentials"]["secret_access_key"],
        "AWS_REGION": stack["region"],
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return subprocess.run(
        [sys.executable, "-m", "local", "deploy", *options],
        cwd=ROOT,
        env={**kept, **account, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def told(stack: RunningStack, alarm: str) -> set[str]:
    """The topics that an alarm goes to, and whose mail address has been asked."""
    [found] = stack.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    asked = stack.client("sns").list_subscriptions()["Subscriptions"]
    assert "ops@example.com" in [each["Endpoint"] for each in asked if each["Protocol"] == "email"]
    return {arn.rpartition(":")[2] for arn in found["AlarmActions"]}


def test_changes_are_shown_and_applied_only_when_agreed_to(stack: RunningStack) -> None:
    shown = deploy(stack, "--stage", "prod")
    assert shown.returncode == 1
    first = shown.stderr.splitlines()[0]
    assert first.startswith(
        "  account 000000000000, region us-east-1, stage prod, as arn:aws:iam::000000000000:"
    )
    assert f"at {stack['endpoint_url']} (AWS_ENDPOINT_URL)" in shown.stderr.splitlines()[1]
    assert "Add     Table (AWS::DynamoDB::Table)" in shown.stderr
    assert "nobody to ask whether to apply these changes" in shown.stderr
    tables = stack.client("dynamodb").list_tables()["TableNames"]
    assert "expunge-prod" not in tables

    applied = deploy(stack, "--stage", "prod", "--yes")
    assert applied.returncode == 0, applied.stderr
    assert "EndpointURL: https://" in applied.stderr
    found = stack.client("lambda").get_function_configuration(FunctionName="expunge-prod-work")
    assert found["Architectures"] == ["arm64"]
    assert found["Environment"]["Variables"]["EXPUNGE_GIVE_UP_SECONDS"] == "86400"

    secrets = stack.client("secretsmanager")
    secrets.put_secret_value(SecretId="expunge/prod/sources", SecretString='{"filled": {}}')
    links = secrets.get_secret_value(SecretId="expunge/prod/links")["SecretString"]
    again = deploy(stack, "--stage", "prod", "--yes")
    assert again.returncode == 0, again.stderr
    assert "Add " not in again.stderr
    assert "nothing to change: the stage is as it was deployed last" in again.stderr
    assert "make deploy STAGE=prod REPAIR=1 sets it back" in again.stderr
    repaired = deploy(stack, "--stage", "prod", "--yes", "--repair")
    assert repaired.returncode == 0, repaired.stderr
    assert "nothing to change: the stage is as its template says, and so is" in repaired.stderr
    kept = secrets.get_secret_value(SecretId="expunge/prod/sources")["SecretString"]
    assert json.loads(kept) == {"filled": {}}
    assert secrets.get_secret_value(SecretId="expunge/prod/links")["SecretString"] == links


def test_options_are_applied_and_stay_until_they_are_changed(stack: RunningStack) -> None:
    alarms = "AlarmEmail=ops@example.com AlarmTopic=arn:aws:sns:us-east-1:000000000000:pager"
    options = f"CustomerKey=true AccessLogs=true ApiReservedConcurrency=7 {alarms}"
    applied = deploy(stack, "--stage", "dev", "--yes", PARAMETERS=options)
    assert applied.returncode == 0, applied.stderr
    for _ in range(2):
        key = stack.client("secretsmanager").describe_secret(SecretId="expunge/dev/sources")["KmsKeyId"]
        assert ":key/" in key
        assert stack.client("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
        described = stack.client("cloudformation").describe_stacks(StackName="expunge-dev")["Stacks"][0]
        values = {each["ParameterKey"]: each["ParameterValue"] for each in described["Parameters"]}
        assert (values["CustomerKey"], values["ApiReservedConcurrency"]) == ("true", "7")
        assert told(stack, "expunge-dev-poll-silent") == {"pager", "expunge-dev-alarms"}
        again = deploy(stack, "--stage", "dev", "--yes")  # which names none of them
        assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("given", ["Stage=prod", "Nonsense=1", "CustomerKey"])
def test_an_option_that_is_none(stack: RunningStack, given: str) -> None:
    done = deploy(stack, "--stage", "dev", "--yes", PARAMETERS=given)
    assert done.returncode == 1
    assert (
        f"expunge: PARAMETERS={given}: must be Name=value, with names from AcceptedRecordsAnHour, "
        in done.stderr
    )


@pytest.mark.parametrize("name", ["1dev", "Dev", "a-name-too-long-1", "dev_1", ""])
def test_a_name_that_no_stage_can_have(stack: RunningStack, name: str) -> None:
    done = deploy(stack, "--stage", name)
    assert (done.returncode, done.stderr) == (
        1,
        f"expunge: STAGE={name}: must be a letter, then at most 15 letters, digits or -, all lower case\n",
    )


def test_without_a_region(stack: RunningStack) -> None:
    done = deploy(stack, "--stage", "prod", AWS_REGION="")
    assert done.returncode == 1
    assert done.stderr.startswith("expunge: no AWS region: ")


def test_keys_that_are_not_good(stack: RunningStack) -> None:
    done = deploy(stack, "--stage", "prod", AWS_SECRET_ACCESS_KEY="wrong")
    assert done.returncode == 1
    assert "expunge: deploying prod: " in done.stderr
    assert "Traceback" not in done.stderr


def secret_key(stack: RunningStack, name: str) -> str:
    return str(stack.client("secretsmanager").describe_secret(SecretId=name).get("KmsKeyId") or "")


def test_secrets_made_by_hand_follow_the_stages_key(stack: RunningStack) -> None:
    """A further org's secret is not the template's. Without the key it has to stay readable."""
    secrets, dev = stack.client("secretsmanager"), ("--stage", "dev", "--yes")
    assert deploy(stack, *dev, PARAMETERS="CustomerKey=false").returncode == 0
    secrets.create_secret(Name="expunge/dev/zoho/shop", SecretString="{}")
    secrets.create_secret(Name="expunge/dev/zoho/shop/token", SecretString="{}")
    secrets.create_secret(Name="expunge/development/zoho/shop", SecretString="{}")
    on = deploy(stack, *dev, PARAMETERS="CustomerKey=true")
    assert on.returncode == 0, on.stderr
    key = secret_key(stack, "expunge/dev/sources")
    arn = stack.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyId"]
    assert arn in secret_key(stack, "expunge/dev/zoho/shop")
    assert arn in secret_key(stack, "expunge/dev/zoho/shop/token")

    refused = deploy(stack, "--stage", "dev", PARAMETERS="CustomerKey=false")
    assert "Modify  expunge/dev/zoho/shop (secret, to be encrypted with AWS's key)" in refused.stderr
    assert arn in secret_key(stack, "expunge/dev/zoho/shop")
    off = deploy(stack, *dev, PARAMETERS="CustomerKey=false")
    assert off.returncode == 0, off.stderr
    for name in ("expunge/dev/zoho/shop", "expunge/dev/zoho/shop/token"):
        assert secret_key(stack, name) in ("", "alias/aws/secretsmanager")
        assert secrets.get_secret_value(SecretId=name)["SecretString"] == "{}"
    assert secret_key(stack, "expunge/development/zoho/shop") == ""
    again = deploy(stack, "--stage", "dev")
    assert (again.returncode, "Modify" in again.stderr) == (0, False)


def test_a_repair_does_not_make_a_lost_table_anew(stack: RunningStack) -> None:
    assert deploy(stack, "--stage", "dev", "--yes").returncode == 0
    table = stack.client("dynamodb")
    table.update_table(TableName="expunge-dev", DeletionProtectionEnabled=False)
    table.delete_table(TableName="expunge-dev")
    refused = deploy(stack, "--stage", "dev", "--yes", "--repair")
    assert refused.returncode == 1
    assert "table expunge-dev is gone, and a repair would make an empty one" in refused.stderr
    assert "make restore-table STAGE=dev" in refused.stderr
    assert "expunge-dev" not in table.list_tables()["TableNames"]
