"""Walks the packaged template of every stage: what is encrypted, kept, bounded and allowed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local import package

STAGES = ("local", "dev", "prod")
FUNCTIONS = {"api": "APIHandler", "work": "Work", "poll": "Poll", "retention": "Retention"}
ROLES = {"api": "ApiHandlerRole", "work": "WorkRole", "poll": "PollRole", "retention": "RetentionRole"}
LOGS = {"api": "ApiLogs", "work": "WorkLogs", "poll": "PollLogs", "retention": "RetentionLogs"}
QUEUES = ("WorkQueue", "DeadLetterQueue", "ScheduleDeadLetterQueue")

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
        ("dynamodb", ITEMS | {"DeleteItem"}, TABLE),
        ("dynamodb", {"Query"}, "${Table.Arn}/index/day"),
        ("secretsmanager", {"GetSecretValue"}, "SourcesSecret.Id"),
        ("secretsmanager", {"GetSecretValue"}, "LinksSecret.Id"),
        ("sqs", {"SendMessage"}, "WorkQueue.Arn"),
    ),
    "work": ZOHO_WORK
    | grants(("sqs", {"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"}, "WorkQueue.Arn")),
    "poll": ZOHO_WORK | LOST,
    "retention": LOST
    | grants(
        ("dynamodb", {"Query", "PutItem", "UpdateItem"}, TABLE),
        ("dynamodb", {"Query"}, "${Table.Arn}/index/due"),
        ("sqs", {"SendMessage"}, "WorkQueue.Arn"),
    ),
}


@pytest.fixture(scope="module", params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def template(stage: str) -> dict[str, Any]:
    return package.build(stage).template()


@pytest.fixture(scope="module")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


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


def resolved(template: dict[str, Any], stage: str, value: Any) -> Any:
    """A value that may be a look-up in the stage's limits."""
    if isinstance(value, dict) and "Fn::FindInMap" in value:
        name, _, key = value["Fn::FindInMap"]
        return template["Mappings"][name][stage][key]
    return value


# Roles


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
    assert wild <= {"*", ZOHO, *TOKEN}


def test_only_lambda_may_take_the_roles(resources: dict[str, Any]) -> None:
    for role in of_type(resources, "AWS::IAM::Role").values():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert "ManagedPolicyArns" not in role


