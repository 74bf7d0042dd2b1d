"""Looks for a record as `expunge find` does, then reads the same items page by page and does nothing else.

Arguments: the table, the record. Its environment says where AWS is. It answers with a line of JSON.
"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from chalicelib.adapters.dynamodb.table import Table
from cli.__main__ import main  # the command is imported with all that it brings along
from cli.evidence.searching import search

DAYS = 400


def read(client: Any, table: str, months: list[str]) -> int:
    """How many items the digests of these months are."""
    pages = client.get_paginator("query").paginate
    return sum(
        len(page["Items"])
        for month in months
        for page in pages(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"EVIDENCE#DIGEST#{month}"}},
            ConsistentRead=True,
        )
    )


def timed(name: str, record: str) -> dict[str, Any]:
    """What was found, and how long it took to find it and to read it."""
    client = boto3.client("dynamodb")
    now = datetime.now(UTC)
    began = time.perf_counter()
    found = search(Table(name, lambda: client), "Leads", record, now - timedelta(days=DAYS), now)
    find = time.perf_counter() - began
    months = sorted({f"{now - timedelta(days=n):%Y-%m}" for n in range(DAYS + 1)})
    began = time.perf_counter()
    items = read(client, name, months)
    return {
        "found": [hit.deletion.id for hit in found.hits],
        "deletions_read": found.read,
        "find": find,
        "read": time.perf_counter() - began,
        "items": items,
    }


if __name__ == "__main__":
    print(json.dumps({"command": main.commands["find"].name, **timed(*sys.argv[1:])}))
