"""Senders that others wrote and the running stack: public packages in Python and JavaScript, curl."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from local.running import RunningStack
from local.settings import ROOT

pytestmark = pytest.mark.stack

SENDERS = ROOT / "tests/senders"
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


def run(words: list[str], stack: RunningStack, key: str, **variables: str) -> str:
    done = subprocess.run(
        [*words, url(stack)],
        input=json.dumps(BODY, ensure_ascii=False).encode(),
        env={"PATH": os.environ["PATH"], "KEY": key, **variables},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def taken(status: int, body: Any) -> None:
    assert status == 202, body
    assert body["reference"] == BODY["reference"]


@pytest.mark.parametrize("number", [0, 1])
def test_python(stack: RunningStack, number: int) -> None:
    body, now = json.dumps(BODY, ensure_ascii=False), datetime.now(UTC)
    signature = Webhook(stack.keys[number]).sign(f"msg_python_{number}_{now.timestamp():.0f}", now, body)
    answer = stack.send(
        body.encode(),
        delivery=f"msg_python_{number}_{now.timestamp():.0f}",
        timestamp=int(now.timestamp()),
        headers={"webhook-signature": signature},
    )
    taken(answer.status_code, answer.json())


@pytest.mark.browser
@pytest.mark.parametrize("number", [0, 1])
def test_javascript(stack: RunningStack, number: int) -> None:
    node = shutil.which("node")
    assert node, "node is not installed"
    assert PACKAGES.exists(), "the packages are not installed: make node"
    words = [node, str(SENDERS / "send.cjs")]
    answer = json.loads(run(words, stack, stack.keys[number], NODE_PATH=str(PACKAGES)))
    taken(answer["status"], answer["body"])


@pytest.mark.browser
@pytest.mark.parametrize("number", [0, 1])
def test_curl_and_openssl(stack: RunningStack, number: int) -> None:
    text, status = run(["sh", str(SENDERS / "send.sh")], stack, stack.keys[number]).rstrip().rsplit("\n", 1)
    taken(int(status), json.loads(text))
