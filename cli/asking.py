"""Before a person deletes something: where, how many, and whether that is meant."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from cli.target import Refused

Command = Callable[..., Any]


def yes_option(command: Command) -> Command:
    """--yes, for scripts that run on a terminal."""
    return click.option("--yes", is_flag=True, help="Do not ask for the number on a terminal.")(command)


def on_a_terminal() -> bool:
    """Is there a person who can be asked? A script's input or messages go elsewhere."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(number: int, what: str, *, yes: bool) -> None:
    """Ask a person to type the number of records. Raises Refused where another one is typed."""
    if yes or not on_a_terminal():
        return
    typed = click.prompt(
        f"{number:,} {what}: type {number} to go on", default="", show_default=False, err=True
    )
    if str(typed).strip().replace(",", "") != str(number):
        raise Refused("the number was not typed, so nothing was sent; --yes does not ask")
