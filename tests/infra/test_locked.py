"""What comes from outside is what the locks know, for every architecture; anything else is refused."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from local import lock, package, target, wheels
from local.failure import Failure
from local.settings import ROOT

ARM = target.Target("prod", "3.13", "arm64", own=False)


def project(directory: Path, text: str) -> Path:
    """A project that locks `text` for its functions and what we have for its tools."""
    (directory / "requirements").mkdir(parents=True)
    shutil.copyfile(ROOT / "requirements/dev.txt", directory / "requirements/dev.txt")
    (directory / "requirements.txt").write_text(text)
    return directory


def packaged_wheels(stage: str) -> list[wheels.Wheel]:
    package.build(stage)
    return wheels.fetched(target.of(stage, ROOT), ROOT, ROOT / ".build/wheels")


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_every_wheel_of_a_package_is_locked(stage: str) -> None:
    pinned = wheels.wanted(ROOT)
    found = packaged_wheels(stage)
    assert {each.name for each in found} == set(pinned)
    for each in found:
        assert each.version == pinned[each.name].version
        assert hashlib.sha256(each.file.read_bytes()).hexdigest() in pinned[each.name].hashes


@pytest.mark.parametrize("name", ["idna", "charset-normalizer", "chalice"])
def test_a_wheel_with_another_hash_than_the_locks_is_refused(tmp_path: Path, name: str) -> None:
    """As if the registry had another file of the same version, be it for this machine or another one."""
    root = project(tmp_path / "project", (ROOT / "requirements.txt").read_text())
    for path in ("requirements.txt", "requirements/dev.txt"):
        text = (root / path).read_text()
        pinned = lock.read(text, path).get(name)
        for each in pinned.hashes if pinned else ():
            text = text.replace(each, hashlib.sha256(each.encode()).hexdigest())
        (root / path).write_text(text)
    with pytest.raises(Failure, match=r"packaging prod: no locked wheel for python3\.13: "):
        wheels.fetched(ARM, root, tmp_path / "shelf")
    assert not list((tmp_path / "shelf").glob("*/*.whl"))


def test_a_wheel_that_was_changed_after_it_was_fetched_is_refused(tmp_path: Path) -> None:
    shelf = tmp_path / "wheels"
    [first, *_] = packaged_wheels("dev")
    shutil.copytree(first.file.parent, shelf / first.file.parent.name)
    aim = target.of("dev", ROOT)
    assert wheels.fetched(aim, ROOT, shelf)
    with zipfile.ZipFile(shelf / first.file.parent.name / first.file.name, "a") as archive:
        archive.writestr("sitecustomize.py", "raise SystemExit")
    with pytest.raises(Failure, match=r"is not a file that the lock knows"):
        wheels.fetched(aim, ROOT, shelf)


def test_a_file_that_nobody_asked_for_is_refused(tmp_path: Path) -> None:
    shelf = tmp_path / "wheels"
    [first, *_] = packaged_wheels("dev")
    shutil.copytree(first.file.parent, shelf / first.file.parent.name)
    (shelf / first.file.parent.name / "more-1.0-py3-none-any.whl").write_bytes(b"PK")
    with pytest.raises(Failure, match=r"more-1\.0-py3-none-any\.whl is not a file that the lock knows"):
        wheels.fetched(target.of("dev", ROOT), ROOT, shelf)


@pytest.mark.parametrize(
    "line",
    [
        "idna==3.20",
        "idna>=3.20 --hash=sha256:" + "0" * 64,
        'idna==3.20 ; python_version < "3.12" --hash=sha256:' + "0" * 64,
        "idna @ file:///tmp/idna.whl",
        "--extra-index-url=file:///tmp",
        "-e .",
    ],
)
def test_a_line_of_a_lock_is_an_exact_version_with_hashes_or_refused(tmp_path: Path, line: str) -> None:
    root = project(tmp_path / "project", line + "\n")
    with pytest.raises(Failure, match=r"requirements\.txt: .*must be name==version with hashes"):
        wheels.wanted(root)


def test_a_lock_that_lacks_what_another_package_needs_on_the_runtime_is_refused(tmp_path: Path) -> None:
    text = (ROOT / "requirements.txt").read_text()
    without = text.replace(text[text.index("certifi==") : text.index("charset-normalizer==")], "")
    root = project(tmp_path / "project", without)
    with pytest.raises(Failure, match=r"lacks certifi, which requests needs on python3\.13"):
        wheels.fetched(ARM, root, tmp_path / "wheels")


def test_what_has_no_wheel_for_the_runtime_is_refused(tmp_path: Path) -> None:
    """Nothing is built from source: what would come out of that no lock can know."""
    pinned = lock.read((ROOT / "requirements/dev.txt").read_text(), "dev.txt")["librt"]
    root = project(tmp_path / "project", replace(pinned, hashes=frozenset(["0" * 64])).line() + "\n")
    with pytest.raises(Failure, match=r"no locked wheel for python3\.13"):
        wheels.fetched(ARM, root, tmp_path / "wheels")


@pytest.mark.parametrize("name", ["../evil.py", "/etc/evil.py", "a/../../evil.py", "a\\..\\evil.py"])
def test_a_file_of_a_wheel_that_leads_out_of_the_package_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / "evil-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "")
    with pytest.raises(Failure, match="leads out of the package"):
        list(wheels.Wheel("evil", "1.0", "", file).files())


@pytest.mark.parametrize("stage", ["", "Prod", "1st", "-a", "a_b", "a" * 17, "a\n", "prod/../x"])
def test_a_stage_has_a_name_that_aws_takes_everywhere(stage: str) -> None:
    with pytest.raises(Failure, match="must be a letter, then at most 15 letters"):
        target.of(stage, ROOT)
