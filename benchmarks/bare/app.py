"""The baseline: a bare Chalice route that does one DynamoDB put.

With BARE_QUEUE it makes the calls that accepting a deletion takes instead, and nothing else: a conditional
update of a tally, a transaction of four puts of about the same size, and a message to that queue.
"""

import json
import os
from typing import Any

import boto3
from chalice import Chalice, Response

app = Chalice(app_name="bare")
dynamodb = boto3.client("dynamodb")
sqs = boto3.client("sqs") if "BARE_QUEUE" in os.environ else None

#: Bytes of text in the four items of a deletion of ten ids: delivery, deletion, ids, first log entry.
SIZES = (450, 1400, 100, 1300)


@app.route("/", methods=["POST"])
def put() -> Response:
    """Stores the body under a key of its own."""
    request: Any = app.current_request
    key = request.headers["webhook-id"]
    if sqs is None:
        item = {"pk": {"S": key}, "body": {"B": request.raw_body}}
        dynamodb.put_item(TableName=os.environ["BARE_TABLE"], Item=item)
    else:
        _accept(key, request.raw_body, sqs)
    return Response({"status": "accepted"}, status_code=202)


def _accept(key: str, body: bytes, sqs: Any) -> None:
    """The calls of an accepted deletion."""
    table = os.environ["BARE_TABLE"]
    dynamodb.update_item(
        TableName=table,
        Key={"pk": {"S": "DAY"}},
        UpdateExpression="SET named = if_not_exists(named, :zero) + :n, h1 = if_not_exists(h1, :zero) + :n,"
        " mark = :mark, expires_at = :gone",
        ConditionExpression="(attribute_not_exists(mark) OR NOT begins_with(mark, :digest))"
        " AND (named <= :most OR (attribute_not_exists(named) AND :most >= :zero))",
        ExpressionAttributeValues={
            ":n": {"N": "10"},
            ":zero": {"N": "0"},
            ":mark": {"S": key},
            ":gone": {"N": "2000000000"},
            ":digest": {"S": key},
            ":most": {"N": "1000000000"},
        },
        ReturnValues="UPDATED_NEW",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    puts = [_put(table, f"{key}#{n}", size, body) for n, size in enumerate(SIZES)]
    dynamodb.transact_write_items(TransactItems=puts, ClientRequestToken=key[-36:])
    message = {"deletion": key, "correlation": "bench"}
    queue = os.environ["BARE_QUEUE"]
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(message), MessageGroupId="bare", DelaySeconds=0)


def _put(table: str, key: str, size: int, body: bytes) -> Any:
    item = {"pk": {"S": key}, "doc": {"S": "x" * size}, "data": {"B": body[:100]}}
    return {"Put": {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}
