"""A person is asked for the number before something is deleted; a script is not."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from cli import asking
from cli.target import Refused


@click.command()
@asking.yes_option
def delete(yes: bool) -> None:
    asking.confirm(1200, "records are deleted", yes=yes)
    click.echo("sent")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a terminal, which a test has none of."""
    monkeypatch.setattr(asking, "on_a_terminal", lambda: True)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("typed", ["1200\n", "1,200\n"])
def test_the_number_lets_it_go_on(typed: str) -> None:
    done = CliRunner().invoke(delete, input=typed)
    assert (done.exit_code, done.stdout) == (0, "sent\n")
    assert "1,200 records are deleted: type 1200 to go on" in done.stderr


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("typed", ["\n", "y\n", "1201\n"])
def test_anything_else_sends_nothing(typed: str) -> None:
    done = CliRunner().invoke(delete, input=typed)
    assert (done.exit_code, done.stdout) == (Refused.exit_code, "")


@pytest.mark.usefixtures("terminal")
def test_yes_asks_nothing() -> None:
    assert CliRunner().invoke(delete, ["--yes"]).stdout == "sent\n"


def test_a_script_is_not_asked() -> None:
    assert CliRunner().invoke(delete).stdout == "sent\n"
