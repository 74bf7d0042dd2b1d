"""Fills what a deployment leaves empty: secrets, and locally a queue that hears the result events."""

from __future__ import annotations

import base64
import json
import secrets
import string
import time
from typing import Any

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.callers import Caller
from chalicelib.domain.evidence.operators import What
from local.clients import TIMEOUTS, Local

EVENTS_QUEUE = "expunge-local-events"
SOURCE = "crm-workflow"
MODULES = ["Leads", "Contacts", "Accounts", "Deals", "Campaigns", "Products", "Cases", "Tasks", "Vendors"]
OPERATIONS = ["delete_records", "mass_delete", "delink_records"]
_PRINTABLE = string.ascii_letters + string.digits + "-_.~!*+=:/"


def new_key() -> str:
    """A signing key that Deluge can use as text too: `whsec_` + base64 of 43 printable characters."""
    text = "".join(secrets.choice(_PRINTABLE) for _ in range(43))
    return "whsec_" + base64.b64encode(text.encode("ascii")).decode("ascii")


def sources() -> dict[str, Any]:
    """The sources secret of a fresh local stack: one sender, with a new and an old key."""
    return {
        SOURCE: {
            "profile": "standard-webhooks",
            "keys": [new_key(), new_key()],
            "org": "default",
            "modules": MODULES,
            "operations": OPERATIONS,
            "max_records": 500,
            "permanent_min_days": 0,
        }
    }


def zoho(url: str) -> dict[str, Any]:
    """The default org's secret, with accounts and API host at `url`."""
    return {
        "client_id": "1000." + secrets.token_hex(15).upper(),
        "client_secret": secrets.token_hex(21),
        "refresh_token": "1000." + secrets.token_hex(16) + "." + secrets.token_hex(16),
        "data_center": "us",
        "environment": "production",
        "api_version": "v7",
        "accounts_url": url,
        "api_url": url,
    }


def fill(aws: Local, values: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Writes each secret by its name, as JSON; returns the versions of them."""
    client = aws.session().client("secretsmanager", endpoint_url=aws.endpoint_url, config=TIMEOUTS)
    return {
        name: client.put_secret_value(SecretId=name, SecretString=json.dumps(value))["VersionId"]
        for name, value in values.items()
    }


def tell(aws: Local, table: str, held: dict[str, dict[str, Any]], version: str) -> None:
    """Tells the operators' log who filled the sources secret, so that doctor knows a later change by hand."""
    sts = aws.session().client("sts", endpoint_url=aws.endpoint_url, config=TIMEOUTS)
    client = aws.session().client("dynamodb", endpoint_url=aws.endpoint_url, config=TIMEOUTS)
    caller = Caller(sts.get_caller_identity()["Arn"], time.time())
    for name, entry in held.items():
        after = {key: value for key, value in entry.items() if key != "keys"}
        Table(table, lambda: client).tell(
            caller.entry(What.SOURCE_CHANGED, name, after={**after, "version": version})
        )


def events_queue(aws: Local, topic_arn: str) -> str:
    """Makes a queue that gets every result event as it was published; returns its URL."""
    sqs = aws.session().client("sqs", endpoint_url=aws.endpoint_url, config=TIMEOUTS)
    sns = aws.session().client("sns", endpoint_url=aws.endpoint_url, config=TIMEOUTS)
    url = sqs.create_queue(QueueName=EVENTS_QUEUE)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": admits(topic_arn, arn)})
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    return url


def admits(topic_arn: str, queue_arn: str) -> str:
    """A queue policy that lets this one topic deliver; without one SNS delivers nothing."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
