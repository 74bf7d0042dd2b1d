"""Every function's role on the running stack: what it must do it may, and nothing else.

The local AWS knows no `dynamodb:LeadingKeys`: that api deletes items of orgs only is shown by the template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import stack as local_stack
from local.running import RunningStack
from local.settings import Settings
from tests.stack.roles import ACCOUNT, LOGICAL, Role

pytestmark = pytest.mark.stack

DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "403"}
KEY = {"pk": {"S": "D#roles"}, "sk": {"S": "META"}}
PREFIX = "expunge/local/"
Clients = Callable[[str], Any]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack of its own: what these tests try would disturb others."""
    settings = Settings(tmp_path_factory.mktemp("roles"))
    try:
        yield RunningStack(local_stack.up(settings))
    finally:
        local_stack.down(settings)


@pytest.fixture(scope="module")
def clients(own: RunningStack) -> Callable[[str], Clients]:
    """The clients of a function's role, by function, then by service."""
    return cache(lambda function: cache(Role(own, function).client))


def query(index: str | None) -> Callable[[Clients, RunningStack], Any]:
    where = {"IndexName": index} if index else {}
    return lambda aws, stack: aws("dynamodb").query(
        TableName=stack["table_name"],
        KeyConditionExpression="#hash = :value",
        ExpressionAttributeNames={"#hash": index or "pk"},
        ExpressionAttributeValues={":value": {"S": "D#roles"}},
        **where,
    )


def item(call: str, **given: Any) -> Callable[[Clients, RunningStack], Any]:
    return lambda aws, stack: getattr(aws("dynamodb"), call)(TableName=stack["table_name"], **given)


def transact(action: str, **given: Any) -> Callable[[Clients, RunningStack], Any]:
    return lambda aws, stack: aws("dynamodb").transact_write_items(
        TransactItems=[{action: {"TableName": stack["table_name"], **given}}]
    )


def read_secret(name: str) -> Callable[[Clients, RunningStack], Any]:
    return lambda aws, _: aws("secretsmanager").get_secret_value(SecretId=PREFIX + name)


def write_secret(name: str) -> Callable[[Clients, RunningStack], Any]:
    return lambda aws, _: aws("secretsmanager").put_secret_value(SecretId=PREFIX + name, SecretString="{}")


def make_secret(name: str) -> Callable[[Clients, RunningStack], Any]:
    return lambda aws, _: aws("secretsmanager").create_secret(Name=PREFIX + name, SecretString="{}")


def queue(call: str, name: str, **given: Any) -> Callable[[Clients, RunningStack], Any]:
    return lambda aws, stack: getattr(aws("sqs"), call)(QueueUrl=stack[name], **given)


def evidence(call: str, name: str, **given: Any) -> Callable[[Clients, RunningStack], Any]:
    return lambda aws, stack: getattr(aws("s3"), call)(Bucket=stack["evidence_bucket"], Key=name, **given)


