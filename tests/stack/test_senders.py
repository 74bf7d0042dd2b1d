"""The senders that integrators copy, and the running stack: Python, JavaScript, curl."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from typing import Any

import pytest
from standardwebhooks import Webhook

from local.running import RunningStack
from local.settings import ROOT

pytestmark = pytest.mark.stack

SENDERS = ROOT / "examples/callers"
PACKAGES = ROOT / ".venvs/node/node_modules"
# A letter beyond ASCII: what is signed must be the bytes that are sent.
BODY = {
    "operation": "delete_records",
    "module": "Leads",
    "ids": ["410405000002264040"],
    "reference": "für Ünal",
}


def url(stack: RunningStack) -> str:
    return f"{stack['api_url']}v1/sources/crm-workflow/deletions"


def run(words: list[str], stack: RunningStack, key: str, **variables: str) -> tuple[int, Any]:
    """Status and answer, as every sender prints them."""
    done = subprocess.run(
        [*words, url(stack)],
        input=json.dumps(BODY, ensure_ascii=False).encode(),
        env={"PATH": os.environ["PATH"], "KEY": key, **variables},
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text, status = done.stdout.decode().rstrip().rsplit("\n", 1)
    return int(status), json.loads(text)


def taken(words: list[str], stack: RunningStack, **variables: str) -> None:
    """Both keys are good, a repeat is a replay, another key is refused."""
    first = None
    for key in stack.keys:
        status, body = run(words, stack, key, **variables)
        assert (status, body["reference"]) == (202, BODY["reference"])
        assert body["id"] != first  # an id of its own, where none was given
        first = body["id"]
    again = {"DELIVERY": f"msg_{secrets.token_hex(8)}", **variables}
    ids = {run(words, stack, stack.keys[0], **again)[1]["id"] for _ in range(2)}
    assert len(ids) == 1
    status, body = run(words, stack, "whsec_" + "x" * 44, **variables)
    assert (status, body["error"]["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("name", ["send_standardwebhooks.py", "send_hmac.py"])
def test_python(stack: RunningStack, name: str) -> None:
    taken([sys.executable, str(SENDERS / name)], stack)


def test_the_package_within_a_program(stack: RunningStack) -> None:
    from datetime import UTC, datetime

    body, now = json.dumps(BODY, ensure_ascii=False), datetime.now(UTC)
    signature = Webhook(stack.keys[1]).sign("msg_in_a_program", now, body)
    answer = stack.send(
        body.encode(),
        delivery="msg_in_a_program",
        timestamp=int(now.timestamp()),
        headers={"webhook-signature": signature},
    )
    assert answer.status_code == 202, answer.text


@pytest.mark.browser
@pytest.mark.parametrize("name", ["send_standardwebhooks.cjs", "send_crypto.cjs"])
def test_javascript(stack: RunningStack, name: str) -> None:
    node = shutil.which("node")
    assert node, "node is not installed"
    assert PACKAGES.exists(), "the packages are not installed: make node"
    taken([node, str(SENDERS / name)], stack, NODE_PATH=str(PACKAGES))


@pytest.mark.browser
def test_curl_and_openssl(stack: RunningStack) -> None:
    taken(["sh", str(SENDERS / "send.sh")], stack, no_proxy="*")
