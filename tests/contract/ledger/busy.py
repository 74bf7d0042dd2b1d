"""A DynamoDB in which transactions of others hold the item of every write for a while."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from botocore.exceptions import ClientError

WRITES = {"update_item", "put_item", "delete_item", "transact_write_items", "batch_write_item"}


class Busy:
    """Refuses each write `times` times, as DynamoDB does, before the client behind it is asked.

    `refused`: how often, by call. A write that is not tried again stays refused, and its test fails.
    """

    def __init__(self, client: Any, times: int) -> None:
        self.refused: Counter[str] = Counter()
        self._client = client
        self._times = times
        self._tries = threading.local()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in WRITES:
            return call

        def write(**request: Any) -> Any:
            tries = getattr(self._tries, "count", 0)
            self._tries.count = (tries + 1) % (self._times + 1)
            if tries == self._times:
                return call(**request)
            self.refused[name] += 1
            raise conflict(name, len(request.get("TransactItems", ())))

        return write


def conflict(call: str, actions: int = 0) -> ClientError:
    """What DynamoDB answers to a write of an item that a transaction holds."""
    if call != "transact_write_items":
        return ClientError({"Error": {"Code": "TransactionConflictException", "Message": "busy"}}, call)
    held: Any = [{"Code": "TransactionConflict"}, *[{"Code": "None"}] * (actions - 1)]
    error = {"Error": {"Code": "TransactionCanceledException", "Message": "cancelled"}}
    return ClientError({**error, "CancellationReasons": held}, call)  # type: ignore[typeddict-item]  # boto3's type has no reasons
