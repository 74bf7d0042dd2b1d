"""Ways to break a stack, each with the way back: what `expunge doctor` has to name."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from chalicelib.adapters.dynamodb import deletion_items, items
from chalicelib.adapters.dynamodb.policy_items import PolicyTable
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.zoho.org_secret import parse_org
from chalicelib.adapters.zoho.token_store import made_for
from chalicelib.domain.deletion import Deletion, Problem
from chalicelib.domain.request import Operation, Request
from chalicelib.domain.retention.stored_policy import Ran, StoredPolicy
from chalicelib.domain.status import Status
from local.running import RunningStack

Break = Callable[[RunningStack], Callable[[], object]]
SOURCES, LINKS, ORG = "expunge/local/sources", "expunge/local/links", "expunge/local/zoho/default"
TABLE = "expunge-local"


@dataclass(frozen=True)
class Case:
    """One break. `names`: words of the finding; `mend`: of its mend; `check`: who finds it."""

    check: str
    do: Break
    names: str
    mend: str


@contextmanager
def broken(case: Case, stack: RunningStack) -> Iterator[None]:
    """The stack, broken meanwhile."""
    undo = case.do(stack)
    try:
        yield
    finally:
        undo()


def secret(name: str, change: Callable[[Any], Any]) -> Break:
    """Another text in a secret; `change` gets what it holds and gives what it shall hold."""

    def do(stack: RunningStack) -> Callable[[], object]:
        client = stack.client("secretsmanager")
        before = client.get_secret_value(SecretId=name)["SecretString"]
        after = change(json.loads(before))
        text = after if isinstance(after, str) else json.dumps(after)
        client.put_secret_value(SecretId=name, SecretString=text)
        return lambda: client.put_secret_value(SecretId=name, SecretString=before)

    return do


def source(**more: Any) -> Break:
    """The one source, with other fields."""
    return secret(SOURCES, lambda held: {name: {**entry, **more} for name, entry in held.items()})


def org(**more: Any) -> Break:
    """The default org, with other fields."""
    return secret(ORG, lambda held: {**held, **more})


def letter(queue: str) -> Break:
    """A message in a queue."""

    def do(stack: RunningStack) -> Callable[[], object]:
        client = stack.client("sqs")
        url = client.get_queue_url(QueueName=queue)["QueueUrl"]
        client.send_message(QueueUrl=url, MessageBody="{}")
        return lambda: client.purge_queue(QueueUrl=url)

    return do


def no_redrive(stack: RunningStack) -> Callable[[], object]:
    client = stack.client("sqs")
    url = stack["work_queue_url"]
    asked = {"QueueUrl": url, "AttributeNames": ["RedrivePolicy"]}
    before = client.get_queue_attributes(**asked)["Attributes"]
    client.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    return lambda: client.set_queue_attributes(QueueUrl=url, Attributes=before)


def deaf_subscriber(stack: RunningStack) -> Callable[[], object]:
    client = stack.client("sns")
    arn = client.subscribe(
        TopicArn=stack["topic_arn"],
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-1:000000000000:shop-results",
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return lambda: client.unsubscribe(SubscriptionArn=arn)


def no_recovery(stack: RunningStack) -> Callable[[], object]:
    client = stack.client("dynamodb")

    def put(on: bool) -> None:
        policy = {"PointInTimeRecoveryEnabled": on}
        client.update_continuous_backups(TableName=TABLE, PointInTimeRecoverySpecification=policy)

    put(False)
    return lambda: put(True)


def no_time_to_live(stack: RunningStack) -> Callable[[], object]:
    client = stack.client("dynamodb")

    def put(on: bool) -> None:
        policy = {"AttributeName": "expires_at", "Enabled": on}
        client.update_time_to_live(TableName=TABLE, TimeToLiveSpecification=policy)

    put(False)
    return lambda: put(True)


def no_day_index(stack: RunningStack) -> Callable[[], object]:
    client = stack.client("dynamodb")
    found = client.describe_table(TableName=TABLE)["Table"]["GlobalSecondaryIndexes"]
    day = next(each for each in found if each["IndexName"] == "day")
    made = {name: day[name] for name in ("IndexName", "KeySchema", "Projection")}
    client.update_table(TableName=TABLE, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "day"}}])
    types = [{"AttributeName": name, "AttributeType": "S"} for name in ("day", "created_at")]
    return lambda: client.update_table(
        TableName=TABLE, AttributeDefinitions=types, GlobalSecondaryIndexUpdates=[{"Create": made}]
    )


def throttled(function: str) -> Break:
    """A function that may not run."""

    def do(stack: RunningStack) -> Callable[[], object]:
        client, name = stack.client("lambda"), stack["functions"][function]
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        return lambda: client.delete_function_concurrency(FunctionName=name)

    return do


def taken_executions(stack: RunningStack) -> Callable[[], object]:
    """Another function has reserved nearly all that the account may run at once."""
    client, name = stack.client("lambda"), stack["functions"]["retention"]
    total = client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=total - 4)
    return lambda: client.delete_function_concurrency(FunctionName=name)


def other_table(stack: RunningStack) -> Callable[[], object]:
    client, name = stack.client("lambda"), stack["functions"]["retention"]
    before = client.get_function_configuration(FunctionName=name)["Environment"]

    def put(variables: dict[str, str]) -> None:
        client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})

    put({**before["Variables"], "EXPUNGE_TABLE": "elsewhere"})
    return lambda: put(before["Variables"])


def mapping_off(stack: RunningStack) -> Callable[[], object]:
    client, name = stack.client("lambda"), stack["functions"]["work"]
    (found,) = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=found["UUID"], Enabled=False)
    return lambda: client.update_event_source_mapping(UUID=found["UUID"], Enabled=True)


def schedule_off(function: str) -> Break:
    """A schedule that does not fire."""

    def do(stack: RunningStack) -> Callable[[], object]:
        client = stack.client("events")
        (name,) = [r["Name"] for r in client.list_rules()["Rules"] if function.capitalize() in r["Name"]]
        client.disable_rule(Name=name)
        return lambda: client.enable_rule(Name=name)

    return do


def signing_key_off(stack: RunningStack) -> Callable[[], object]:
    client, key = stack.client("kms"), stack["evidence_key_id"]
    client.disable_key(KeyId=key)
    return lambda: client.enable_key(KeyId=key)


def signing_key_going(stack: RunningStack) -> Callable[[], object]:
    client, key = stack.client("kms"), stack["evidence_key_id"]
    client.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    return lambda: (client.cancel_key_deletion(KeyId=key), client.enable_key(KeyId=key))


def put(**attributes: Any) -> Break:
    """An item in the table."""

    def do(stack: RunningStack) -> Callable[[], object]:
        client = stack.client("dynamodb")
        item = {name: value() if callable(value) else value for name, value in attributes.items()}
        client.put_item(TableName=TABLE, Item=item)
        key = {name: item[name] for name in ("pk", "sk")}
        return lambda: client.delete_item(TableName=TABLE, Key=key)

    return do


def pause(org_name: str, **more: Any) -> Break:
    """A pause, of all orgs or one."""
    return put(**items.org_key(org_name, "PAUSE"), **more)


def source_pause(name: str, **more: Any) -> Break:
    """A pause of one source."""
    return put(**items.source_key(name, "PAUSE"), **more)


def policy(document: dict[str, Any], *, late: bool = False, run: Status | None = None) -> Break:
    """A stored policy, with its newest run."""

    def do(stack: RunningStack) -> Callable[[], object]:
        client, now = stack.client("dynamodb"), time.time()
        store = PolicyTable(TABLE, lambda: client)
        given = {"name": "old-leads", "org": "default", **document}
        next_at = now - 3600 if late else now + 3600
        store.put_policy(StoredPolicy("default", "old-leads", given, 1, "somebody", now, next_at))
        keys = [items.org_key("default", "POLICY#old-leads")]
        if run is not None:
            purge = Request(Operation.PURGE, "Leads", "default", policy="old-leads", run="r1")
            made = Deletion("del_RUN", purge, "retention", now, now, int(now) + 9999, status=run)
            made = Deletion(**{**_fields(made), "problems": (Problem("NO_PERMISSION", 1),)})
            meta = {
                k: v for k, v in deletion_items.new_deletion(made, 1).items() if k not in ("due", "next_at")
            }
            client.put_item(TableName=TABLE, Item=meta)
            kept = store.policy("default", "old-leads")
            assert kept is not None
            store.claim_run(kept, Ran("r1", "del_RUN", now))
            keys.append(items.meta_key("del_RUN"))
        return lambda: [client.delete_item(TableName=TABLE, Key=key) for key in keys]

    return do


def _fields(made: Deletion) -> dict[str, Any]:
    return {name: getattr(made, name) for name in made.__dataclass_fields__}


def together(*breaks: Break) -> Break:
    """Several at once."""

    def do(stack: RunningStack) -> Callable[[], object]:
        undone = [each(stack) for each in breaks]
        return lambda: [undo() for undo in reversed(undone)]

    return do


def zoho(name: str, body: Any, undo: Any) -> Break:
    """Another setting of the simulator, and no shared token that would hide it."""

    def do(stack: RunningStack) -> Callable[[], object]:
        requests.post(f"{stack['zoho_url']}/_sim/{name}", json=body, timeout=60).raise_for_status()
        return lambda: requests.request(
            "DELETE" if undo is None else "POST", f"{stack['zoho_url']}/_sim/{name}", json=undo, timeout=60
        ).raise_for_status()

    return do


def no_more_tokens(stack: RunningStack) -> Callable[[], object]:
    text = stack.client("secretsmanager").get_secret_value(SecretId=ORG)["SecretString"]
    mine = made_for(parse_org("default", text, custom_hosts=True))
    table = Table(stack["table_name"], lambda: stack.client("dynamodb"))
    table.block_tokens("default", mine, time.time() + 500)
    return lambda: table.block_tokens("default", mine, 0.0)


def marked_for_deletion(stack: RunningStack) -> Callable[[], object]:
    client = stack.client("secretsmanager")
    client.delete_secret(SecretId=LINKS, RecoveryWindowInDays=7)
    return lambda: client.restore_secret(SecretId=LINKS)


def empty_org(stack: RunningStack) -> Callable[[], object]:
    """A source that names an org whose secret was made and never filled."""
    client = stack.client("secretsmanager")
    client.create_secret(Name="expunge/local/zoho/shop")
    undo = source(org="shop")(stack)
    return lambda: (
        undo(),
        client.delete_secret(SecretId="expunge/local/zoho/shop", ForceDeleteWithoutRecovery=True),
    )
