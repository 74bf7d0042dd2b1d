"""The packaged template of every stage, one after the other."""

from __future__ import annotations

from typing import Any

import pytest

from local import package

STAGES = ("local", "dev", "prod")


@pytest.fixture(scope="module", params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def template(stage: str) -> dict[str, Any]:
    return package.build(stage).template()


@pytest.fixture(scope="module")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found
