"""What make hands to `python -m local`: every value as one word, and a switch only where it is on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from local.settings import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
SHOW = "import json, sys; print(json.dumps(sys.argv[1:]))"
ON_A_STAGE = ("package", "deploy", "destroy", "smoke", "restore-table")


def handed(command: str, *given: str) -> list[str]:
    """The words that make would run `python` with."""
    words = ["make", "--old-file=setup", command, f"PY={sys.executable} -c '{SHOW}'", *given]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("command", ON_A_STAGE)
@pytest.mark.parametrize("stage", ["dev --yes", "-x", "", "a'b", "$(HOME)", "x; touch /tmp/never"])
def test_a_stages_name_is_one_word_whatever_it_is(command: str, stage: str) -> None:
    words = handed(command, "STAGE=" + stage.replace("$", "$$"))
    assert f"--stage={stage}" in words
    assert not {"--yes", "--repair", "--delete-data"} & set(words)


def test_a_directory_is_one_word_too() -> None:
    assert "--out=/a directory/it's" in handed("package", "OUT=/a directory/it's")


@pytest.mark.parametrize(
    ("command", "switch", "option"),
    [
        ("deploy", "YES", "--yes"),
        ("deploy", "REPAIR", "--repair"),
        ("destroy", "YES", "--yes"),
        ("package", "KEPT", "--kept"),
    ],
)
def test_a_switch_is_on_for_yes_and_off_for_no(command: str, switch: str, option: str) -> None:
    for value in ("1", "yes", "true"):
        assert option in handed(command, f"{switch}={value}"), value
    for value in ("", "0", "no", "false"):
        assert option not in handed(command, f"{switch}={value}"), value


def test_data_are_deleted_for_one_word_only() -> None:
    assert "--delete-data" in handed("destroy", "DELETE_DATA=yes")
    for value in ("", "1", "true", "no"):
        assert "--delete-data" not in handed("destroy", f"DELETE_DATA={value}")
