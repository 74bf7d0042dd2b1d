"""What a deployment can turn on (an own key, access logs, reserved executions); API Gateway's own words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from local.settings import ROOT
from tests.infra.walk import NOTHING, OWN_KEY, ROLES, of_type

OPTIONS = {
    "CustomerKey": "false",
    "AccessLogs": "false",
    "ApiReservedConcurrency": 0,
    "WorkReservedConcurrency": 0,
    "AlarmTopic": "",
    "AlarmEmail": "",
}


def test_options_are_off_by_default(template: dict[str, Any], resources: dict[str, Any]) -> None:
    found = {name: each.get("Default") for name, each in template["Parameters"].items() if name in OPTIONS}
    assert found == OPTIONS
    assert set(template["Conditions"]) >= {
        *("CustomerKeyOn", "AccessLogsOn", "ApiReserved", "WorkReserved"),
        *("AlarmTopicGiven", "AlarmEmailGiven"),
    }
    conditional = {name: r["Condition"] for name, r in resources.items() if "Condition" in r}
    assert conditional.items() >= {
        ("Key", "CustomerKeyOn"),
        ("KeyUse", "CustomerKeyOn"),
        ("AccessLogGroup", "AccessLogsOn"),
        ("AlarmsTopic", "AlarmEmailGiven"),
        ("AlarmsTopicPolicy", "AlarmEmailGiven"),
        ("AlarmsMail", "AlarmEmailGiven"),
    }


def test_the_own_key_rotates_and_outlives_the_stack(resources: dict[str, Any]) -> None:
    key = resources["Key"]
    assert key["DeletionPolicy"] == key["UpdateReplacePolicy"] == "Retain"
    assert key["Properties"]["EnableKeyRotation"] is True


def test_the_own_key_encrypts_the_secrets_too(resources: dict[str, Any]) -> None:
    secrets = of_type(resources, "AWS::SecretsManager::Secret")
    assert [each["KmsKeyId"] for each in secrets.values()] == [OWN_KEY] * 3
    for name in ("Work", "Poll"):  # which make secrets of their own
        variables = resources[name]["Properties"]["Environment"]["Variables"]
        key = {"Fn::If": ["CustomerKeyOn", {"Fn::GetAtt": ["Key", "Arn"]}, ""]}
        assert variables["EXPUNGE_SECRETS_KEY"] == key


def test_who_may_use_the_own_key(resources: dict[str, Any]) -> None:
    """The account by its own policies, functions through four services; SNS, alarms, logs for this stage."""
    account, topic, alarms, logs = resources["Key"]["Properties"]["KeyPolicy"]["Statement"]
    assert account["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    assert topic["Principal"] == {"Service": "sns.amazonaws.com"}
    assert topic["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    source = topic["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::Sub"]
    assert source.endswith(":" + resources["ResultsTopic"]["Properties"]["TopicName"]["Fn::Sub"])
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert alarms["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"].endswith(":alarm:expunge-${Stage}-*")
    for each in (topic, alarms):
        assert each["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert logs["Principal"] == {"Service": {"Fn::Sub": "logs.${AWS::Region}.${AWS::URLSuffix}"}}
    groups = [
        each["Fn::Sub"] for each in logs["Condition"]["StringLike"]["kms:EncryptionContext:aws:logs:arn"]
    ]
    assert [each.partition(":log-group:")[2] for each in groups] == [
        *("/aws/lambda/expunge-${Stage}-*", "/aws/apigateway/expunge-${Stage}")
    ]
    use = resources["KeyUse"]["Properties"]
    *always, evidence = use["Roles"]
    writer = ROLES["evidence"]
    assert evidence == {"Fn::If": ["EvidenceOn", {"Ref": writer}, NOTHING]}
    assert {each["Ref"] for each in always} | {writer} == set(ROLES.values())
    (statement,) = use["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert statement["Resource"] == {"Fn::GetAtt": ["Key", "Arn"]}
    through = statement["Condition"]["StringEquals"]["kms:ViaService"]
    services = [each["Fn::Sub"].partition(".")[0] for each in through]
    assert services == ["dynamodb", "sqs", "sns", "secretsmanager"]


@pytest.mark.parametrize(("function", "option"), [("APIHandler", "Api"), ("Work", "Work")])
def test_reserved_executions(resources: dict[str, Any], function: str, option: str) -> None:
    assert resources[function]["Properties"]["ReservedConcurrentExecutions"] == {
        "Fn::If": [f"{option}Reserved", {"Ref": f"{option}ReservedConcurrency"}, NOTHING]
    }


def test_access_logs_hold_no_address_and_no_query(resources: dict[str, Any]) -> None:
    """The address of a read link holds its token; the template of the path does not."""
    condition, settings, otherwise = resources["RestAPI"]["Properties"]["AccessLogSetting"]["Fn::If"]
    assert (condition, otherwise) == ("AccessLogsOn", NOTHING)
    line = json.loads(settings["Format"])
    assert set(line.values()) == {
        *("$context.requestId", "$context.requestTime", "$context.httpMethod", "$context.resourcePath"),
        *("$context.status", "$context.responseLength", "$context.responseLatency"),
        *("$context.identity.sourceIp", "$context.identity.userArn", "$context.error.responseType"),
    }


def test_api_gateway_logs_no_requests_of_its_own(resources: dict[str, Any]) -> None:
    (settings,) = resources["RestAPI"]["Properties"]["MethodSettings"]
    assert "LoggingLevel" not in settings
    assert "DataTraceEnabled" not in settings


def test_what_api_gateway_says_by_itself_has_the_shape_of_ours(resources: dict[str, Any]) -> None:
    document = json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
    found = resources["RestAPI"]["Properties"]["GatewayResponses"]
    told = {}
    for kind, each in found.items():
        status = each.get("StatusCode", "400")
        body = json.loads(each["ResponseTemplates"]["application/json"].replace("$context.requestId", "r-1"))
        schema = {"$ref": f"#/components/schemas/Error{status}", "components": document["components"]}
        Draft202012Validator(schema).validate(body)
        headers = each["ResponseParameters"]["Headers"]
        assert headers["Cache-Control"] == "'no-store'"
        assert ("Retry-After" in headers) == (status in ("429", "503"))
        told[kind] = (status, body["error"]["code"])
    assert told["MISSING_AUTHENTICATION_TOKEN"] == ("404", "not_found")
    assert told["THROTTLED"] == ("429", "slow_down")
    assert told["DEFAULT_5XX"] == ("503", "unavailable")
    assert {"DEFAULT_4XX", "REQUEST_TOO_LARGE", "ACCESS_DENIED", "INVALID_SIGNATURE"} <= set(told)


def test_a_caller_is_told_rights_sessions_and_clocks_apart(resources: dict[str, Any]) -> None:
    found = resources["RestAPI"]["Properties"]["GatewayResponses"]
    kinds = ("ACCESS_DENIED", "INVALID_SIGNATURE", "EXPIRED_TOKEN", "WAF_FILTERED")
    said = {
        kind: json.loads(found[kind]["ResponseTemplates"]["application/json"])["error"]["message"]
        for kind in kinds
    }
    assert len(set(said.values())) == len(kinds)
    assert "execute-api:Invoke" in said["ACCESS_DENIED"]
    assert "clock" in said["INVALID_SIGNATURE"]
    assert "session" in said["EXPIRED_TOKEN"]
    assert "$context.error" not in "".join(said.values())  # AWS's own text repeats the path and the headers


def test_the_parameter_says_whose_keys_are_used_without_an_own_one(template: dict[str, Any]) -> None:
    """The table's is AWS's own; topic and secrets have keys that AWS manages in the account."""
    said = template["Parameters"]["CustomerKey"]["Description"]
    assert said.endswith("false: keys that AWS owns or manages")
