"""Every file of a package has a known origin: this repository, a locked wheel, or the runtime's compiler."""

from __future__ import annotations

import _imp
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local import package, sources, target
from local.settings import ROOT

STAGES = ("dev", "prod", "eu-staging-2")
RUNTIME = "3.13"
#: The first bytes of bytecode of Python 3.13 (importlib.util.MAGIC_NUMBER there).
MAGIC = bytes([0xF3, 0x0D, 0x0D, 0x0A])


def source_hash(source: bytes) -> bytes:
    """As Python 3.13 makes it: another version, another key."""
    return _imp.source_hash(int.from_bytes(MAGIC, "little"), source)


def locked(path: str) -> set[str]:
    return set(re.findall(r"--hash=sha256:([0-9a-f]{64})", (ROOT / path).read_text()))


def chalice_locked() -> set[str]:
    text = (ROOT / "requirements/dev.txt").read_text()
    return set(re.findall(r"[0-9a-f]{64}", text.partition("\nchalice==")[2].partition("# via")[0]))


def entries(stage: str) -> dict[str, bytes]:
    with zipfile.ZipFile(package.build(stage).zip_file) as archive:
        assert len(set(archive.namelist())) == len(archive.namelist())
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("stage", STAGES)
def test_every_file_is_ours_or_of_a_locked_wheel_or_bytecode_of_the_runtime(stage: str) -> None:
    files = entries(stage)
    wheels = fetched()
    ours = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tracked = {n for n in ours.splitlines() if n == "app.py" or n.startswith("chalicelib/")}
    assert tracked <= files.keys()
    for name, data in files.items():
        if name in tracked:
            assert data == (ROOT / name).read_bytes(), name
        elif "__pycache__" in name:
            source = files[importlib.util.source_from_cache(name)]
            assert data[:16] == MAGIC + b"\1\0\0\0" + source_hash(source)
        else:
            assert data in wheels[name], name


def fetched() -> dict[str, list[bytes]]:
    """The files of every wheel on the shelf whose hash is in a lock, by their path."""
    known = locked("requirements.txt") | chalice_locked()
    found: dict[str, list[bytes]] = {}
    for file in (ROOT / ".build/wheels").glob("*/*.whl"):
        if hashlib.sha256(file.read_bytes()).hexdigest() in known:
            with zipfile.ZipFile(file) as archive:
                for name in archive.namelist():
                    found.setdefault(name, []).append(archive.read(name))
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_no_file_is_generated_and_no_script_is_packed(stage: str) -> None:
    for name in entries(stage):
        parts = name.split("/")
        assert parts[0] != "bin"
        assert parts[-1] not in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "jp.py", "normalizer")
        assert not any(part.endswith(".data") for part in parts)
        assert parts[0] not in ("vendor", "requirements.txt", ".chalice", "tests")


def test_the_bytecode_is_what_the_runtimes_own_python_makes_of_the_source() -> None:
    python = target.interpreter(RUNTIME)
    if python is None:
        pytest.skip("no Python of the runtime's version on this machine")
    code = (
        "import importlib.util, marshal, sys, zipfile\n"
        "with zipfile.ZipFile(sys.argv[1]) as found:\n"
        "    for name in [n for n in found.namelist() if '__pycache__' in n]:\n"
        "        source = importlib.util.source_from_cache(name)\n"
        "        made = compile(found.read(source), source, 'exec', dont_inherit=True)\n"
        "        assert marshal.loads(found.read(name)[16:]) == made, name\n"
        "        print(name)"
    )
    command = [str(python), "-I", "-c", code, str(package.build("dev").zip_file)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(shown.stdout.splitlines()) > 150


def made_without(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m local package` where no Python of the runtime's version can be found, but the one of an
    environment that happens to be one.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYENV"))}
    env |= {"PATH": "/usr/bin:/bin", "PYENV_ROOT": str(home / "none"), "HOME": str(home)}
    command = [sys.executable, "-m", "local", "package", *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_without_a_python_of_the_runtime_there_is_no_bytecode_and_the_command_says_so(tmp_path: Path) -> None:
    if f"{sys.version_info.major}.{sys.version_info.minor}" == RUNTIME:
        pytest.skip("this Python is of the runtime's version")
    package.build("dev")  # so that the wheels are there
    done = made_without(tmp_path, "--stage", "dev", "--out", str(tmp_path / "out"))
    if target.interpreter(RUNTIME) in (Path("/usr/bin/python3.13"), Path("/bin/python3.13")):
        pytest.skip("the system's Python is of the runtime's version")
    assert done.returncode == 0, done.stderr
    assert "no Python 3.13 was found, so the package holds no bytecode" in done.stderr
    with zipfile.ZipFile(tmp_path / "out/deployment.zip") as archive:
        names = archive.namelist()
    assert "app.py" in names
    assert not any(name.endswith(".pyc") for name in names)


def test_what_git_does_not_know_is_left_out_and_named(tmp_path: Path) -> None:
    root = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(root)], check=True)
    (root / "chalicelib/left_behind.py").write_text("raise RuntimeError\n")
    (root / "chalicelib/.notes.swp").write_text("secret")
    (root / "chalicelib/web/assets/page.css").write_text("/* changed */")
    found = package.build("dev", root=root, kept_in=tmp_path / "kept")
    with zipfile.ZipFile(found.zip_file) as archive:
        names = archive.namelist()
    assert not [name for name in names if "left_behind" in name or name.endswith(".swp")]
    assert "left out, as git does not know it: chalicelib/left_behind.py" in found.notes
    assert "packed as changed since the commit: chalicelib/web/assets/page.css" in found.notes


def test_where_git_cannot_be_asked_the_command_says_what_it_packs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(root)], check=True)
    assert sources.of(root, tracked_only=True).notes == ()
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    [note] = sources.of(root, tracked_only=True).notes
    assert "git could not be asked what is committed" in note
    assert sources.of(root, tracked_only=False).notes == ()


@pytest.mark.parametrize("stage", STAGES)
def test_the_functions_run_on_a_python_that_aws_supports_for_more_than_a_year(stage: str) -> None:
    resources = package.build(stage).template()["Resources"].values()
    runtimes = {r["Properties"]["Runtime"] for r in resources if r["Type"] == "AWS::Serverless::Function"}
    assert runtimes == {f"python{RUNTIME}"}


@pytest.mark.parametrize("stage", STAGES)
def test_the_bill_of_materials_names_every_package_and_its_locked_hash(stage: str) -> None:
    found = package.build(stage)
    bom = json.loads(found.sbom_file.read_text())
    assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.6", 1)
    tops = {n.split("/")[0] for n in entries(stage) if ".dist-info/" in n}
    named = {f"{c['name'].replace('-', '_')}-{c['version']}.dist-info" for c in bom["components"]}
    assert named == tops
    hashes = {c["hashes"][0]["content"] for c in bom["components"]}
    assert hashes <= locked("requirements.txt") | chalice_locked()
    whole = bom["metadata"]["component"]["hashes"][0]["content"]
    assert whole == hashlib.sha256(found.zip_file.read_bytes()).hexdigest()
    assert {c["purl"] for c in bom["components"]} | {"expunge"} == {d["ref"] for d in bom["dependencies"]}
    needs = {d["ref"].partition("@")[0]: d["dependsOn"] for d in bom["dependencies"]}
    assert [each.partition("@")[0] for each in needs["pkg:pypi/requests"]] == [
        *("pkg:pypi/certifi", "pkg:pypi/charset-normalizer", "pkg:pypi/idna", "pkg:pypi/urllib3")
    ]
    assert all(c["licenses"] for c in bom["components"])
