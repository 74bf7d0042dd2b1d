"""Packages the application: zip, template and bill of materials per stage, kept by the hash of what went in.

No AWS account is asked. `build` keeps what it made for the next command; `write` gives a directory of it to
somebody, and `deploy` sends the same files. See docs/adr/0010-package.md.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import archive, kept, sam, sbom, sources, target, wheels
from local.failure import Failure
from local.settings import ROOT
from local.target import Target

KEPT = 6  # packages kept per stage
IMPORTED = "import-template.json"
LARGEST = 10**15  # of a number that has no bound of its own
IMPORT_CHECK = Path(__file__).with_name("import_check.py")
#: What decides about the content of a package, besides its sources.
OWN = tuple(
    Path(__file__).with_name(f"{name}.py")
    for name in ("package", "archive", "bytecode", "lock", "sam", "sbom", "sources", "target", "wheels")
)


@dataclass(frozen=True, slots=True)
class Package:
    """A packaged stage: the code's zip, the CloudFormation (SAM) template that goes with it, and what is in
    it (CycloneDX). `notes`: what somebody who deploys it should know, in lines.
    """

    stage: str
    zip_file: Path
    template_file: Path
    notes: tuple[str, ...] = ()

    @property
    def sbom_file(self) -> Path:
        """What is in the package, beside it."""
        return self.zip_file.with_name("sbom.json")

    def template(self) -> dict[str, Any]:
        """The template, parsed anew on every call."""
        parsed: dict[str, Any] = json.loads(self.template_file.read_text(encoding="utf-8"))
        return parsed


def build(stage: str, *, root: Path = ROOT, kept_in: Path | None = None) -> Package:
    """The package of `stage`, made now or found from an earlier time.

    Raises Failure for a bad name, and where Chalice fails, a dependency has no locked wheel, or the zip
    cannot be imported.
    """
    aim = target.of(stage, root)
    python = target.interpreter(aim.version)
    shelf = kept_in or root / ".build" / "packages"
    shelf.mkdir(parents=True, exist_ok=True)
    found = sources.of(root, tracked_only=not aim.own)
    place = shelf / f"{stage}-{_digest(aim, python, root, found.files)}"
    if not (place / "template.json").exists():
        with _alone(shelf, stage):  # who comes second finds what the first has made
            if not (place / "template.json").exists():
                _make(aim, python, root, found.files, place)
    os.utime(place)
    _prune(shelf, stage)
    notes = (*found.notes, *_without(aim, python))
    return Package(stage, place / "deployment.zip", place / "template.json", notes)


@contextmanager
def _alone(shelf: Path, stage: str) -> Iterator[None]:
    """Waits until no other command makes a package of the stage here."""
    with (shelf / f".{stage}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write(stage: str, out: Path, *, with_kept: bool = False, given_as: str = "") -> Package:
    """Makes the directory `out` with the package's files, as they are deployed: deployment.zip, template.json
    and sbom.json; `with_kept` adds import-template.json, which `make deploy` sends where it takes up table
    and secrets that have no stack. `given_as`: parameters of the template, as "CustomerKey=true"; those that
    decide what is kept count. Raises Failure as `build`, and for parameters that the template does not know.
    """
    packaged = build(stage)
    parameters = given(given_as, packaged.template())
    made = packaged.template()
    adopted = sam.text(kept.to_import(made, kept.names(made), parameters)) if with_kept else None
    try:
        out.mkdir(parents=True, exist_ok=True)
        for file in (packaged.zip_file, packaged.template_file, packaged.sbom_file):
            shutil.copyfile(file, out / file.name)
        (out / IMPORTED).unlink(missing_ok=True)
        if adopted is not None:
            (out / IMPORTED).write_text(adopted, encoding="utf-8")
    except OSError as error:
        raise Failure(f"OUT={out}: cannot be written: {error}; give another directory") from error
    return packaged


def given(text: str, template: Mapping[str, Any]) -> dict[str, str]:
    """The parameters in "Name=value Name=value". Raises Failure for what the template does
    not know or allow.
    """
    known = {name: each for name, each in template["Parameters"].items() if name != "Stage"}
    found: dict[str, str] = {}
    for name, equals, value in (each.partition("=") for each in text.split()):
        if name not in known or not equals:
            names = ", ".join(sorted(known))
            raise Failure(f"PARAMETERS={text}: must be Name=value, with names from {names}")
        if name in found:
            raise Failure(f"PARAMETERS={text}: {name} stands there twice; give one value of it")
        if must := _unfit(value, known[name]):
            raise Failure(f"PARAMETERS: {name}={value}: must {must}")
        found[name] = value
    return found


def _unfit(value: str, parameter: Mapping[str, Any]) -> str:
    """What a value must do, where it does not; CloudFormation would say so only after the upload."""
    allowed = parameter.get("AllowedValues", [value])
    if value not in allowed:
        return "be " + " or ".join(allowed)
    if parameter["Type"] == "Number":
        least, most = parameter.get("MinValue", 0), parameter.get("MaxValue", LARGEST)
        # "00" would be none to nobody but the template's conditions.
        whole = int(value) if re.fullmatch("0|[1-9][0-9]{0,14}", value) else -1
        if not least <= whole <= most:
            return f"be a whole number from {least}" + (f" to {most}" if most < LARGEST else "")
    if not re.fullmatch(parameter.get("AllowedPattern", ".*"), value):
        words = parameter.get("ConstraintDescription", f"match {parameter['AllowedPattern']}")
        return str(words).removeprefix("must ")
    return ""


def stages(root: Path = ROOT) -> list[str]:
    """The stages that have settings of their own; others are set up as prod is."""
    return list(target.config(root)["stages"])


def _without(aim: Target, python: Path | None) -> list[str]:
    if python is not None:
        return []
    missing = f"no Python {aim.version} was found, so the package holds no bytecode and starts more slowly"
    return [f"{missing} (docs/PERFORMANCE.md); install python{aim.version} and package again"]


def _digest(aim: Target, python: Path | None, root: Path, files: Iterable[Path]) -> str:
    """A hash over the inputs, the target, Chalice, and the Python that makes the bytecode."""
    summary = hashlib.sha256()
    version = _version(python) if python else "no bytecode"
    for word in (repr(aim), version, importlib.metadata.version("chalice")):
        summary.update(word.encode() + b"\0")
    settings = sorted((root / ".chalice").glob("*.json"))
    locks = [root / wheels.LOCK, root / wheels.TOOLS_LOCK]
    for path in (*files, *settings, *locks, *(root / part for part in sam.PARTS), *OWN):
        name = path.name if path in OWN else path.relative_to(root).as_posix()
        summary.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return summary.hexdigest()[:20]


def _version(python: Path) -> str:
    done = subprocess.run([str(python), "-VV"], capture_output=True, text=True, check=True)
    return done.stdout


def _make(aim: Target, python: Path | None, root: Path, files: list[Path], place: Path) -> None:
    """Makes it in a directory aside and moves it into place, so that it is there whole or not at all."""
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{aim.stage}-") as name:
        work, out = Path(name) / "work", Path(name) / "out"
        work.mkdir()
        out.mkdir()
        made = sam.template(aim, root, files, work)
        packed = wheels.fetched(aim, root, root / ".build" / "wheels")
        zip_file = out / "deployment.zip"
        archive.write(zip_file, root, files, packed, level=0 if python else archive.LEVEL)
        if python:
            archive.add_bytecode(zip_file, python)
            _import_all(zip_file, Path(name) / "unpacked", python)
        (out / "sbom.json").write_text(sbom.text(aim, zip_file, packed), encoding="utf-8")
        (out / "template.json").write_text(sam.text(made), encoding="utf-8")
        try:
            out.rename(place)
        except OSError:  # another command made the same one in the meantime
            if not (place / "template.json").exists():
                raise


def _import_all(zip_file: Path, unpacked: Path, python: Path) -> None:
    """Imports the application from the zip as Lambda would, with nothing else but the runtime's own."""
    shutil.unpack_archive(zip_file, unpacked)
    found = [unpacked / "app.py", *(unpacked / "chalicelib").rglob("*.py")]
    names = [
        ".".join(p.relative_to(unpacked).with_suffix("").parts) for p in found if p.name != "__init__.py"
    ]
    runtime = sysconfig.get_paths()["purelib"]
    command = [str(python), "-I", "-S", str(IMPORT_CHECK), runtime, str(unpacked), *sorted(names)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [each.strip() for each in done.stderr.splitlines() if each.strip()]
        raise Failure(f"packaging: the zip cannot be imported: {said[-1] if said else done.returncode}")


def _prune(shelf: Path, stage: str) -> None:
    """Keeps the packages used last."""
    packages = [
        p for p in shelf.glob(f"{stage}-*") if p.is_dir() and p.name.count("-") == stage.count("-") + 1
    ]
    for old in sorted(packages, key=lambda p: p.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
