"""Every answer of Zoho's passes one place."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.engine.gate import Gate
from chalicelib.service.zoho_port import Zoho
from tests.fake_zoho import ORG

CALLS = [name for name, member in vars(Zoho).items() if inspect.isfunction(member) and name[0] != "_"]


class Echo:
    """A client that answers each call with its name and what it was called with."""

    org = ORG

    def __getattr__(self, name: str) -> Any:
        return lambda *given: Reply(200, body={"called": name, "with": given}, credits_left=7)


@pytest.mark.parametrize("name", CALLS)
def test_the_answer_of_every_call_of_the_port_is_noted(name: str) -> None:
    noted: list[Reply] = []
    gate = Gate(Echo(), noted.append)
    parameters = list(inspect.signature(getattr(Zoho, name)).parameters)[1:]
    reply = getattr(gate, name)(*parameters)
    assert reply.body == {"called": name, "with": tuple(parameters)}
    assert noted == [reply]


def test_the_port_has_calls_and_the_gate_knows_the_org() -> None:
    assert len(CALLS) >= 12
    assert Gate(Echo(), lambda reply: None).org is ORG
