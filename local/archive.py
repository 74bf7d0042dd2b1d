"""The zip of a package: sources as committed, files of wheels as they are, bytecode beside them."""

from __future__ import annotations

import os
import subprocess
import zipfile
from collections.abc import Iterable
from pathlib import Path

from local.failure import Failure
from local.wheels import Wheel

BYTECODE = Path(__file__).with_name("bytecode.py")
#: What every entry is dated, so that the same files give the same zip.
DATED = (1980, 1, 1, 0, 0, 0)
#: Of zlib: the highest level takes three times as long for half a per cent.
LEVEL = 6


def write(
    zip_file: Path, root: Path, sources: Iterable[Path], wheels: Iterable[Wheel], *, level: int = LEVEL
) -> None:
    """Writes the files in the order of their names; `level` 0 for what is compressed later.

    Raises Failure where two would lie in one place.
    """
    files: dict[str, bytes] = {}
    for path in sources:
        files[path.relative_to(root).as_posix()] = path.read_bytes()
    for wheel in wheels:
        for name, data in wheel.files():
            if name in files:
                raise Failure(f"packaging: {wheel.name} has a file that is there already: {name}")
            files[name] = data
    with zipfile.ZipFile(zip_file, "w", zipfile.ZIP_DEFLATED) as made:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, DATED)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # so that a zip made on Windows has the same bytes, and its modes count
            entry.external_attr = 0o644 << 16
            made.writestr(entry, files[name], compresslevel=level)


def add_bytecode(zip_file: Path, python: Path) -> None:
    """Adds the bytecode of `python`, in a process of its own, where sets have the same order every time."""
    added = zip_file.with_suffix(".new")
    command = [str(python), "-S", "-B", str(BYTECODE), str(zip_file), str(added)]
    env = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [each for each in done.stderr.splitlines() if each.strip()]
        raise Failure(f"packaging: the bytecode cannot be made: {said[-1] if said else done.returncode}")
    added.replace(zip_file)