CALLS: dict[str, Callable[[Clients, RunningStack], Any]] = {
    "get an item": item("get_item", Key=KEY),
    "put an item": item("put_item", Item=KEY),
    "put an item in a transaction": transact("Put", Item=KEY),
    "check an item in a transaction": transact(
        "ConditionCheck", Key=KEY, ConditionExpression="attribute_exists(pk)"
    ),
    "delete an item": item("delete_item", Key=KEY),
    "delete an item in a transaction": transact("Delete", Key=KEY),
    "delete items in a batch": lambda aws, stack: aws("dynamodb").batch_write_item(
        RequestItems={stack["table_name"]: [{"DeleteRequest": {"Key": KEY}}]}
    ),
    "scan the table": item("scan"),
    "query the table": query(None),
    "query what is due": query("due"),
    "query by day": query("day"),
    "describe the table": item("describe_table"),
    "delete the table": item("delete_table"),
    "read the sources' secret": read_secret("sources"),
    "read the links' secret": read_secret("links"),
    "read Zoho's secret": read_secret("zoho/default"),
    "write the sources' secret": write_secret("sources"),
    "write Zoho's secret": write_secret("zoho/default"),
    "make the secret of an org": make_secret("zoho/other"),
    "make and write a token": lambda aws, stack: (
        make_secret(f"zoho/{id(aws)}/token")(aws, stack),
        write_secret(f"zoho/{id(aws)}/token")(aws, stack),
    ),
    "delete a secret": lambda aws, _: aws("secretsmanager").delete_secret(SecretId=PREFIX + "zoho/default"),
    "send to the work queue": queue("send_message", "work_queue_url", MessageBody="{}", DelaySeconds=900),
    "ask how long the work queue is": queue(
        "get_queue_attributes", "work_queue_url", AttributeNames=["ApproximateNumberOfMessages"]
    ),
    "receive from the work queue": queue("receive_message", "work_queue_url"),
    "purge the work queue": queue("purge_queue", "work_queue_url"),
    "receive from the dead letters": queue("receive_message", "dead_letter_queue_url"),
    "send to the events queue": queue("send_message", "events_queue_url", MessageBody="{}"),
    "publish": lambda aws, stack: aws("sns").publish(TopicArn=stack["topic_arn"], Message="{}"),
    "subscribe": lambda aws, stack: aws("sns").subscribe(
        TopicArn=stack["topic_arn"], Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:elsewhere"
    ),
    "invoke a function": lambda aws, stack: aws("lambda").invoke(FunctionName=stack["functions"]["poll"]),
    "write a receipt": evidence("put_object", "receipts/roles.json", Body=b"{}", IfNoneMatch="*"),
    "write records": evidence("put_object", "records/roles.jsonl.gz", Body=b"{}"),
    "read a receipt": evidence("get_object", "receipts/nothing.json"),
    "delete a receipt": evidence("delete_object", "receipts/nothing.json"),
    "delete a version of a receipt": evidence("delete_object", "receipts/nothing.json", VersionId="null"),
    "delete records": evidence("delete_object", "records/nothing.jsonl.gz"),
    "delete a version of records": evidence("delete_object", "records/nothing.jsonl.gz", VersionId="null"),
    "sign": lambda aws, stack: aws("kms").sign(
        KeyId=stack["evidence_key_id"], Message=b"{}", SigningAlgorithm="ECDSA_SHA_256"
    ),
    "list buckets": lambda aws, _: aws("s3").list_buckets(),
    "list roles": lambda aws, _: aws("iam").list_roles(),
    "take another role": lambda aws, _: aws("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/any", RoleSessionName="tests"
    ),
}

READ_WRITE = {
    "get an item",
    "put an item",
    "put an item in a transaction",
    "check an item in a transaction",
    "query the table",
}
ZOHO_WORK = READ_WRITE | {
    "query what is due",
    "read Zoho's secret",
    "make and write a token",
    "send to the work queue",
    "publish",
}
MAY = {
    "api": READ_WRITE
    | {
        "query by day",
        "read the sources' secret",
        "read the links' secret",
        "send to the work queue",
    },
    "work": ZOHO_WORK
    | {"receive from the work queue", "ask how long the work queue is", "delete a version of records"},
    "poll": ZOHO_WORK | {"ask how long the work queue is"},
    "retention": {
        "put an item",
        "put an item in a transaction",
        "query the table",
        "query what is due",
        "send to the work queue",
    },
    "evidence": {
        "get an item",
        "put an item",  # of its own only, on AWS
        "put an item in a transaction",
        "query the table",
        "query what is due",
        "query by day",
        "send to the work queue",
        "publish",
        "write a receipt",
        "write records",
        "read a receipt",
        "sign",
    },
}


def denied(call: Callable[[Clients, RunningStack], Any], aws: Clients, stack: RunningStack) -> bool:
    """Whether IAM refuses; any other error means that IAM let it pass."""
    try:
        call(aws, stack)
    except ClientError as error:
        return error.response["Error"]["Code"] in DENIED
    return False


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("function", LOGICAL)
def test_a_role_may_do_this_or_not(
    own: RunningStack, clients: Callable[[str], Clients], function: str, name: str
) -> None:
    assert denied(CALLS[name], clients(function), own) == (name not in MAY[function])


def test_only_the_service_may_take_the_roles(own: RunningStack) -> None:
    role = Role(own, "work")
    with pytest.raises(ClientError) as caught:
        own.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role.name}", RoleSessionName="tests"
        )
    assert caught.value.response["Error"]["Code"] in DENIED
