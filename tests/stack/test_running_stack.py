"""What a running local stack is: as the contract describes it, signed, on loopback only."""

from __future__ import annotations

import base64
import json
import re
import time
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from local.clients import TIMEOUTS, Local
from local.running import RunningStack

pytestmark = pytest.mark.stack

DESCRIBED = {
    "endpoint_url",
    "region",
    "stage",
    "api_url",
    "table_name",
    "topic_arn",
    "work_queue_url",
    "dead_letter_queue_url",
    "events_queue_url",
    "functions",
    "credentials",
    "sources_secret",
    "zoho_secret",
    "zoho_url",
    "evidence_bucket",
    "evidence_key_id",
}


def test_the_description_is_what_the_contract_says(stack: RunningStack) -> None:
    assert set(stack.described) == DESCRIBED
    assert set(stack["functions"]) == {"api", "work", "poll", "retention", "evidence"}
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+", stack["endpoint_url"])
    assert stack["api_url"].startswith(stack["endpoint_url"] + "/")
    assert stack["api_url"].endswith("/")
    assert (stack["region"], stack["stage"]) == ("us-east-1", "local")
    assert (stack["sources_secret"], stack["zoho_secret"]) == (
        "expunge/local/sources",
        "expunge/local/zoho/default",
    )


def test_the_secrets_are_filled(stack: RunningStack) -> None:
    secrets = stack.client("secretsmanager")
    sources, zoho, links = (
        json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])
        for name in (stack["sources_secret"], stack["zoho_secret"], "expunge/local/links")
    )
    entry = sources["crm-workflow"]
    assert set(entry["operations"]) == {"delete_records", "mass_delete", "delink_records"}
    assert {"Leads", "Contacts", "Campaigns", "Accounts", "Deals", "Products"} <= set(entry["modules"])
    assert len(set(entry["keys"])) == 2
    for key in entry["keys"]:
        text = base64.b64decode(key.removeprefix("whsec_"), validate=True).decode("ascii")
        assert re.fullmatch(r"[!-~]{43}", text)
    assert (zoho["accounts_url"], zoho["api_url"]) == (stack["zoho_url"],) * 2
    assert zoho["client_id"].startswith("1000.")
    assert zoho["refresh_token"].startswith("1000.")
    assert links["old"] == []
    assert len(links["new"]) == 48


def test_signatures_of_the_credentials_are_verified(stack: RunningStack) -> None:
    wrong = Local(stack["endpoint_url"], stack["credentials"]["access_key_id"], "not-the-secret")
    client = wrong.session().client("sqs", endpoint_url=wrong.endpoint_url, config=TIMEOUTS)
    with pytest.raises(ClientError) as caught:
        client.get_queue_attributes(QueueUrl=stack["work_queue_url"], AttributeNames=["All"])
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_the_events_queue_hears_the_topic_as_published(stack: RunningStack) -> None:
    name = f"raw-{time.time_ns()}"
    body = json.dumps({"subject": name, "id": name, "sequence": "0", "type": "expunge.test"})
    stack.client("sns").publish(TopicArn=stack["topic_arn"], Message=body)
    limit, heard = time.monotonic() + 120, []
    while name not in heard and time.monotonic() < limit:
        heard += [event["subject"] for event in stack.events()]
    assert name in heard


def test_the_deployed_functions_are_the_templates(stack: RunningStack) -> None:
    client = stack.client("lambda")
    for function, name in stack["functions"].items():
        found = client.get_function_configuration(FunctionName=name)
        assert found["MemorySize"] >= 512
        assert found["Timeout"] <= 60
        assert found["Environment"]["Variables"]["EXPUNGE_STAGE"] == "local"
        recursion = client.get_function_recursion_config(FunctionName=name)["RecursiveLoop"]
        assert recursion == ("Allow" if function in ("work", "poll") else "Terminate")


def test_nothing_listens_beyond_loopback(stack: RunningStack) -> None:
    port = int(stack["endpoint_url"].rpartition(":")[2])
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {words[1] for words in table if words[3] == "0A"}
    assert [where for where in listening if where.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]


def test_no_account_of_the_environment_is_touched(stack: RunningStack) -> None:
    """Clients of the local stack ignore whatever AWS settings the caller has."""
    session = stack.aws.session()
    assert isinstance(session, boto3.Session)
    credentials = session.get_credentials()
    assert credentials
    assert credentials.method == "explicit"
    assert session.region_name == "us-east-1"
