"""Packages the application with Chalice: a zip and a template per stage, kept by the hash of what went in.

Chalice packages a copy of the sources, so that two commands at once cannot disturb each other and nothing but
app.py and chalicelib/ gets in.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.failure import Failure
from local.settings import REGION, ROOT, STAGE

KEPT = 6  # packages kept per stage
BYTECODE = Path(__file__).with_name("bytecode.py")
#: What is merged into Chalice's template; scripts/alarms.py makes the second.
PARTS = ("infra/resources.json", "infra/alarms.json")
_MERGED = "infra/merged.json"
_CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"
_INCOMPLETE = "Could not install dependencies"  # Chalice prints this and exits with 0
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Package:
    """A packaged stage: the code's zip and the CloudFormation (SAM) template that goes with it."""

    stage: str
    zip_file: Path
    template_file: Path

    def template(self) -> dict[str, Any]:
        """The template, parsed anew on every call."""
        parsed: dict[str, Any] = json.loads(self.template_file.read_text(encoding="utf-8"))
        return parsed


def build(stage: str, *, root: Path = ROOT, kept_in: Path | None = None) -> Package:
    """The package of `stage`, made now or found from an earlier time.

    Raises Failure where Chalice fails, a dependency has no wheel, or the zip cannot be imported.
    """
    shelf = kept_in or root / ".build" / "packages"
    shelf.mkdir(parents=True, exist_ok=True)
    target = shelf / f"{stage}-{_digest(stage, root)}"
    if not (target / "sam.json").exists():
        _make(stage, root, target)
    os.utime(target)
    _prune(shelf, stage)
    return Package(stage, target / "deployment.zip", target / "sam.json")


def stages(root: Path = ROOT) -> list[str]:
    """The names of the stages that can be packaged."""
    return list(json.loads((root / ".chalice/config.json").read_text(encoding="utf-8"))["stages"])


def _inputs(root: Path) -> list[Path]:
    """Everything that goes into a package, in a fixed order."""
    found = [p for p in (root / "chalicelib").rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    found += (root / ".chalice").glob("*.json")
    return [root / "app.py", root / "requirements.txt", *(root / part for part in PARTS), *sorted(found)]


def _digest(stage: str, root: Path) -> str:
    """A hash over the inputs, the Python version (it chooses the wheels), this machine and Chalice."""
    summary = hashlib.sha256()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for word in (stage, version, platform.machine(), importlib.metadata.version("chalice")):
        summary.update(word.encode() + b"\0")
    own = (Path(__file__), BYTECODE)
    for path in (*_inputs(root), *own):
        name = path.name if path in own else path.relative_to(root).as_posix()
        summary.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return summary.hexdigest()[:20]


def _make(stage: str, root: Path, target: Path) -> None:
    """Packages into a directory aside and moves it into place, so that it is there whole or not at all."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{stage}-") as name:
        work = Path(name)
        source, out = work / "source", work / "out"
        _copy(root, source)
        _merge(source)
        if stage == STAGE:
            _use_own_architecture(source / ".chalice/config.json")
        _chalice(stage, source, out)
        _add_bytecode(out / "deployment.zip")
        if stage == STAGE:
            _import_all(out / "deployment.zip", work / "unpacked")
        try:
            out.rename(target)
        except OSError:  # another command made the same one in the meantime
            if not (target / "sam.json").exists():
                raise


def _copy(root: Path, source: Path) -> None:
    for path in _inputs(root):
        place = source / path.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)


def _merge(source: Path) -> None:
    """The parts of the template as one. Raises Failure where two have something of the same name."""
    merged: dict[str, Any] = {}
    for part in PARTS:
        for section, value in json.loads((source / part).read_text(encoding="utf-8")).items():
            before = merged.setdefault(section, {} if isinstance(value, dict) else value)
            if isinstance(value, dict):
                if twice := before.keys() & value.keys():
                    raise Failure(f"packaging: {part}: {section} has {', '.join(sorted(twice))} already")
                before.update(value)
    (source / _MERGED).write_text(json.dumps(merged), encoding="utf-8")


def _use_own_architecture(config: Path) -> None:
    """The local AWS runs the code on this machine, so the package needs this machine's wheels."""
    machine = platform.machine().lower()
    if machine not in _ARCHITECTURES:
        raise Failure(f"packaging: no Lambda architecture for this machine ({machine})")
    settings = json.loads(config.read_text(encoding="utf-8"))
    settings["stages"][STAGE]["lambda_architecture"] = _ARCHITECTURES[machine]
    config.write_text(json.dumps(settings), encoding="utf-8")


def _chalice(stage: str, source: Path, out: Path) -> None:
    command = [sys.executable, "-c", _CHALICE, "package", "--stage", stage]
    command += ["--merge-template", _MERGED, str(out)]
    # Importing app.py must not write bytecode into the package, nor need any setting of the stage.
    env = {**os.environ, "AWS_DEFAULT_REGION": REGION, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=source, env=env, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    if done.returncode:
        raise Failure(f"packaging {stage}: {_last_line(said)}")
    if _INCOMPLETE in said:
        after = said.split(_INCOMPLETE, 1)[1].splitlines()
        names = " ".join(word.strip() for word in after[1:4] if word.strip())
        raise Failure(f"packaging {stage}: no wheel for the Lambda runtime for {names}")


def _add_bytecode(zip_file: Path) -> None:
    """In a process of its own, where sets have the same order every time."""
    added = zip_file.with_suffix(".new")
    command = [sys.executable, "-S", "-B", str(BYTECODE), str(zip_file), str(added)]
    env = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"packaging: the bytecode cannot be made: {_last_line(done.stderr)}")
    added.replace(zip_file)


def _last_line(text: str) -> str:
    lines = [each.strip() for each in text.splitlines() if each.strip()]
    return lines[-1] if lines else "chalice said nothing"


def _import_all(zip_file: Path, unpacked: Path) -> None:
    """Imports the application from the zip as Lambda would, with nothing else but the runtime's own."""
    shutil.unpack_archive(zip_file, unpacked)
    found = [unpacked / "app.py", *(unpacked / "chalicelib").rglob("*.py")]
    names = [
        ".".join(p.relative_to(unpacked).with_suffix("").parts) for p in found if p.name != "__init__.py"
    ]
    check = Path(__file__).with_name("import_check.py")
    runtime = sysconfig.get_paths()["purelib"]
    command = [sys.executable, "-I", "-S", str(check), runtime, str(unpacked), *sorted(names)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"packaging: the zip cannot be imported: {_last_line(done.stderr)}")


def _prune(shelf: Path, stage: str) -> None:
    """Keeps the packages used last."""
    packages = [p for p in shelf.glob(f"{stage}-*") if p.is_dir()]
    for old in sorted(packages, key=lambda p: p.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
