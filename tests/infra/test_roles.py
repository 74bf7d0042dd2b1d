"""The five roles of the packaged template: each allows exactly what its function may do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.walk import FUNCTIONS, LOGS, ROLES, of_type

TABLE = "Table.Arn"
ITEMS = {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"}
ZOHO = "secret:expunge/${Stage}/zoho/*"
TOKEN = (ZOHO + "/token", ZOHO + "/token-??????")


def grants(*services: tuple[str, set[str], str]) -> set[tuple[str, str]]:
    """(action, resource) pairs from (service, actions, resource)."""
    return {
        (f"{service}:{action}", resource) for service, actions, resource in services for action in actions
    }


def common(function: str) -> set[tuple[str, str]]:
    return grants(
        ("logs", {"CreateLogStream", "PutLogEvents"}, LOGS[function] + ".Arn"),
        ("xray", {"PutTraceSegments", "PutTelemetryRecords"}, "*"),
    )


ZOHO_WORK = grants(
    ("dynamodb", ITEMS, TABLE),
    ("dynamodb", {"Query"}, "${Table.Arn}/index/due"),
    ("secretsmanager", {"GetSecretValue"}, ZOHO),
    ("secretsmanager", {"CreateSecret", "PutSecretValue"}, TOKEN[0]),
    ("secretsmanager", {"CreateSecret", "PutSecretValue"}, TOKEN[1]),
    ("sns", {"Publish"}, "ResultsTopic"),
    ("sqs", {"SendMessage"}, "WorkQueue.Arn"),
)
LOST = grants(("sqs", {"SendMessage"}, "ScheduleDeadLetterQueue.Arn"))
# The whole of what each function may do. A new line here is a decision, not a repair.
MAY = {
    "api": grants(
        ("dynamodb", ITEMS, TABLE),
        ("dynamodb", {"Query"}, "${Table.Arn}/index/day"),
        ("secretsmanager", {"GetSecretValue"}, "SourcesSecret.Id"),
        ("secretsmanager", {"GetSecretValue"}, "LinksSecret.Id"),
        ("sqs", {"SendMessage"}, "WorkQueue.Arn"),
    ),
    "work": ZOHO_WORK
    | grants(
        ("sqs", {"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"}, "WorkQueue.Arn"),
        ("s3", {"ListBucketVersions"}, "EvidenceBucket.Arn"),
        ("s3", {"DeleteObjectVersion"}, "${EvidenceBucket.Arn}/records/*"),
    ),
    "poll": ZOHO_WORK | LOST | grants(("sqs", {"GetQueueAttributes"}, "WorkQueue.Arn")),
    "retention": LOST
    | grants(
        ("dynamodb", {"Query", "PutItem", "UpdateItem"}, TABLE),
        ("dynamodb", {"Query"}, "${Table.Arn}/index/due"),
        ("sqs", {"SendMessage"}, "WorkQueue.Arn"),
    ),
    "evidence": LOST
    | grants(
        ("dynamodb", {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"}, TABLE),
        ("dynamodb", {"Query"}, "${Table.Arn}/index/due"),
        ("dynamodb", {"Query"}, "${Table.Arn}/index/day"),
        ("s3", {"ListBucket"}, "EvidenceBucket.Arn"),
        ("s3", {"GetObject", "PutObject", "PutObjectRetention"}, "${EvidenceBucket.Arn}/*"),
        ("s3", {"PutObjectTagging"}, "${EvidenceBucket.Arn}/records/*"),
        ("kms", {"Sign", "GetPublicKey"}, "EvidenceKey.Arn"),
        ("sns", {"Publish"}, "ResultsTopic"),
        ("sqs", {"SendMessage"}, "WorkQueue.Arn"),
    ),
}


def named(resource: Any) -> str:
    """A statement's resource in short: a name, `Name.Arn`, or a Fn::Sub after the account."""
    if isinstance(resource, str):
        return resource
    ((function, value),) = resource.items()
    if function == "Fn::GetAtt":
        return ".".join(value)
    return str(value).rpartition("${AWS::AccountId}:")[2]


def statements(resources: dict[str, Any], role: str) -> list[dict[str, Any]]:
    (policy,) = resources[role]["Properties"]["Policies"]
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


def allowed(resources: dict[str, Any], role: str) -> set[tuple[str, str]]:
    found = set()
    for statement in statements(resources, role):
        where = statement["Resource"]
        for resource in where if isinstance(where, list) else [where]:
            found |= {(action, named(resource)) for action in statement["Action"]}
    return found


def test_every_function_has_a_role_of_its_own(resources: dict[str, Any]) -> None:
    assert set(of_type(resources, "AWS::IAM::Role")) == set(ROLES.values())
    for function, name in FUNCTIONS.items():
        assert resources[name]["Properties"]["Role"] == {"Fn::GetAtt": [ROLES[function], "Arn"]}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_allows_exactly_what_its_function_may_do(resources: dict[str, Any], function: str) -> None:
    assert allowed(resources, ROLES[function]) == MAY[function] | common(function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_wildcards_but_the_ones_that_aws_forces(resources: dict[str, Any], function: str) -> None:
    for statement in statements(resources, ROLES[function]):
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in statement["Action"])
        if statement["Resource"] == "*":
            assert {action.partition(":")[0] for action in statement["Action"]} == {"xray"}
    wild = {where for _, where in allowed(resources, ROLES[function]) if "*" in where or "?" in where}
    assert wild <= {"*", ZOHO, *TOKEN, "${EvidenceBucket.Arn}/*", "${EvidenceBucket.Arn}/records/*"}


def test_only_lambda_may_take_the_roles(resources: dict[str, Any]) -> None:
    for role in of_type(resources, "AWS::IAM::Role").values():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert "ManagedPolicyArns" not in role


def test_no_function_deletes_an_item_of_the_table(resources: dict[str, Any]) -> None:
    """What is removed is marked, in one transaction with its entry of the operators' log."""
    for role in ROLES.values():
        assert not {action for action, _ in allowed(resources, role) if "DeleteItem" in action}


def test_the_evidence_function_writes_its_own_items_only(resources: dict[str, Any]) -> None:
    writing = {"dynamodb:PutItem", "dynamodb:UpdateItem"}
    found = [s for s in statements(resources, ROLES["evidence"]) if writing & set(s["Action"])]
    assert [set(s["Action"]) for s in found] == [writing]
    own = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["EVIDENCE#*"]}}
    assert found[0]["Condition"] == own


def test_the_evidence_function_deletes_nothing_and_nobody_else_writes_or_signs(
    resources: dict[str, Any],
) -> None:
    actions = {f: {action for action, _ in allowed(resources, role)} for f, role in ROLES.items()}
    assert not [action for action in actions["evidence"] if "Delete" in action or "Bypass" in action]
    for function in set(ROLES) - {"evidence"}:
        assert not actions[function] & {
            "kms:Sign",
            "s3:PutObject",
            "s3:PutObjectRetention",
            "s3:PutObjectTagging",
        }
        deletes = {action for action in actions[function] if action.startswith("s3:Delete")}
        assert deletes == ({"s3:DeleteObjectVersion"} if function == "work" else set())
