"""The README's tour: its commands, and what they show."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from local.settings import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
TOUR = README.split("## Five minutes with it\n", 1)[1].split("\n## ", 1)[0]
#: ("sh" or "text", its lines), in the order of the page.
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(sh|text)\n(.*?)^```$", TOUR, re.MULTILINE | re.DOTALL)
SECONDS = 240
_LEFT_OUT = ("ZOHO_URL", "PORT", "PYTHON", "PYTHONPATH", "KEY", "URL", "DELIVERY")


def run(blocks: Sequence[tuple[str, str]], where: Path, local_dir: Path) -> None:
    """Run the commands of `blocks` in the folder `where`; what is shown comes out. Raises AssertionError."""
    script = "".join(f"echo '== {n}'\n{text}" for n, (kind, text) in enumerate(blocks) if kind == "sh")
    kept = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=where,
        env={**kept, "LOCAL_DIR": str(local_dir), "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    parts = re.findall(r"^== (\d+)\n(.*?)(?=^== |\Z)", done.stdout, re.MULTILINE | re.DOTALL)
    shown = {int(n): text for n, text in parts}
    for n, (kind, text) in enumerate(blocks):
        if kind == "text":
            for line in text.splitlines():
                assert line in shown[n - 1].splitlines(), (line, shown[n - 1])
