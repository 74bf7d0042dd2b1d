"""The wheel that `make release` builds: installed into an empty environment, it is the command `expunge`."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.version import version
from local import stack as local_stack
from local.settings import ROOT, Settings
from tests.stack import tour

pytestmark = pytest.mark.stack

#: What the wheel needs, downloaded as requirements/wheel.txt locks it.
NEEDED = ROOT / ".venvs/wheel/wheels"


def checked(*words: str | Path, where: Path) -> str:
    done = subprocess.run(list(map(str, words)), cwd=where, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    words = "-m", "build", "--wheel", "--no-isolation", "--outdir", out
    checked(sys.executable, *words, ROOT, where=ROOT)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def expunge(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, in an environment that has nothing but the wheel and what it needs."""
    assert NEEDED.exists(), "what the wheel needs is missing: make .venvs/wheel/.ready"
    empty = tmp_path_factory.mktemp("installed")
    venv.create(empty, with_pip=False)
    pip = sys.executable, "-m", "pip", "--python", empty / "bin/python", "--disable-pip-version-check"
    checked(*pip, "install", "-q", "--no-index", "--find-links", NEEDED, wheel, where=empty)
    return empty / "bin" / "expunge"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Path]:
    """The folder of a local stack that runs."""
    place = Settings(tmp_path / "local")
    local_stack.up(place)
    yield place.directory
    local_stack.down(place)


def test_it_says_its_version_in_an_empty_folder(expunge: Path, tmp_path: Path) -> None:
    assert checked(expunge, "--version", where=tmp_path) == f"expunge {version()}\n"
    assert not list(tmp_path.iterdir())


def test_every_module_of_it_finds_what_it_needs(expunge: Path, tmp_path: Path) -> None:
    program = (
        "import importlib, pathlib, pkgutil, sys, expunge\n"
        "sys.path.insert(0, str(pathlib.Path(expunge.__file__).with_name('program')))\n"
        "import cli, openpyxl, cryptography\n"
        "found = [m.name for m in pkgutil.walk_packages(cli.__path__, 'cli.')]\n"
        "[importlib.import_module(name) for name in found]\n"
        "print(len(found))"
    )
    count = int(checked(expunge.with_name("python"), "-I", "-c", program, where=tmp_path))
    assert count > len(list((ROOT / "cli").glob("*.py")))


def test_the_tour_runs_with_it_in_an_empty_folder(expunge: Path, running: Path, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    blocks = []
    for n, (kind, text) in enumerate(tour.BLOCKS):
        lines = [line for line in text.splitlines(keepends=True) if not line.startswith("make ")]
        if kind == "sh" and "examples/" not in text and lines:
            blocks.append((kind, "".join(lines).replace(".venv/bin/expunge", str(expunge))))
            if tour.BLOCKS[n + 1 : n + 2] and tour.BLOCKS[n + 1][0] == "text":
                blocks.append(tour.BLOCKS[n + 1])
    assert sum(str(expunge) in text for _, text in blocks) >= 4
    assert not any(".venv/" in text or "make " in text for _, text in blocks)
    tour.run(blocks, folder, running)


def test_nothing_but_the_command_is_in_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"expunge", f"expunge-{version()}.dist-info"}
    parts = {name.split("/")[2] for name in names if name.startswith("expunge/program/")}
    assert parts == {"cli", "chalicelib", "local"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert sum(name.endswith("entry_points.txt") for name in names) == 1


def test_it_is_the_same_wheel_each_time(wheel: Path, tmp_path: Path) -> None:
    words = "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path
    checked(sys.executable, *words, ROOT, where=ROOT)
    (again,) = tmp_path.iterdir()
    assert again.read_bytes() == wheel.read_bytes()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(expunge: Path, shell: str, tmp_path: Path) -> None:
    script = checked(expunge, "completion", shell, where=tmp_path)
    assert f"_EXPUNGE_COMPLETE={shell}_complete" in script
    asked = {"COMP_WORDS": "expunge rec", "COMP_CWORD": "1" if shell != "fish" else "rec"}
    done = subprocess.run(
        [expunge],
        env={**asked, "_EXPUNGE_COMPLETE": f"{shell}_complete", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert "receipt" in done.stdout
    assert "recover" in done.stdout
    assert "\\u000a" not in done.stdout
