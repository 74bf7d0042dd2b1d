"""The official client as a fixture."""

from pathlib import Path

import pytest

from tests.sdk.environment import client_python


def pytest_configure(config: pytest.Config) -> None:
    """Names the mark, so that ``-m "not sdk"`` leaves these tests out."""
    config.addinivalue_line(
        "markers", "sdk: drives the simulator with Zoho's official client (makes .venvs/sdk)"
    )


@pytest.fixture(scope="session")
def sdk_python() -> Path:
    """The Python of the client's environment."""
    return client_python()
