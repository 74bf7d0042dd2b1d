"""The README's tour works as printed: its commands run in order, and what it shows comes out."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import stack as local_stack
from local.settings import ROOT, Settings

pytestmark = pytest.mark.stack

README = (ROOT / "README.md").read_text(encoding="utf-8")
TOUR = README.split("## Five minutes with it\n", 1)[1].split("\n## ", 1)[0]
BLOCKS = re.findall(r"^```(sh|text)\n(.*?)^```$", TOUR, re.MULTILINE | re.DOTALL)
SECONDS = 240


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "local"
    local_stack.down(Settings(tmp_path / "local"))


def test_there_is_a_tour() -> None:
    assert [kind for kind, _ in BLOCKS].count("sh") >= 6
    assert BLOCKS[0][1].startswith("make up")
    assert "make down" in BLOCKS[-2][1]


def test_the_tour_works_as_printed(place: Path) -> None:
    script = "".join(f"echo '== {n}'\n{text}" for n, (kind, text) in enumerate(BLOCKS) if kind == "sh")
    left_out = ("ZOHO_URL", "PORT", "PYTHON", "KEY", "URL", "DELIVERY")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={**kept, "LOCAL_DIR": str(place), "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    parts = re.findall(r"^== (\d+)\n(.*?)(?=^== |\Z)", done.stdout, re.MULTILINE | re.DOTALL)
    shown = {int(n): text for n, text in parts}
    for n, (kind, text) in enumerate(BLOCKS):
        if kind == "text":
            for line in text.splitlines():
                assert line in shown[n - 1].splitlines(), (line, shown[n - 1])
    assert not (place / "stack.json").exists()
