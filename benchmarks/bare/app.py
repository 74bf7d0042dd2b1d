"""The baseline: a bare Chalice route that does one DynamoDB put."""

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
    item = {"pk": {"S": request.headers["webhook-id"]}, "body": {"B": request.raw_body}}
    dynamodb.put_item(TableName=os.environ["BARE_TABLE"], Item=item)
    return Response({"status": "accepted"}, status_code=202)
