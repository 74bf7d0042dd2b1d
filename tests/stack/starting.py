"""Runs the local stack's commands as a person would, and looks at what they left running."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from local.settings import ROOT


def environment(directory: Path, **variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("ZOHO_URL", "PORT", "PYTHON")}
    return {**kept, "LOCAL_DIR": str(directory), **variables}


def local(command: str, directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local", command],
        cwd=ROOT,
        env=environment(directory, **variables),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that says what is wrong; there must be just one."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = [text for text in done.stderr.splitlines() if text.startswith("expunge: ")]
    return line.removeprefix("expunge: ")


def running_in(directory: Path) -> list[int]:
    """Processes that have anything of this directory in working directory, command line or environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = b"\n".join((entry / part).read_bytes() for part in ("cmdline", "environ"))
                where = str((entry / "cwd").readlink())
            except OSError:
                continue
            if str(directory).encode() in words or where.startswith(str(directory)):
                found.append(int(entry.name))
    return found
