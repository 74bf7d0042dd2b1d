"""Fixtures: a small server that answers as told, and the bench around it."""

from collections.abc import Iterator

import pytest

from tests.contract.zoho.kit import Bench, SmallServer, small_server


@pytest.fixture
def server() -> Iterator[SmallServer]:
    with small_server() as running:
        yield running


@pytest.fixture
def bench(server: SmallServer) -> Bench:
    return Bench(server.url)
