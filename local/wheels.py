"""The wheels of a package: fetched for the runtime, and refused unless their hashes are locked.

pip is told the hashes and checks them; they are checked once more here, over what lies on the disk when it is
used, so that neither a setting of pip's nor an earlier download can bring in anything else.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from local import lock
from local.failure import Failure
from local.lock import Pinned
from local.target import Target

LOCK = "requirements.txt"
#: The lock of the tools, for the part of Chalice that runs on Lambda.
TOOLS_LOCK = "requirements/dev.txt"
CHALICE = "chalice"
#: All of Chalice that functions load; the rest makes templates.
OF_CHALICE = ("chalice/__init__.py", "chalice/app.py")
#: What no function loads: routers for web applications, most of Powertools' utilities, short numbers (112),
#: commands and browsers' ways of libraries, tables from which programs let people choose a time zone.
_UTILITIES = (
    "auth_alpha", "batch", "circuit_breaker", "data_classes", "data_masking", "feature_flags", "idempotency",
    "kafka", "metadata", "parameters", "parser", "streaming", "validation",
)  # fmt: skip
LEFT_OUT = (
    "aws_lambda_powertools/event_handler/",
    *(f"aws_lambda_powertools/utilities/{name}/" for name in _UTILITIES),
    "charset_normalizer/cli/",
    "phonenumbers/shortdata/region_",
    *(f"tzdata/zoneinfo/{name}" for name in ("iso3166.tab", "tzdata.zi", "zone")),
    "urllib3/contrib/emscripten/",
)


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel on disk. `sha256` (hex) is one of its lock's."""

    name: str
    version: str
    sha256: str
    file: Path

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Paths in the package and contents, unchanged. Scripts and pip's own list of files are left out.

        Raises Failure where a path would lead out of the package.
        """
        with zipfile.ZipFile(self.file) as archive:
            for entry in archive.infolist():
                place = None if entry.is_dir() else _place(entry.filename)
                if place and self._wanted(place):
                    yield place, archive.read(entry)

    def _wanted(self, place: str) -> bool:
        if place.startswith(LEFT_OUT):
            return False
        return self.name != CHALICE or place in OF_CHALICE or ".dist-info/" in place

    def metadata(self) -> Mapping[str, list[str]]:
        """The headers of the wheel's METADATA, each with all of its values."""
        with zipfile.ZipFile(self.file) as archive:
            [name] = [
                n for n in archive.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1
            ]
            found = HeaderParser().parsestr(archive.read(name).decode())
        return {key: [str(each) for each in found.get_all(key, [])] for key in set(found.keys())}

    def requires(self, target: Target) -> list[str]:
        """The names of the packages that it needs on the target."""
        if self.name == CHALICE:  # its two files need the standard library; the rest of it is not packed
            return []
        every = [Requirement(text) for text in self.metadata().get("Requires-Dist", [])]
        where = {**target.markers(), "extra": ""}
        return [lock.normal(e.name) for e in every if e.marker is None or e.marker.evaluate(where)]


def _place(name: str) -> str | None:
    """Where a wheel's file goes in the package; None for what does not go there."""
    parts = PurePosixPath(name).parts
    if ".." in parts or name.startswith("/") or "\\" in name:
        raise Failure(f"packaging: a wheel has a file that leads out of the package: {name}")
    if parts[0].endswith(".data"):
        return "/".join(parts[2:]) if parts[1] in ("purelib", "platlib") else None
    return None if name.endswith(".dist-info/RECORD") else name


def wanted(root: Path) -> dict[str, Pinned]:
    """All that goes into a package, by name: the functions' lock, and Chalice of the tools'."""
    packages = lock.read((root / LOCK).read_text(encoding="utf-8"), LOCK)
    tools = lock.read((root / TOOLS_LOCK).read_text(encoding="utf-8"), TOOLS_LOCK)
    if CHALICE not in tools:
        raise Failure(f"{TOOLS_LOCK}: {CHALICE} is missing; make lock writes it anew")
    return {**packages, CHALICE: tools[CHALICE]}


def fetched(target: Target, root: Path, shelf: Path) -> list[Wheel]:
    """The wheels of `target`, one of each package, in the order of their names; kept in `shelf`.

    Raises Failure where one cannot be had for the target, or is not one that the locks know, or where the
    locks lack something that another one needs on the target.
    """
    packages = wanted(root)
    asked = "\n".join([target.runtime, *target.pip(), *(packages[name].line() for name in sorted(packages))])
    place = shelf / hashlib.sha256(asked.encode()).hexdigest()[:20]
    if not place.is_dir():
        _download(target, packages, place)
    found = _known(place, packages)
    _complete(found, target)
    return found


def _download(target: Target, packages: Mapping[str, Pinned], place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".wheels-") as name:
        work = Path(name)
        listed = work / "lock.txt"
        listed.write_text("\n".join(packages[each].line() for each in sorted(packages)), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--require-hashes", "--only-binary=:all:", *target.pip()]
        command += ["--dest", str(work / "wheels"), "--requirement", str(listed)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failure(
                f"packaging {target.stage}: no locked wheel for {target.runtime}: {_why(done.stderr)}"
            )
        try:
            (work / "wheels").rename(place)
        except OSError:  # another command fetched the same ones in the meantime
            if not place.is_dir():
                raise


def _why(text: str) -> str:
    """What pip said went wrong."""
    lines = [each.strip() for each in text.splitlines() if each.strip()]
    errors = [each.removeprefix("ERROR: ") for each in lines if each.startswith("ERROR: ")]
    return (errors or lines or ["pip said nothing"])[-1]


def _known(place: Path, packages: Mapping[str, Pinned]) -> list[Wheel]:
    found: dict[str, Wheel] = {}
    for file in sorted(place.iterdir()):
        wheel = _wheel(file)
        pinned = packages.get(wheel.name)
        if pinned is None or wheel.sha256 not in pinned.hashes or wheel.name in found:
            shutil.rmtree(place)
            raise Failure(
                f"packaging: {file.name} is not a file that the lock knows; it was removed, try again"
            )
        found[wheel.name] = wheel
    if missing := packages.keys() - found.keys():
        shutil.rmtree(place)
        raise Failure(f"packaging: {', '.join(sorted(missing))} did not come; try again")
    return [found[name] for name in sorted(found)]


def _wheel(file: Path) -> Wheel:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    try:
        name, version, _, _ = parse_wheel_filename(file.name)
    except InvalidWheelFilename:
        return Wheel(file.name, "", digest, file)
    return Wheel(lock.normal(name), str(version), digest, file)


def _complete(wheels: list[Wheel], target: Target) -> None:
    """Raises Failure where something is missing: the lock is compiled for one Python and used for another."""
    there = {each.name for each in wheels}
    for wheel in wheels:
        if lacking := sorted(set(wheel.requires(target)) - there):
            raise Failure(
                f"packaging {target.stage}: {LOCK} lacks {', '.join(lacking)}, which {wheel.name} needs on"
                f" {target.runtime}; name it in requirements/lambda.in and run make lock"
            )
