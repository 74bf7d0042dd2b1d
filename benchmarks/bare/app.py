"""The baseline: a bare Chalice route that does one DynamoDB put.

With BARE_COUNTED it makes one call more before it, the conditional update that a limit over time takes.
"""

import os
from typing import Any

import boto3
from chalice import Chalice, Response

app = Chalice(app_name="bare")
dynamodb = boto3.client("dynamodb")


@app.route("/", methods=["POST"])
def put() -> Response:
    """Stores the body under a key of its own."""
    request: Any = app.current_request
    if "BARE_COUNTED" in os.environ:
        _count()
    item = {"pk": {"S": request.headers["webhook-id"]}, "body": {"B": request.raw_body}}
    dynamodb.put_item(TableName=os.environ["BARE_TABLE"], Item=item)
    return Response({"status": "accepted"}, status_code=202)


def _count() -> None:
    """Counts the request, as a limit over time does."""
    dynamodb.update_item(
        TableName=os.environ["BARE_TABLE"],
        Key={"pk": {"S": "DAY"}},
        UpdateExpression="ADD named :records",
        ConditionExpression="attribute_not_exists(named) OR named <= :most",
        ExpressionAttributeValues={":records": {"N": "10"}, ":most": {"N": "1000000000"}},
        ReturnValues="UPDATED_OLD",
    )
