"""docs/CLI.md: every command is there, its examples are understood, the exit codes are those of --help."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.__main__ import main
from cli.doctor import CHECKS
from cli.ends import MEANING, TABLE, End, of_statuses
from local.settings import ROOT

PAGE = (ROOT / "docs" / "CLI.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"`(expunge [^`]+)` \|$", PAGE, re.MULTILINE)
EXAMPLES += re.findall(
    r"^(?:.*\| |[A-Z_]+=\S+ )?(expunge .+)$", "\n".join(PAGE.split("```")[1::2]), re.MULTILINE
)


def commands(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))
        else:
            yield " ".join((*before, name)), command


ALL = dict(commands(main))
#: What prints text for a shell, and works on nothing.
OF_NO_STAGE = {"completion"}


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_a_row_with_an_example(name: str) -> None:
    table = PAGE.partition("## Answers as JSON\n")[0]
    rows = [line for line in table.splitlines() if line.startswith(f"| `{name}` |")]
    assert len(rows) == 1, f"docs/CLI.md: give {name} a row in the table of commands"
    assert f"`expunge {name}" in rows[0].rpartition(" | ")[2]


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_help_and_the_common_options(name: str) -> None:
    command = ALL[name]
    assert command.help
    given = {option for each in command.params for option in each.opts}
    assert {"--stage", "--json"} <= given or name in OF_NO_STAGE


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_are_understood(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "request.txt").touch()  # some commands open their input when they read the line
    monkeypatch.chdir(tmp_path)
    command: click.Command = main
    words = shlex.split(example.partition(" > ")[0], comments=True)[1:]
    if words == ["--version"]:
        assert any("--version" in option.opts for option in main.params)
        return
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    command.make_context(command.name or "", words)


def test_the_exit_codes_are_the_same_everywhere() -> None:
    rows = re.findall(r"^\| ([0-9]+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [(str(code.value), words) for code, words in MEANING.items()]
    assert main.epilog == TABLE
    assert max(map(len, TABLE.splitlines())) <= 76  # help is indented by two, and a terminal has 80


def test_the_exit_code_tells_how_it_ended() -> None:
    assert of_statuses(["completed", "completed"]) is End.DONE
    assert of_statuses(["completed", "partially_completed", "cancelled"]) is End.NOT_ALL_GONE
    assert of_statuses(["failed", "needs_attention"]) is End.NEEDS_A_PERSON
    assert of_statuses(["needs_attention", "running"]) is End.NOT_ENDED_YET


@pytest.mark.parametrize("name", [name for name, _ in CHECKS])
def test_every_check_of_doctor_is_on_the_page_with_what_it_looks_at(name: str) -> None:
    page = (ROOT / "docs" / "SETUP.md").read_text(encoding="utf-8").partition("## Is everything well?")[2]
    sample, table = page.partition("```")[2].partition("```")[::2]
    assert re.search(rf"^{name} +(ok|fault)", sample, re.MULTILINE)
    assert name in {
        each.strip() for row in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE) for each in row.split(",")
    }
