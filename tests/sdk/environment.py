"""The official client's own environment: 25 MB, with versions that nothing else should follow."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venvs" / "sdk"
PINS = ROOT / "requirements" / "sdk.txt"


def client_python() -> Path:
    """Its Python, made when it is missing or when the pins have changed: by one process, others wait."""
    ENVIRONMENT.parent.mkdir(exist_ok=True)
    with (ENVIRONMENT.parent / "sdk.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _made()


def _made() -> Path:
    python, made_of = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "made-of.txt"
    pins = PINS.read_text("utf-8")
    if not python.exists() or not made_of.exists() or made_of.read_text("utf-8") != pins:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
        command = [str(python), "-m", "pip", "install", "-qq", "--require-hashes", "-r", str(PINS)]
        subprocess.run(command, check=True, timeout=600)
        made_of.write_text(pins, "utf-8")
    return python


def told_by(driver: str, url: str, folder: Path) -> dict[str, Any]:
    """What a script beside this one, run in the client's environment, made of the answers of the simulator at
    `url`.
    """
    command = [str(client_python()), str(Path(__file__).with_name(driver)), url, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told
