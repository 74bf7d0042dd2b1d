"""A command says where it works before it deletes or arms something."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.target import Target


class Sts:
    meta = SimpleNamespace(region_name="eu-central-1")

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}


@pytest.mark.parametrize(
    ("named", "whose"), [(("shop",), "org shop"), ((None,), "every org"), ((None, "erp"), "source erp")]
)
def test_org_account_region_and_stage_are_named_beside_the_result(
    capsys: pytest.CaptureFixture[str], named: tuple[str | None, ...], whose: str
) -> None:
    made: dict[str, Any] = {"sts": Sts()}
    target = Target("prod", "expunge/prod/sources", "expunge-prod-api", made.__getitem__, as_json=True)
    target.tell_target(*named)
    target.say({"done": True})
    out, err = capsys.readouterr()
    assert err == f"{whose}, account 123456789012, region eu-central-1, stage prod\n"
    assert out == '{"done": true}\n'
