"""`expunge verify` as a command, on requests that a running stack has answered."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.__main__ import main
from local.running import RunningStack, sign

pytestmark = pytest.mark.stack

LEAD = {"operation": "delete_records", "module": "Leads", "ids": ["410405000002264040"], "dry_run": True}
Verify = Callable[..., Result]


@pytest.fixture
def verify(stack: RunningStack, tmp_path: Path) -> Verify:
    (tmp_path / "stack.json").write_text(json.dumps(stack.described), encoding="utf-8")

    def run(*words: str) -> Result:
        done = CliRunner().invoke(main, ["verify", *words], env={"LOCAL_DIR": str(tmp_path)})
        assert not [key for key in stack.keys if key.removeprefix("whsec_") in done.output]
        return done

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "request.txt"


def captured(headers: dict[str, str], body: bytes) -> bytes:
    lines = ["POST /v1/sources/crm-workflow/deletions HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "Content-Type: application/json", "", ""]).encode() + body


def signed(stack: RunningStack, delivery: str, body: bytes, of: bytes) -> dict[str, str]:
    now = int(time.time())
    return {
        "webhook-id": delivery,
        "webhook-timestamp": str(now),
        "webhook-signature": sign(stack.keys[0], delivery, now, of),
    }


def test_what_was_refused_is_explained(stack: RunningStack, verify: Verify, file: Path) -> None:
    body = json.dumps(LEAD).encode()
    headers = signed(stack, "verify-1", body, json.dumps(LEAD, separators=(",", ":")).encode())
    assert stack.send(body, delivery="verify-1", headers=headers).status_code == 401
    file.write_bytes(captured(headers, body))
    done = verify(str(file))
    assert done.exit_code == 3
    assert "answer: 401 unauthorized (no_match)" in done.output
    assert "reserialised: what was signed is the body written again as compact JSON" in done.output
    said = json.loads(verify(str(file), "--json", "--at", str(time.time() + 4000).split(".")[0]).output)
    assert said["answer"]["reason"] == "too_old"
    assert [hint["code"] for hint in said["hints"]] == ["too_old", "reserialised"]


def test_what_was_accepted_is_a_replay(stack: RunningStack, verify: Verify, file: Path) -> None:
    body = json.dumps(LEAD).encode()
    headers = signed(stack, "verify-2", body, body)
    file.write_bytes(captured(headers, body))
    before = json.loads(verify(str(file), "--json").output)["answer"]
    assert (before["status"], before["replay_of"]) == (202, "")
    answer = stack.send(body, delivery="verify-2", headers=headers)
    assert answer.status_code == 202
    done = verify(str(file), "--json")
    assert done.exit_code == 0
    assert json.loads(done.output)["answer"]["replay_of"] == answer.json()["id"]


def test_headers_and_body_apart(stack: RunningStack, verify: Verify, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text(json.dumps({**LEAD, "module": "Nothing"}), encoding="utf-8")
    headers = signed(stack, "verify-3", body.read_bytes(), body.read_bytes())
    words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    done = verify("--source", "crm-workflow", *words, "--body-file", str(body))
    assert done.exit_code == 3
    assert "/module: this source may not delete in this module" in done.output


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ([], 2, "give FILE"),
        (["/not/there.txt"], 2, "No such file"),
        (["-H", "a: b", "--body-file", "-"], 2, "which source"),
        (["--source", "crm-workflow", "-H", "a", "--body-file", "-"], 2, "line 1 is no header"),
        (["--source", "crm-workflow", "-H", "a: b", "--body-file", "-", "--at", "noon"], 2, "--at"),
        (["--source", "nobody", "-H", "a: b", "--body-file", "-"], 3, "there is no source 'nobody'"),
    ],
)
def test_what_is_not_understood(verify: Verify, words: list[str], code: int, says: str) -> None:
    done = verify(*words)
    assert (done.exit_code, says in done.output) == (code, True), done.output
