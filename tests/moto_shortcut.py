"""The short way from a client to moto's DynamoDB. What boto3 sends is checked and written as ever, and moto's
own operations answer it; only the HTTP in between is left out, which is more than half of what a call costs.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.parsers import create_parser
from moto.core.exceptions import ServiceException
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.dynamodb.responses import DynamoHandler
from werkzeug.exceptions import HTTPException

#: Calls about items. All others, such as those that make a table, go by HTTP.
OPERATIONS = (
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
)


#: The most general event of a call, in its last place: who else listens, to one operation or to all, is heard
#: before.
EVENT = "before-call"


def shorten(client: Any) -> None:
    """Lets the client of DynamoDB go the short way while moto answers. What listens to the client's calls is
    heard before.
    """
    client.meta.events.register_last(EVENT, _answered)


def lengthen(client: Any) -> None:
    """Takes the short way from a client again."""
    client.meta.events.unregister(EVENT, _answered)


def _answered(model: Any, params: Any, context: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
    """The answer as botocore would have read it; None where moto is not there to give one."""
    if model.name not in OPERATIONS or not botocore_stubber.enabled:
        return None
    handler = _Handler(model, params, context["client_region"])
    try:
        result = getattr(handler, camelcase_to_underscores(model.name))().result
    except (ServiceException, HTTPException) as problem:
        return _refused(handler, model, problem)
    headers = {"x-amzn-requestid": "short"}
    told = {"RequestId": "short", "HTTPStatusCode": 200, "HTTPHeaders": headers, "RetryAttempts": 0}
    members = model.output_shape.members
    answer = {name: _plain(value) for name, value in result.items() if name in members and value is not None}
    return _response(200), answer | {"ResponseMetadata": told}


class _Handler(DynamoHandler):
    """Moto's handler with what it would have found out about an HTTP request."""

    def __init__(self, model: Any, params: Any, region: str) -> None:
        super().__init__()
        self.region, self.current_account, self.headers = region, DEFAULT_ACCOUNT_ID, params["headers"]
        self.querystring: dict[str, Any] = {}
        self.uri_match: dict[str, Any] = {}
        self.response_headers: dict[str, str] = {}
        parser = PROTOCOL_PARSERS["json"](model, map_type=self.PROTOCOL_PARSER_MAP_TYPE)
        request: Any = {"body": params["body"], "headers": params["headers"]}
        self.body = self.params = parser.parse(request)


def _refused(
    handler: _Handler, model: Any, problem: ServiceException | HTTPException
) -> tuple[AWSResponse, dict[str, Any]]:
    """Refusals are written and read as ever: they are few, and each has a shape of its own."""
    body: str | bytes
    if isinstance(problem, HTTPException):
        status, headers, body = problem.code or 500, dict(problem.get_headers()), str(problem.description)
    else:
        status, headers, body = handler.serialized(ActionResult(problem))
    told = {
        "status_code": status,
        "headers": headers,
        "body": body if isinstance(body, bytes) else body.encode(),
    }
    answer: dict[str, Any] = _parser().parse(told, model.output_shape)
    shape = model.service_model.shape_for_error_code(answer["Error"]["Code"])
    if shape is not None:
        answer |= {name: each for name, each in _parser().parse(told, shape).items() if name not in answer}
    return _response(status), answer


def _response(status: int) -> AWSResponse:
    return AWSResponse("", status, HTTPHeaders(), None)


@cache
def _parser() -> Any:
    return create_parser("json")


def _plain(value: Any) -> Any:
    """A copy without what has no value, as nothing of that is sent."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | bytes | int | float) else copy.deepcopy(value)
