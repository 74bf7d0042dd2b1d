"""Options that commands have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from chalicelib.domain.request import BY_NAME_ONLY, REQUESTABLE

Command = Callable[..., Any]


def options(command: Command) -> Command:
    """What every command takes: where to work and how to answer."""
    stage = click.option("--stage", metavar="NAME", help="A stage on AWS; left out: the local stack.")
    as_json = click.option("--json", "as_json", is_flag=True, help="Answer with one line of JSON.")
    return stage(as_json(command))


def dry_run(words: str) -> Callable[[Command], Command]:
    """--dry-run, with what it does instead."""
    return click.option("--dry-run", is_flag=True, help=words)


#: An operation that a source may be allowed, by the word of the contract.
OPERATION = click.Choice(sorted(each.value for each in REQUESTABLE | BY_NAME_ONLY))


def org_option(words: str = "The Zoho org.", default: str | None = "default") -> Callable[[Command], Command]:
    """--org."""
    return click.option("--org", default=default, show_default=default is not None, help=words)
