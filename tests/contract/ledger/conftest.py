"""Every ledger: the one in memory, the table, and a table whose items others hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.service.ports import Ledger
from tests import aws
from tests.contract.ledger.test_ledger import make_table, table_on
from tests.fake_ledger import FakeLedger


@pytest.fixture(params=["memory", "table", "busy table"])
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """The three of them, one after the other."""
    if request.param == "memory":
        yield FakeLedger()
        return
    with aws.dynamodb() as client:
        make_table(client)
        yield table_on(client, busy=request.param == "busy table")
