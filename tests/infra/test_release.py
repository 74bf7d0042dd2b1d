"""`make release` in a repository of its own: what it changes, tags and builds, and what it refuses."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from docs.generate.openapi import document, routes_of_app
from scripts import release

ROOT = Path(__file__).parents[2]
ASIDE = shutil.ignore_patterns(
    ".git", ".venv", ".venvs", ".build", "dist", ".local*", "__pycache__", ".*_cache", ".hypothesis"
)
DAY = dt.date(2026, 12, 1)
NOBODY = {
    f"GIT_{who}_{what}": "tests@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}
CHANGELOG = "# Changelog\n\n## Unreleased\n\n### Added\n\n- One thing.\n\n### Fixed\n\n- Another.\n"


class Copy:
    """The project as it lies here, as the one commit of a repository of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT, root, ignore=ASIDE)
        wheels = ROOT / ".build" / "wheels"
        if wheels.exists():  # what was fetched once need not be fetched again
            shutil.copytree(wheels, root / ".build" / "wheels")
        self.git("init", "--quiet", "--initial-branch=main")
        self.write("CHANGELOG.md", CHANGELOG)

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"{name} is another one")

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=self.root,
            env=os.environ | NOBODY,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def release(self, number: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "scripts/release.py", number]
        environment = os.environ | NOBODY
        return subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "copy")


def test_a_release_is_dated_committed_tagged_and_built(copy: Copy) -> None:
    before = copy.git("rev-parse", "HEAD")
    done = copy.release("1.2.0")
    assert done.returncode == 0, done.stderr
    assert copy.git("rev-parse", "v1.2.0^{commit}") == copy.git("rev-parse", "HEAD")
    assert copy.git("cat-file", "-t", "v1.2.0") == "tag"
    assert copy.git("rev-parse", "HEAD~1") == before
    assert copy.git("log", "-1", "--format=%s") == "Release 1.2.0"
    assert copy.git("status", "--porcelain") == ""
    assert copy.git("diff", "--name-only", "HEAD~1").split() == [
        "CHANGELOG.md",
        "docs/openapi.json",
        "pyproject.toml",
    ]
    today = dt.datetime.now(dt.UTC).date()
    lines = (copy.root / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    assert lines[2:6:2] in (
        ["## Unreleased", f"## 1.2.0 - {day}"] for day in (today, today - dt.timedelta(1))
    )
    assert release.version(copy.root) == "1.2.0"
    assert json.loads((copy.root / "docs" / "openapi.json").read_text())["info"]["version"] == "1.2.0"
    package = copy.root / "dist" / "expunge-1.2.0-prod.zip"
    with zipfile.ZipFile(package) as made:
        assert {name.partition("/")[2] for name in made.namelist()} - {""} == {
            "deployment.zip",
            "sbom.json",
            "template.json",
        }
    wheel = copy.root / "dist" / "expunge-1.2.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as made:
        assert "expunge-1.2.0.dist-info/METADATA" in made.namelist()
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in (package, wheel)]
    assert (copy.root / "dist" / "SHA256SUMS").read_text() == "".join(sums)
    again = copy.release("1.2.0")
    assert again.returncode == 1
    assert "1.2.0 is released already" in again.stderr


def test_a_build_that_fails_leaves_neither_commit_nor_tag(copy: Copy) -> None:
    copy.write(".chalice/config.json", "{")
    before = copy.git("rev-parse", "HEAD")
    done = copy.release("1.2.0")
    assert done.returncode == 1
    assert "local package --stage prod" in done.stderr
    assert copy.git("rev-parse", "HEAD") == before
    assert copy.git("tag", "--list") == ""
    assert copy.git("status", "--porcelain") == ""
    assert not (copy.root / "dist").exists()


def test_what_is_not_committed_is_not_released(copy: Copy) -> None:
    (copy.root / "note.txt").touch()
    done = copy.release("1.2.0")
    assert done.returncode == 1
    assert "not committed" in done.stderr


def test_the_versions_below_stay_as_they_are() -> None:
    older = "## 1.0.0 - 2026-11-30\n\n### Added\n\n- The first.\n"
    new = release.dated(f"{CHANGELOG}\n{older}", "1.1.0", DAY)
    assert (
        new == CHANGELOG.replace("## Unreleased\n", "## Unreleased\n\n## 1.1.0 - 2026-12-01\n") + f"\n{older}"
    )


@pytest.mark.parametrize(
    ("changelog", "why"),
    [
        ("# Changelog\n", "no heading"),
        ("## Unreleased\n\n## 1.0.0 - 2026-11-30\n\n### Added\n\n- The first.\n", "nothing under Unreleased"),
        ("## Unreleased\n\n- Loose.\n", "put each entry"),
        ("## Unreleased\n\n### Mended\n\n- One.\n", "Mended is no heading"),
    ],
)
def test_a_changelog_that_is_not_ready_is_refused(changelog: str, why: str) -> None:
    with pytest.raises(release.Refused, match=why):
        release.dated(changelog, "1.2.0", DAY)


@pytest.mark.parametrize(
    ("number", "tags"),
    [
        ("", []),
        ("1.2", []),
        ("v1.2.0", []),
        ("01.2.0", []),
        ("1.2.0", ["v1.10.0", "old"]),
        ("1.2.0", ["v1.2.0"]),
    ],
)
def test_a_version_that_is_none_or_not_above_all_others_is_refused(number: str, tags: list[str]) -> None:
    with pytest.raises(release.Refused):
        release.checked(number, tags)
    release.checked("1.10.1", tags)


def test_the_version_stands_in_one_place() -> None:
    assert document(routes_of_app())["info"]["version"] == release.version()
    release.checked(release.version(), [])