def test_the_api_deletes_items_of_orgs_only(resources: dict[str, Any]) -> None:
    found = [s for s in statements(resources, ROLES["api"]) if "dynamodb:DeleteItem" in s["Action"]]
    assert [s["Action"] for s in found] == [["dynamodb:DeleteItem"]]
    assert found[0]["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["ORG#*"]}}


# Functions


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_are_bounded_and_traced(resources: dict[str, Any], stage: str, function: str) -> None:
    found = resources[FUNCTIONS[function]]["Properties"]
    assert found["MemorySize"] >= 512
    assert 0 < found["Timeout"] <= (29 if function == "api" else 60)
    assert found["Tracing"] == "Active"
    assert found["LoggingConfig"] == {"LogGroup": {"Ref": LOGS[function]}}
    if stage != "local":
        assert found["Architectures"] == ["arm64"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_get_the_settings_of_their_stage(
    resources: dict[str, Any], stage: str, function: str
) -> None:
    variables = resources[FUNCTIONS[function]]["Properties"]["Environment"]["Variables"]
    expected = {
        "EXPUNGE_STAGE": {"Ref": "Stage"},
        "EXPUNGE_TABLE": {"Ref": "Table"},
        "EXPUNGE_WORK_QUEUE_URL": {"Ref": "WorkQueue"},
        "EXPUNGE_MAX_WAIT_SECONDS": "5" if stage == "local" else "900",
        "EXPUNGE_GIVE_UP_SECONDS": "60" if stage == "local" else "86400",
        "EXPUNGE_SECRET_CACHE_SECONDS": "30" if stage == "local" else "300",
        "EXPUNGE_KEEP_DAYS": "400",
        "EXPUNGE_SLICE_SECONDS": "20",
        "EXPUNGE_JOB_MAX_AGE_SECONDS": "300" if stage == "local" else "259200",
        "EXPUNGE_ALLOW_CUSTOM_ZOHO_HOSTS": "true" if stage == "local" else "false",
        "POWERTOOLS_SERVICE_NAME": "expunge",
        "POWERTOOLS_METRICS_NAMESPACE": "Expunge",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    if function == "api":
        expected["EXPUNGE_PUBLIC_URL"] = {"Ref": "PublicUrl"}
    if function in ("work", "poll"):
        expected["EXPUNGE_TOPIC_ARN"] = {"Ref": "ResultsTopic"}
    assert {name: variables.get(name) for name in expected} == expected
    assert ("EXPUNGE_TOPIC_ARN" in variables) == (function in ("work", "poll"))


def test_only_work_and_poll_may_feed_their_own_queue(resources: dict[str, Any]) -> None:
    loops = {n: resources[c]["Properties"].get("RecursiveLoop") for n, c in FUNCTIONS.items()}
    assert loops == {"api": None, "work": "Allow", "poll": "Allow", "retention": None}


def test_the_queue_wakes_work_in_batches_that_may_fail_in_part(
    template: dict[str, Any], resources: dict[str, Any], stage: str
) -> None:
    (event,) = resources["Work"]["Properties"]["Events"].values()
    found = event["Properties"]
    assert event["Type"] == "SQS"
    assert found["Queue"] == {"Fn::Sub": "${WorkQueue.Arn}"}
    assert found["BatchSize"] == 10
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert resolved(template, stage, found["ScalingConfig"]["MaximumConcurrency"]) >= 2


@pytest.mark.parametrize(("function", "rate"), [("Poll", "rate(1 minute)"), ("Retention", "rate(5 minutes)")])
def test_schedules_and_where_their_lost_runs_go(resources: dict[str, Any], function: str, rate: str) -> None:
    found = resources[function]["Properties"]
    (event,) = found["Events"].values()
    assert (event["Type"], event["Properties"]["Schedule"]) == ("Schedule", rate)
    failure = found["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert failure == {"Type": "SQS", "Destination": {"Fn::GetAtt": ["ScheduleDeadLetterQueue", "Arn"]}}


def test_the_api_is_throttled_and_traced(
    template: dict[str, Any], resources: dict[str, Any], stage: str
) -> None:
    api = resources["RestAPI"]["Properties"]
    (settings,) = api["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert 0 < resolved(template, stage, settings["ThrottlingRateLimit"]) <= 500
    assert 0 < resolved(template, stage, settings["ThrottlingBurstLimit"]) <= 1000
    assert api["TracingEnabled"] is True
    assert api["EndpointConfiguration"] == "REGIONAL"


def test_no_function_waits_for_the_api_that_it_stands_behind(resources: dict[str, Any]) -> None:
    """The API needs its function first: naming the API there is a circle that cfn-lint does not see."""
    for name in (*FUNCTIONS.values(), *ROLES.values()):
        assert "RestAPI" not in json.dumps(resources[name])


# Data


def test_the_table(resources: dict[str, Any]) -> None:
    (found,) = of_type(resources, "AWS::DynamoDB::Table").values()
    assert found["BillingMode"] == "PAY_PER_REQUEST"
    assert found["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert found["SSESpecification"] == {"SSEEnabled": True}
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
    assert all(q["SqsManagedSseEnabled"] is True for q in queues.values())
    (topic,) = of_type(resources, "AWS::SNS::Topic").values()
    assert topic["KmsMasterKeyId"] == "alias/aws/sns"


def test_the_work_queue_gives_up_into_the_dead_letter_queue(resources: dict[str, Any]) -> None:
    work, dead = (resources[name]["Properties"] for name in ("WorkQueue", "DeadLetterQueue"))
    assert work["VisibilityTimeout"] == 60 >= resources["Work"]["Properties"]["Timeout"]
    assert work["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]},
        "maxReceiveCount": 5,
    }
    assert dead["MessageRetentionPeriod"] == 14 * 86400
    assert dead["RedriveAllowPolicy"]["redrivePermission"] == "byQueue"


def test_queues_and_topic_are_reached_over_tls_only(resources: dict[str, Any]) -> None:
    policies = of_type(resources, "AWS::SQS::QueuePolicy") | of_type(resources, "AWS::SNS::TopicPolicy")
    guarded = {each["Ref"] for p in policies.values() for each in p.get("Queues", []) + p.get("Topics", [])}
    assert guarded == {*QUEUES, "ResultsTopic"}
    for policy in policies.values():
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_function_logs_to_a_group_that_forgets(
    template: dict[str, Any], resources: dict[str, Any], stage: str
) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup")
    assert set(groups) == set(LOGS.values())
    for group in groups.values():
        assert resolved(template, stage, group["RetentionInDays"]) in (1, 14, 90)


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
    }
