"""What a package is made for: stage, Lambda runtime and architecture; and a Python of that runtime."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local.failure import Failure
from local.settings import STAGE

#: The Python of every stage on AWS, whatever Python makes the package. AWS supports it until June 2029.
VERSION = "3.13"
#: Stages that .chalice/config.json does not name are set up as this one.
LIKE = "prod"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,15}")
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# Lambda's runtimes of today stand on Amazon Linux 2023, which has glibc 2.34. The oldest first: what runs on
# most systems is preferred.
_MANYLINUX = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")
_ASK = "import sys; print(sys.implementation.name, *sys.version_info[:2], sys.version_info.releaselevel)"


@dataclass(frozen=True, slots=True)
class Target:
    """`version`: of Python, such as "3.13"; `architecture`: "arm64" or "x86_64"; `own`: it runs here, on this
    machine and this Python.
    """

    stage: str
    version: str
    architecture: str
    own: bool

    @property
    def runtime(self) -> str:
        """Lambda's name of the runtime."""
        return f"python{self.version}"

    def pip(self) -> list[str]:
        """What pip has to be told so that it chooses the files for this target."""
        if self.own:
            return []
        machine = _MACHINES[self.architecture]
        platforms = [f"--platform={each}_{machine}" for each in _MANYLINUX]
        abi = "cp" + self.version.replace(".", "")
        return [f"--python-version={self.version}", "--implementation=cp", f"--abi={abi}", *platforms]

    def markers(self) -> dict[str, str]:
        """The environment that markers of requirements are judged in, as far as it is not this one."""
        machine = _MACHINES[self.architecture]
        return {} if self.own else {"python_version": self.version, "platform_machine": machine, **_LINUX}


_LINUX = {
    "python_full_version": f"{VERSION}.0",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
}


def check_name(stage: str) -> None:
    """Raises Failure where `stage` cannot be a stage's name."""
    if not _NAME.fullmatch(stage):
        raise Failure(
            f"STAGE={stage}: must be a letter, then at most 15 letters, digits or -, all lower case"
        )


def config(root: Path) -> dict[str, Any]:
    """Chalice's settings of the project."""
    read: dict[str, Any] = json.loads((root / ".chalice/config.json").read_text(encoding="utf-8"))
    return read


def of(stage: str, root: Path) -> Target:
    """What `stage` is packaged for. Raises Failure for a bad name, or a machine that Lambda knows no
    architecture for (the local stage runs here).
    """
    check_name(stage)
    if stage == STAGE:
        machine = platform.machine().lower()
        if machine not in _ARCHITECTURES:
            raise Failure(f"packaging: no Lambda architecture for this machine ({machine})")
        own = f"{sys.version_info.major}.{sys.version_info.minor}"
        return Target(stage, own, _ARCHITECTURES[machine], own=True)
    known = config(root)["stages"]
    return Target(stage, VERSION, known.get(stage, known[LIKE])["lambda_architecture"], own=False)


@cache
def interpreter(version: str) -> Path | None:
    """A released CPython of `version` on this machine: this one, one of the path, or one that pyenv or uv has
    installed. None where there is none.
    """
    return next((each for each in _candidates(version) if _is(each, version)), None)


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys.executable)
    for directory in os.get_exec_path():
        yield Path(directory) / f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted((pyenv / "versions").glob(f"{version}.*/bin/python{version}"))
    uv = Path.home() / ".local/share/uv/python"
    yield from sorted(uv.glob(f"cpython-{version}.*/bin/python{version}"))


def _is(python: Path, version: str) -> bool:
    if not python.is_file():
        return False
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", _ASK], capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.split() == ["cpython", *version.split("."), "final"]
