"""What setup tells whoever tries it on the local stack."""

from __future__ import annotations

import json
import shlex

import requests

import simulator
from cli import setup_words


def test_the_command_that_is_shown_on_the_local_stack_makes_a_code() -> None:
    scopes = ["ZohoCRM.org.READ", "ZohoCRM.modules.leads.DELETE"]
    with simulator.running() as server:
        (shown,) = [line for line in setup_words.simulator(server.url, scopes) if line.startswith("curl ")]
        curl, method, post, data, body, address = shlex.split(shown)
        assert (curl, method, post, data) == ("curl", "-X", "POST", "-d")
        assert json.loads(body) == {"scopes": scopes}
        assert requests.post(address, data=body, timeout=60).json()["code"].startswith("1000.")
