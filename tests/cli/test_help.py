"""What `--help` shows: on a terminal of 80 columns, in one shape for all commands."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from cli.__main__ import main


def commands(of: click.Command, path: str = "expunge") -> Iterator[tuple[str, click.Command]]:
    yield path, of
    if isinstance(of, click.Group):
        for name, each in of.commands.items():
            yield from commands(each, f"{path} {name}")


ALL = dict(commands(main))


@pytest.mark.parametrize("path", ALL)
def test_help_fits_80_columns_and_shows_no_marks_of_its_source(path: str) -> None:
    parts = path.split()
    parent = click.Context(main, info_name=" ".join(parts[:-1])) if len(parts) > 1 else None
    context = click.Context(ALL[path], info_name=parts[-1], parent=parent, terminal_width=80)
    lines = ALL[path].get_help(context).splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert [line for line in lines if "\\b" in line or "\b" in line] == []


@pytest.mark.parametrize("path", [path for path, each in ALL.items() if not isinstance(each, click.Group)])
def test_a_command_has_an_example_and_help_for_each_option(path: str) -> None:
    command = ALL[path]
    shown = f"{command.epilog}{command.help}"
    assert "Example:\n" in shown or "Examples:\n" in shown or "For example:\n" in shown
    assert f"  {path} " in shown or f" {path}\n" in f"{shown}\n"
    assert [each.name for each in command.params if isinstance(each, click.Option) and not each.help] == []


@pytest.mark.parametrize("path", [path for path, each in ALL.items() if isinstance(each, click.Group)])
def test_no_line_of_a_list_of_commands_is_cut_off(path: str) -> None:
    parent = click.Context(main, info_name="expunge") if path != "expunge" else None
    name = path.rpartition(" ")[2]
    context = click.Context(ALL[path], info_name=name, parent=parent, terminal_width=80)
    listed = ALL[path].get_help(context).partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert listed
    assert [line for line in listed if line.endswith("...")] == []


def test_fish_shows_a_help_with_commas_whole() -> None:
    script = CliRunner().invoke(main, ["completion", "fish"]).output
    assert 'string split --max 1 ","' in script
    assert 'string split ","' not in script
