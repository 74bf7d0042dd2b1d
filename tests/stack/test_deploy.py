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
        timeout=120,
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
    assert f"expunge: PARAMETERS={given}: must be Name=value, with names from AccessLogs, " in done.stderr


def test_a_stage_that_is_not_there(stack: RunningStack) -> None:
    done = deploy(stack, "--stage", "nowhere")
    assert (done.returncode, done.stderr) == (
        1,
        "expunge: STAGE=nowhere: must be one of local, dev, prod\n",
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
