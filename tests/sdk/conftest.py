"""The mark of what drives the official client."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Names the mark, so that ``-m "not sdk"`` leaves these tests out."""
    config.addinivalue_line(
        "markers", "sdk: drives the simulator with Zoho's official client (makes .venvs/sdk)"
    )
