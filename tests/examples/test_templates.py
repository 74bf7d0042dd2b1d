"""The CloudFormation snippets, checked by cfn-lint."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local.settings import ROOT

TEMPLATES = sorted((ROOT / "examples").rglob("*.yaml"))


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_cfn_lint(file: Path) -> None:
    words = [
        str(Path(sys.executable).parent / "cfn-lint"),
        "--regions",
        "us-east-1",
        "eu-central-1",
        "--",
        str(file),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
