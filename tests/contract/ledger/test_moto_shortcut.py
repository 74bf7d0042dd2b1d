"""The short way to moto answers as the way over HTTP does, so that a test may go either."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests import aws
from tests.contract.ledger.test_ledger import make_table

KEY = {"pk": {"S": "D#1"}, "sk": {"S": "META"}}
ITEM = {
    **KEY,
    "text": {"S": "ä"},
    "empty": {"S": ""},
    "n": {"N": "1.50"},
    "b": {"B": b"\x00\xff"},
    "none": {"NULL": True},
    "no": {"BOOL": False},
    "list": {"L": [{"B": b"1"}, {"M": {"a": {"S": "x"}}}, {"L": []}]},
    "map": {"M": {}},
    "strings": {"SS": ["a", "b"]},
    "bytes": {"BS": [b"1", b"2"]},
}
OTHER = {"pk": {"S": "D#1"}, "sk": {"S": "EVENT#1"}, "n": {"N": "7"}}
AGAIN = {"TableName": "t", "Key": KEY}
NOT_TWO = {"ConditionExpression": "n = :n", "ExpressionAttributeValues": {":n": {"N": "2"}}}
SET = {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "2"}}}
MISSING = {"TableName": "t", "Key": {"pk": {"S": "no"}, "sk": {"S": "no"}}}
BELOW = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "D#1"}}}
#: Calls one after the other, each of which sees what those before have done.
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("put_item", {"TableName": "t", "Item": ITEM}),
    ("put_item", {"TableName": "t", "Item": OTHER, "ReturnConsumedCapacity": "INDEXES"}),
    ("put_item", {"TableName": "t", "Item": ITEM, "ConditionExpression": "attribute_not_exists(pk)"}),
    ("put_item", {"TableName": "t", "Item": {**KEY, "pk": {"S": ""}}}),
    ("put_item", {"TableName": "t", "Item": {**KEY, "long": {"S": "x" * 500_000}}}),
    ("put_item", {"TableName": "t", "Item": "nothing"}),
    ("get_item", {**AGAIN, "ConsistentRead": True}),
    ("get_item", {**AGAIN, "ProjectionExpression": "n, b"}),
    ("get_item", MISSING),
    ("get_item", {"TableName": "nowhere", "Key": KEY}),
    ("update_item", {**AGAIN, **SET, "ReturnValues": "ALL_NEW"}),
    ("update_item", {**AGAIN, **SET, "ReturnValues": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL"}),
    ("update_item", {**AGAIN, "UpdateExpression": "SET SET"}),
    (
        "update_item",
        {
            **AGAIN,
            "UpdateExpression": "SET n = :m",
            "ConditionExpression": "n = :n",
            "ExpressionAttributeValues": {":n": {"N": "9"}, ":m": {"N": "3"}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
    ),
    ("query", {"TableName": "t", **BELOW}),
    ("query", {"TableName": "t", **BELOW, "Limit": 1}),
    ("query", {"TableName": "t", **BELOW, "Select": "COUNT"}),
    ("query", {"TableName": "t", "KeyConditionExpression": "pk"}),
    ("scan", {"TableName": "t", "ReturnConsumedCapacity": "TOTAL"}),
    ("batch_get_item", {"RequestItems": {"t": {"Keys": [KEY]}}}),
    ("transact_get_items", {"TransactItems": [{"Get": AGAIN}, {"Get": MISSING}]}),
    ("transact_write_items", {"TransactItems": [{"Update": {**AGAIN, **SET}}], "ClientRequestToken": "1"}),
    ("transact_write_items", {"TransactItems": [{"Update": {**AGAIN, **SET}}], "ClientRequestToken": "1"}),
    (
        "transact_write_items",
        {
            "TransactItems": [
                {"Put": {"TableName": "t", "Item": {**OTHER, "sk": {"S": "EVENT#2"}}}},
                {"ConditionCheck": {**AGAIN, "ConditionExpression": "attribute_not_exists(pk)"}},
            ]
        },
    ),
    ("batch_write_item", {"RequestItems": {"t": [{"DeleteRequest": {"Key": KEY}}]}}),
    ("delete_item", {**MISSING, **NOT_TWO}),
    ("delete_item", {"TableName": "t", "Key": {"pk": {"S": "D#1"}, "sk": {"S": "EVENT#1"}}}),
    ("scan", {"TableName": "t"}),
]


def answers(client: Any) -> Iterator[object]:
    """What each call was answered, or how it was refused."""
    for name, request in CALLS:
        try:
            answer = getattr(client, name)(**request)
        except ClientError as problem:
            told = {word: each for word, each in problem.response.items() if word != "ResponseMetadata"}
            yield name, type(problem).__name__, problem.response["ResponseMetadata"]["HTTPStatusCode"], told
        except ParamValidationError as problem:
            yield name, str(problem)
        else:
            assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
            yield name, answer


def long_way() -> Any:
    client = aws.client("dynamodb")
    aws.by_http(client)
    return client


def answered(made: Callable[[], Any]) -> list[object]:
    with aws.dynamodb() as client:
        make_table(client)
        return list(answers(made()))


def test_each_call_is_answered_or_refused_the_short_way_as_it_is_over_http() -> None:
    short, over_http = answered(lambda: aws.client("dynamodb")), answered(long_way)
    for one, other in zip(short, over_http, strict=True):
        assert one == other
    refused = {one[1] for one in short if isinstance(one, tuple) and isinstance(one[1], str)}
    assert {"ConditionalCheckFailedException", "TransactionCanceledException"} <= refused


def test_the_short_way_is_gone_and_nothing_of_the_answer_is_the_tables_own() -> None:
    sent: list[str] = []
    with aws.dynamodb() as client:
        make_table(client)
        client.meta.events.register("before-send.dynamodb", lambda request, **_: sent.append(request.url))
        client.put_item(TableName="t", Item=ITEM)
        client.get_item(**AGAIN)["Item"]["list"]["L"].clear()
        client.get_item(**AGAIN)["Item"]["n"]["N"] = "8"
        assert client.get_item(**AGAIN)["Item"] == ITEM
    assert sent == []


@pytest.mark.parametrize("event", ["before-call", "before-call.dynamodb", "before-call.dynamodb.PutItem"])
def test_who_listens_to_calls_hears_them_and_may_answer(event: str) -> None:
    heard: list[str] = []
    with aws.dynamodb() as client:
        make_table(client)
        client.meta.events.register(event, lambda model, **_: heard.append(model.name))
        client.put_item(TableName="t", Item=ITEM)
        assert heard == ["PutItem"]
        client.meta.events.register(event, _unreachable)
        with pytest.raises(OSError, match="on its way"):
            client.put_item(TableName="t", Item=OTHER)


def test_a_client_that_outlives_moto_is_answered_by_nothing() -> None:
    with aws.dynamodb() as client:
        make_table(client)
    client.meta.events.register("before-send.dynamodb", _unreachable)
    with pytest.raises(OSError, match="on its way"):
        client.get_item(**AGAIN)


def _unreachable(**_: Any) -> None:
    raise OSError("on its way")


def test_workers_side_by_side_are_each_answered() -> None:
    with aws.dynamodb() as client:
        make_table(client)
        threads = [
            threading.Thread(
                target=client.put_item,
                kwargs={"TableName": "t", "Item": {"pk": {"S": str(n)}, "sk": {"S": "-"}}},
            )
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.scan(TableName="t")["Count"] == 8
