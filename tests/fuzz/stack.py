"""schemathesis against a local stack of its own: what the OpenAPI document allows, and what it does not."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from local import stack as local_stack
from local.failure import Failure
from local.filling import SOURCE
from local.running import RunningStack
from local.settings import ROOT, Settings

SCHEMATHESIS = ROOT / ".venvs/fuzz/bin/schemathesis"
#: The first two find what is broken; the third holds answers of the api function to the document.
CHECKS = "not_a_server_error,as_described"


def run(examples: int, seed: int) -> tuple[Counter[str], int]:
    """How often each status came ("202 api": of the api function), and schemathesis's exit code."""
    if not SCHEMATHESIS.exists():
        raise Failure("schemathesis is not set up: run make fuzz")
    with tempfile.TemporaryDirectory(prefix="expunge-fuzz-") as name:
        settings = Settings(Path(name) / "stack")
        try:
            stack = RunningStack(local_stack.up(settings))
            return _fuzzed(stack, Path(name), examples, seed)
        finally:
            local_stack.down(settings)


def _fuzzed(stack: RunningStack, directory: Path, examples: int, seed: int) -> tuple[Counter[str], int]:
    report = directory / "statuses.json"
    known = {**_known(stack), "report": str(report)}
    command = [
        *(str(SCHEMATHESIS), "run", str(ROOT / "docs/openapi.json"), "--url", stack["api_url"].rstrip("/")),
        *("--phases", "examples,coverage,fuzzing", "--checks", CHECKS, "--max-examples", str(examples)),
        *("--seed", str(seed), "--workers", "1", "--request-timeout", "30", "--warnings", "off"),
        *("--suppress-health-check", "all", "--continue-on-failure", "--no-color"),
    ]
    env = {
        **{key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ},
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "FUZZ_STACK": json.dumps(known),
        "NO_PROXY": "*",
    }
    done = subprocess.run(command, cwd=directory, env=env, check=False)
    counts: dict[str, int] = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    return Counter(counts), done.returncode


def _known(stack: RunningStack) -> dict[str, str]:
    """What most requests should name: a source, a deletion that is there, keys that are good."""
    secrets = stack.client("secretsmanager")
    held: dict[str, Any] = json.loads(
        secrets.get_secret_value(SecretId=stack["sources_secret"])["SecretString"]
    )
    held["operator"] = {"modules": ["Leads"]}
    secrets.put_secret_value(SecretId=stack["sources_secret"], SecretString=json.dumps(held))
    sent = stack.send(
        {"operation": "delete_records", "module": "Leads", "ids": ["410405000002264040"]}
    ).json()
    keys = stack["credentials"]
    return {
        "source": SOURCE,
        "key": stack.keys[0],
        "id": sent["id"],
        "token": sent["links"]["self"].partition("token=")[2],
        "region": stack["region"],
        "access_key_id": keys["access_key_id"],
        "secret_access_key": keys["secret_access_key"],
    }
