"""Table, queues, topic, secrets and logs of the packaged template: encrypted, kept, bounded."""

from __future__ import annotations

import json
from typing import Any

from tests.infra.walk import LOGS, OWN_KEY, QUEUES, of_type, resolved


def test_the_table(resources: dict[str, Any]) -> None:
    (found,) = of_type(resources, "AWS::DynamoDB::Table").values()
    assert found["BillingMode"] == "PAY_PER_REQUEST"
    assert found["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    own = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}
    # Not enabled is a key that AWS owns; enabled without a key is one that AWS manages, and charges for.
    assert found["SSESpecification"] == {"Fn::If": ["CustomerKeyOn", own, {"SSEEnabled": False}]}
    assert found["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert found["DeletionProtectionEnabled"] is True
    kinds = {a["AttributeName"]: a["AttributeType"] for a in found["AttributeDefinitions"]}
    keys = {"table": found["KeySchema"]} | {
        i["IndexName"]: i["KeySchema"] for i in found["GlobalSecondaryIndexes"]
    }
    shapes = {
        n: [(k["AttributeName"], kinds[k["AttributeName"]], k["KeyType"]) for k in s] for n, s in keys.items()
    }
    assert shapes == {
        "table": [("pk", "S", "HASH"), ("sk", "S", "RANGE")],
        "due": [("due", "S", "HASH"), ("next_at", "N", "RANGE")],
        "day": [("day", "S", "HASH"), ("created_at", "S", "RANGE")],
    }
    assert {i["Projection"]["ProjectionType"] for i in found["GlobalSecondaryIndexes"]} == {"KEYS_ONLY"}


def test_table_and_secrets_outlive_the_stack(resources: dict[str, Any]) -> None:
    kept = ("AWS::DynamoDB::Table", "AWS::SecretsManager::Secret")
    found = {name: r for name, r in resources.items() if r["Type"] in kept}
    assert set(found) == {"Table", "SourcesSecret", "LinksSecret", "ZohoSecret"}
    for resource in found.values():
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


def test_secrets_of_people_are_created_empty_and_the_links_key_is_made(resources: dict[str, Any]) -> None:
    secrets = of_type(resources, "AWS::SecretsManager::Secret")
    names = {name: s["Name"]["Fn::Sub"] for name, s in secrets.items()}
    assert names == {
        "SourcesSecret": "expunge/${Stage}/sources",
        "LinksSecret": "expunge/${Stage}/links",
        "ZohoSecret": "expunge/${Stage}/zoho/default",
    }
    assert not any("SecretString" in s for s in secrets.values())
    assert "GenerateSecretString" not in secrets["SourcesSecret"]
    assert "GenerateSecretString" not in secrets["ZohoSecret"]
    made = secrets["LinksSecret"]["GenerateSecretString"]
    assert json.loads(made["SecretStringTemplate"]) == {"old": []}
    assert (made["GenerateStringKey"], made["PasswordLength"]) == ("new", 48)


def test_queues_and_topic_are_encrypted(resources: dict[str, Any]) -> None:
    queues = of_type(resources, "AWS::SQS::Queue")
    assert set(queues) == set(QUEUES)
    for queue in queues.values():
        assert queue["SqsManagedSseEnabled"] == {"Fn::If": ["CustomerKeyOn", False, True]}
        assert queue["KmsMasterKeyId"] == OWN_KEY
    topics = of_type(resources, "AWS::SNS::Topic")
    assert set(topics) == {"ResultsTopic", "AlarmsTopic"}
    assert topics["ResultsTopic"]["SignatureVersion"] == "2"  # SHA-256; version 1 is SHA-1
    assert topics["ResultsTopic"]["KmsMasterKeyId"] == {
        "Fn::If": ["CustomerKeyOn", {"Fn::GetAtt": ["Key", "Arn"]}, "alias/aws/sns"]
    }
    # CloudWatch may not use AWS's own key of SNS, so alarms are encrypted with the customer's or not at all.
    assert topics["AlarmsTopic"]["KmsMasterKeyId"] == OWN_KEY


def test_the_work_queue_gives_up_into_the_dead_letter_queue(resources: dict[str, Any]) -> None:
    work, dead = (resources[name]["Properties"] for name in ("WorkQueue", "DeadLetterQueue"))
    # As Lambda's guide has it, so that a throttled message is not seen twice.
    assert work["VisibilityTimeout"] >= 6 * resources["Work"]["Properties"]["Timeout"]
    assert work["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]},
        "maxReceiveCount": 5,
    }
    assert dead["MessageRetentionPeriod"] == 14 * 86400
    assert dead["RedriveAllowPolicy"]["redrivePermission"] == "byQueue"


def test_queues_and_topic_are_reached_over_tls_only(resources: dict[str, Any]) -> None:
    policies = of_type(resources, "AWS::SQS::QueuePolicy") | of_type(resources, "AWS::SNS::TopicPolicy")
    guarded = {each["Ref"] for p in policies.values() for each in p.get("Queues", []) + p.get("Topics", [])}
    assert guarded == {*QUEUES, "ResultsTopic", "AlarmsTopic"}
    for policy in policies.values():
        [statement] = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
        assert statement["Principal"] == "*"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_nobody_but_the_stages_alarms_is_let_in_by_a_policy(resources: dict[str, Any]) -> None:
    policies = of_type(resources, "AWS::SQS::QueuePolicy") | of_type(resources, "AWS::SNS::TopicPolicy")
    statements = [each for p in policies.values() for each in p["PolicyDocument"]["Statement"]]
    [allowed] = [each for each in statements if each["Effect"] == "Allow"]
    assert allowed["Resource"] == {"Ref": "AlarmsTopic"}
    assert (allowed["Principal"], allowed["Action"]) == (
        {"Service": "cloudwatch.amazonaws.com"},
        "sns:Publish",
    )
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    source = allowed["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"]
    assert source.endswith(":alarm:expunge-${Stage}-*")


def test_every_function_logs_to_a_group_that_forgets(
    template: dict[str, Any], resources: dict[str, Any], stage: str
) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup")
    assert set(groups) == {*LOGS.values(), "AccessLogGroup"}
    for group in groups.values():
        assert resolved(template, stage, group["RetentionInDays"]) in (1, 14, 90)
        assert group["KmsKeyId"] == OWN_KEY


def test_outputs_name_what_operators_need(template: dict[str, Any]) -> None:
    assert set(template["Outputs"]) >= {
        "EndpointURL",
        "TableName",
        "TopicArn",
        "WorkQueueUrl",
        "DeadLetterQueueUrl",
        "ScheduleDeadLetterQueueUrl",
        "ApiFunction",
        "WorkFunction",
        "PollFunction",
        "RetentionFunction",
        "EvidenceBucketName",
        "EvidenceKeyId",
        "EvidenceFunction",
    }
