"""`.venv/bin/expunge`: from any directory, by a link, and where the environment itself is a link."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local.settings import ROOT

LAUNCHER = ROOT / "scripts" / "expunge"


def run(command: Path, where: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(command), "--help"], cwd=where, capture_output=True, text=True, check=False, timeout=180
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with an environment of its own, whose Python is this one."""
    folder = tmp_path / "pro ject"
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / "cli").mkdir()
    (folder / "cli" / "__main__.py").write_text("def run(): print('ran', __file__)\n")
    made = folder / ".venv" / "bin" / "expunge"
    made.write_bytes(LAUNCHER.read_bytes())
    made.chmod(0o755)
    return folder


def test_what_setup_made_runs_the_command_of_this_folder(tmp_path: Path) -> None:
    done = run(ROOT / ".venv" / "bin" / "expunge", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: expunge [OPTIONS] COMMAND")
    assert (ROOT / ".venv" / "bin" / "expunge").read_bytes() == LAUNCHER.read_bytes()


def test_the_code_is_that_of_the_folder_and_never_what_lies_where_the_caller_stands(
    project: Path, tmp_path: Path
) -> None:
    place = tmp_path / "elsewhere"
    (place / "cli").mkdir(parents=True)
    (place / "json.py").write_text("raise SystemExit('not ours')")
    link = place / "e"
    link.symlink_to(project / ".venv" / "bin" / "expunge")
    for command in (project / ".venv" / "bin" / "expunge", link):
        assert run(command, place).stdout == f"ran {project / 'cli' / '__main__.py'}\n"


def test_an_environment_that_is_a_link_runs_the_code_beside_the_link(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "cli").mkdir(parents=True)
    (other / "cli" / "__main__.py").write_text("def run(): print('ran', __file__)\n")
    (other / ".venv").symlink_to(project / ".venv")
    assert (
        run(other / ".venv" / "bin" / "expunge", tmp_path).stdout == f"ran {other / 'cli' / '__main__.py'}\n"
    )


def test_interrupted_before_it_begins_it_says_so(project: Path, tmp_path: Path) -> None:
    (project / "cli" / "__main__.py").write_text("raise KeyboardInterrupt")
    done = run(project / ".venv" / "bin" / "expunge", tmp_path)
    assert (done.returncode, done.stderr) == (130, "Interrupted: nothing was begun\n")


def test_away_from_any_environment_it_says_what_to_do(tmp_path: Path) -> None:
    lost = tmp_path / "a" / "b" / "expunge"
    lost.parent.mkdir(parents=True)
    lost.write_bytes(LAUNCHER.read_bytes())
    lost.chmod(0o755)
    done = run(lost, tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith("run make setup, then .venv/bin/expunge\n")
