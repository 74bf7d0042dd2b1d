"""AWS in memory for tests (moto). All clients are of one session, so AWS's models are read from disk once:
that takes ten times as long as all else that makes a client.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
from moto import mock_aws

from tests import moto_shortcut


@contextmanager
def dynamodb() -> Iterator[Any]:
    """A DynamoDB with nothing in it, as a client of it."""
    with mock_aws():
        yield client("dynamodb")


def client(service: str) -> Any:
    """One more client of what is mocked just now. Any, as the service is any."""
    make: Any = _session().client
    made = make(service)
    if service == "dynamodb":
        moto_shortcut.shorten(made)
    return made


def by_http(client: Any) -> None:
    """Lets a client of DynamoDB go the long way, as one outside of tests does."""
    moto_shortcut.lengthen(client)


@cache
def _session() -> boto3.Session:
    """Moto answers for it, as it was made after moto was imported."""
    return boto3.Session("testing", "testing", region_name="us-east-1")
