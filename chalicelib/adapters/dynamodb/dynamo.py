"""DynamoDB calls as the ledger makes them: consistent reads and conditional writes; all pages of a query, all
keys of a batch.

Whatever keeps DynamoDB from answering becomes errors.Unavailable, what it would refuse for ever becomes
errors.Rejected: `reached` and `refusal` decide that for every call. Refused conditions are answers.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from chalicelib.adapters.dynamodb import codec, items
from chalicelib.domain.errors import ExpungeError, Rejected, Unavailable, Unreadable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Keys that DynamoDB takes in one BatchGetItem.
BATCH_GET_LIMIT = 100
#: What DynamoDB says of a request that it would refuse each time, alone or as a reason in a transaction.
_FOR_GOOD = frozenset(
    {
        "ValidationException",
        "ValidationError",
        "SerializationException",
        "ItemCollectionSizeLimitExceededException",
        "ItemCollectionSizeLimitExceeded",
        "RequestEntityTooLarge",
    }
)
#: How often a write is tried whose items a transaction of somebody else's holds, and the wait after the first
#: try (seconds): doubled after each, up to half longer or shorter by chance, so that two do not meet again.
BUSY_TRIES = 5
BUSY_SECONDS = 0.03

T = TypeVar("T")
Write = Literal["update_item", "put_item", "delete_item", "transact_write_items"]


@contextmanager
def reached() -> Iterator[None]:
    """What is raised without an answer of DynamoDB's becomes Unavailable, or Rejected where nothing could be
    sent; its answers pass as they are.
    """
    try:
        yield
    except (ParamValidationError, UnicodeEncodeError) as problem:
        raise Rejected("table", type(problem).__name__) from problem
    except BotoCoreError as problem:
        raise Unavailable("table", type(problem).__name__) from problem


def refusal(problem: ClientError) -> ExpungeError:
    """What an answer of DynamoDB's means that is no refused condition: Rejected or Unavailable."""
    told = {items.code_of(problem), *items.cancelled_for(problem)}
    status = problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    kind = Rejected if told & _FOR_GOOD or status == 413 else Unavailable
    return kind("table", items.cause(problem))


def _nobody(*_event: object, **_fields: object) -> None:
    """Discards what is reported."""


@dataclass
class Dynamo:
    """One table over a DynamoDB client; `client` is called when it is needed, and gives the same one each
    time. `report(event, **fields)` is told of each item that cannot be read and is left out.
    """

    name: str
    client: Callable[[], DynamoDBClient]
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False, kw_only=True)
    report: Callable[..., None] = field(default=_nobody, repr=False, kw_only=True)

    def write(self, call: Write, **request: Any) -> Any:
        """The one way to write: DynamoDB's answer to `call`.

        Where a transaction of somebody else's holds an item, DynamoDB refuses plain writes too, and has done
        nothing: such a write is tried again, BUSY_TRIES times in all. Raises ClientError for what it answers
        otherwise (see `refusal`), Unavailable where it cannot be reached.
        """
        for n in range(1, BUSY_TRIES + 1):
            try:
                with reached():
                    return getattr(self.client(), call)(**request)
            except ClientError as problem:
                if n == BUSY_TRIES or not items.clashed(problem):
                    raise
            self.sleep(BUSY_SECONDS * 2 ** (n - 1) * (0.5 + random.random()))  # noqa: S311 -- no secret
        raise AssertionError("the last try answers or raises")

    def update_if(
        self,
        key: items.Item,
        update: str,
        condition: str,
        values: items.Item,
        *,
        noted: Any = None,
    ) -> bool:
        """A conditional update; False where the condition does not hold. `noted`: another action, which is
        written with it or not at all.
        """
        action: dict[str, Any] = {
            "TableName": self.name,
            "Key": key,
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }
        try:
            if noted is None:
                self.write("update_item", **action)
            else:
                self.write("transact_write_items", TransactItems=[{"Update": action}, noted])
        except ClientError as problem:
            refused = items.code_of(problem) == "ConditionalCheckFailedException"
            if refused or "ConditionalCheckFailed" in items.cancelled_for(problem)[:1]:
                return False
            raise refusal(problem) from problem
        return True

    def write_all(self, actions: Sequence[Any]) -> None:
        """All of these actions, which have no condition, or none of them. Raises Unavailable or Rejected."""
        self.write_anyway("transact_write_items", TransactItems=list(actions))

    def write_anyway(self, call: Write, **request: Any) -> Any:
        """A write without a condition. Raises Unavailable or Rejected."""
        try:
            return self.write(call, **request)
        except ClientError as problem:
            raise refusal(problem) from problem

    def get_item(self, key: items.Item) -> items.Item | None:
        """The item, strongly consistent; None where there is none."""
        found: items.Item | None = self._ask(
            self.client().get_item, TableName=self.name, Key=key, ConsistentRead=True
        ).get("Item")
        return found

    def batch_get(self, keys: Sequence[items.Item]) -> list[items.Item]:
        """Those of the items that are there, in no order, strongly consistent."""
        found: list[items.Item] = []
        left = list(keys)
        while left:
            wanted = {self.name: {"Keys": left[:BATCH_GET_LIMIT], "ConsistentRead": True}}
            answer = self._ask(self.client().batch_get_item, RequestItems=wanted)
            found += answer["Responses"].get(self.name, [])
            again = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            left = again + left[BATCH_GET_LIMIT:]
        return found

    def query(self, **query: Any) -> Iterator[items.Item]:
        """Every item of the query, page after page."""
        start: dict[str, Any] = {}
        while True:
            answer = self._ask(self.client().query, TableName=self.name, **query, **start)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def readable_of(self, found: Iterable[items.Item], make: Callable[[items.Item], T]) -> list[T]:
        """What `make` makes of each item. One of which it can make nothing is told and left out: it keeps no
        other from being read.
        """
        made: list[T] = []
        for item in found:
            try:
                with codec.readable(items.place(item), "item"):
                    made.append(make(item))
            except Unreadable as problem:
                self.set_aside_item(problem)
        return made

    def set_aside_item(self, problem: Unreadable) -> None:
        """Tell operators of an item that cannot be read, where they look for what was set aside."""
        self.report("set_aside", item=problem.key, reason=problem.reason)

    def first_page(self, **query: Any) -> list[items.Item]:
        """The first page of a query, as long as its Limit says."""
        return self.page(**query)[0]

    def page(self, **query: Any) -> tuple[list[items.Item], items.Item | None]:
        """The first page of a query, and the key at which it ended where there is more."""
        answer = self._ask(self.client().query, TableName=self.name, **query)
        return answer["Items"], answer.get("LastEvaluatedKey")

    def _ask(self, call: Callable[..., Any], **request: Any) -> Any:
        try:
            with reached():
                return call(**request)
        except ClientError as problem:
            raise refusal(problem) from problem
