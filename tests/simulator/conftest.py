"""A running simulator whose clock stands still, and a caller with a token."""

from collections.abc import Iterator

import pytest

import simulator
from simulator import Server, SimClock
from tests.simulator.crm import Crm

START = 1_700_000_000.0


@pytest.fixture
def server() -> Iterator[Server]:
    """Freshly started, with the documents' records."""
    with simulator.running(clock=SimClock(lambda: START)) as running:
        yield running


@pytest.fixture
def crm(server: Server) -> Iterator[Crm]:
    """A caller with a token; the documents' records are gone."""
    found = Crm(server)
    found.control("reset")
    found.authorize()
    yield found
    found.http.close()


@pytest.fixture
def documents(server: Server) -> Iterator[Crm]:
    """A caller with a token; the documents' records are there."""
    found = Crm(server)
    yield found
    found.http.close()
