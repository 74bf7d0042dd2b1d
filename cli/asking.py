"""Before a person deletes something, or arms it: where, how many, and whether that is meant.

A command that does so is `destructive`, and asks by `confirm`. The operators' API and the sources' channel
refuse a call that deletes while its command has not asked (`must_have_asked`), so that none can forget to.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from cli.target import Refused, Target

Command = Callable[..., Any]

#: What is typed where the number is not known.
UNKNOWN = "unknown"
_YES = "Do not ask for the number on a terminal."
_ASKED = "cli.asking"
#: Operators' calls that delete, bring back what was deleted, or arm what deletes by itself.
_DELETES = re.compile(
    r"POST deletions(/[^/]+/(retry|approve|restore|delete_permanently|forget))?"
    r"|PUT policies/[^/]+|POST policies/[^/]+/run"
)


def destructive(command: Command) -> Command:
    """Marks a command that deletes, or arms what does: it has --yes, for scripts that run on a terminal."""
    return click.option("--yes", is_flag=True, help=_YES)(command)


def is_destructive(command: click.Command) -> bool:
    """Is it marked so?"""
    return any(isinstance(each, click.Option) and each.help == _YES for each in command.params)


def on_a_terminal() -> bool:
    """Is there a person who can be asked? A script's input or messages go elsewhere."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def asks(*, yes: bool) -> bool:
    """Will a person be asked? What only the question needs is not looked for otherwise."""
    return not yes and on_a_terminal()


def confirm(
    number: int | None, what: str, *, yes: bool, target: Target | None, org: str | None = None
) -> None:
    """Tell where, and ask a person to type the number of records; None is a number that is not known.

    `target`: None where nothing is known but the address. Raises Refused where something else is typed.
    """
    counted(target, org)
    if not asks(yes=yes):
        return
    word = UNKNOWN if number is None else str(number)
    many = "an unknown number of" if number is None else f"{number:,}"
    typed = click.prompt(f"{many} {what}: type {word} to go on", default="", show_default=False, err=True)
    if str(typed).strip().replace(",", "") != word:
        raise Refused("the number was not typed, so nothing was sent: type it, or give --yes")


def counted(target: Target | None, org: str | None = None) -> None:
    """Tell where; the person has said the number already, or is asked for it now."""
    if target is not None:
        target.tell_target(org)
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta[_ASKED] = True


def must_have_asked(method: str, path: str, query: Mapping[str, str] | None, body: Any) -> None:
    """Raises RuntimeError where a command is about to delete without having asked: a mistake of ours."""
    context = click.get_current_context(silent=True)
    if context is None or context.meta.get(_ASKED) or not _DELETES.fullmatch(f"{method} {path}"):
        return
    if not ((query or {}).get("dry_run") == "true" or _is_dry(body)):
        raise RuntimeError(f"{context.command_path} would {method} {path} without having asked")


def _is_dry(body: Any) -> bool:
    found = json.loads(body) if isinstance(body, bytes) else body
    return isinstance(found, dict) and found.get("dry_run") is True
