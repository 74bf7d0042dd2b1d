"""`make release VERSION=1.2.0`: dates the changelog, commits, tags, and builds what is published.

Nothing leaves this machine: the last line says what to push. Where a step fails, the files are as they were
and there is neither a commit nor a tag. The version stands in pyproject.toml and nowhere else.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: What a release changes, and nothing else.
CHANGED = ("pyproject.toml", "CHANGELOG.md", "docs/openapi.json")
#: The headings of Keep a Changelog that a version may have.
HEADINGS = ("Added", "Changed", "Fixed", "Removed", "Deprecated", "Security")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_LINE = re.compile(r'(?m)^version = "([^"]*)"')
_UNRELEASED = "## Unreleased\n"


class Refused(Exception):
    """The release is not made. The message says why, and what to do."""


def version(root: Path = ROOT) -> str:
    """The version of what lies in `root`: that of the public contract, as semantic versioning reads it."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def dated(changelog: str, number: str, day: dt.date) -> str:
    """The changelog with what was unreleased under `number` and `day`, and room for what comes next.

    Raises Refused where there is nothing to release, or an entry stands under no heading of the form.
    """
    before, found, after = changelog.partition(_UNRELEASED)
    if not found:
        raise Refused('CHANGELOG.md has no heading "## Unreleased": add it, with what has changed')
    section, older = _cut(after)
    entries = [line for line in section.splitlines() if line.startswith("- ")]
    if not entries:
        raise Refused(
            "CHANGELOG.md has nothing under Unreleased: say what has changed, under Added, Changed or Fixed"
        )
    if not section.lstrip().startswith("### "):
        raise Refused("CHANGELOG.md: put each entry of Unreleased under ### Added, ### Changed or ### Fixed")
    strange = [name for name in re.findall(r"(?m)^### (.+?) *$", section) if name not in HEADINGS]
    if strange:
        raise Refused(
            f"CHANGELOG.md: {', '.join(strange)} is no heading of the form; take {', '.join(HEADINGS)}"
        )
    below = f"\n{older}" if older else ""
    return f"{before}{_UNRELEASED}\n## {number} - {day.isoformat()}\n{section.rstrip()}\n{below}"


def _cut(after: str) -> tuple[str, str]:
    """What stands under Unreleased, and the versions below."""
    end = re.search(r"(?m)^## ", after)
    return (after[: end.start()], after[end.start() :]) if end else (after, "")


def checked(number: str, tags: list[str]) -> None:
    """Raises Refused for what is no version, and for one that is not above all that were released."""
    if not _VERSION.fullmatch(number):
        raise Refused(f"VERSION={number}: must be three numbers, such as VERSION=1.2.0")
    released = [each[1:] for each in tags if each.startswith("v") and _VERSION.fullmatch(each[1:])]
    newest = max(released, key=_parts, default="")
    if newest and _parts(number) <= _parts(newest):
        raise Refused(f"VERSION={number}: {newest} is released already; take a higher one")


def _parts(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))


def _run(root: Path, *words: str) -> str:
    """What the command said. Raises Refused where it failed."""
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip() or "no output"
        raise Refused(f"{' '.join(words)} failed: {said}")
    return done.stdout


def _package(root: Path, out: Path, number: str) -> None:
    """What `make deploy STAGE=prod` sends: deployment.zip, template.json, sbom.json."""
    name = f"expunge-{number}-prod"
    _run(root, sys.executable, "-m", "local", "package", "--stage", "prod", "--out", str(out / name))
    shutil.make_archive(str(out / name), "zip", out, name)
    shutil.rmtree(out / name)


def _wheel(root: Path, out: Path, number: str) -> None:
    """The command `expunge`, for `pipx install` and `uv tool install`."""
    del number  # hatchling reads it where it stands
    words = "--wheel", "--no-isolation", "--outdir", str(out), str(root)
    _run(root, sys.executable, "-m", "build", *words)


#: What is published with a version, in this order.
BUILDERS: tuple[Callable[[Path, Path, str], None], ...] = (_package, _wheel)


def _published(root: Path, out: Path, number: str) -> list[Path]:
    """Builds all of it into `out`, which is made anew, with SHA256SUMS beside it."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for build in BUILDERS:
        build(root, out, number)
    files = sorted(out.iterdir())
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (out / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    return files


def release(root: Path, number: str, day: dt.date) -> list[Path]:
    """Makes the release; returns the files that were built. Raises Refused, with everything as before."""
    if _run(root, "git", "status", "--porcelain"):
        raise Refused("there are changes that are not committed: commit or remove them first")
    checked(number, _run(root, "git", "tag", "--list").split())
    changelog = root / "CHANGELOG.md"
    text = dated(changelog.read_text(encoding="utf-8"), number, day)
    try:
        changelog.write_text(text, encoding="utf-8")
        settings = root / "pyproject.toml"
        settings.write_text(_LINE.sub(f'version = "{number}"', settings.read_text(encoding="utf-8"), count=1))
        _run(root, sys.executable, "-m", "docs.generate.openapi")
        files = _published(root, root / "dist", number)
        _run(root, "git", "commit", "--quiet", "--message", f"Release {number}", "--", *CHANGED)
    except BaseException:
        _run(root, "git", "checkout", "--quiet", "HEAD", "--", *CHANGED)
        shutil.rmtree(root / "dist", ignore_errors=True)
        raise
    _run(root, "git", "tag", "--annotate", f"v{number}", "--message", f"Expunge {number}")
    return files


def main(arguments: list[str]) -> int:
    """Returns 0 where the release was made, 1 where it was refused."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("version", help="such as 1.2.0")
    number = parser.parse_args(arguments).version
    try:
        files = release(ROOT, number, dt.datetime.now(dt.UTC).date())
    except Refused as refused:
        sys.stderr.write(f"release: {refused}\n")
        return 1
    sys.stdout.write("".join(f"dist/{file.name}\n" for file in files) + "dist/SHA256SUMS\n")
    sys.stdout.write(
        f"committed and tagged as v{number}; to publish: git push --follow-tags, then add dist/*\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
