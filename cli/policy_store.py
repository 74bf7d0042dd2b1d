"""Stores the policies of a file, one by one, and says where the service refuses one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from cli.ends import Interrupted
from cli.http import fields, good
from cli.operator_api import OperatorApi, dry
from cli.policy_file import Written
from cli.target import Refused


def names(changed: list[Written]) -> dict[str, Written]:
    """The policies by what they are called here: two orgs may have one of the same name."""
    known = Counter(each.policy.name for each in changed)
    return {
        each.policy.name if known[each.policy.name] == 1 else f"{each.policy.org}/{each.policy.name}": each
        for each in changed
    }


def store(api: OperatorApi, file: Path, changed: dict[str, Written]) -> None:
    """One after the other; an end in between says which are stored. Raises ClickException or Interrupted."""
    left = list(changed)
    try:
        for name, each in changed.items():
            put(api, file, each, dry_run=False)
            left.remove(name)
    except (KeyboardInterrupt, click.ClickException) as problem:
        done = [name for name in changed if name not in left]
        words = f"stored: {', '.join(done) or 'none'}; {left[0]} is in doubt; still to be stored: "
        words += f"{', '.join(left)}; the same command may be run again"
        if isinstance(problem, KeyboardInterrupt):
            raise Interrupted(words) from problem
        raise type(problem)(f"{problem.message}\n{words}") from problem


def put(api: OperatorApi, file: Path, each: Written, *, dry_run: bool) -> dict[str, Any]:
    """The answer to one policy. Raises Refused with the lines of the file that the service refuses."""
    query = dry(dry_run, {"org": each.policy.org})
    answer = api.call("PUT", f"policies/{each.policy.name}", query, each.policy.document)
    if found := fields(answer):
        raise Refused("\n".join(problems(file, each, found)))
    return good(answer)


def problems(file: Path, each: Written, found: list[dict[str, str]]) -> list[str]:
    """What the service refuses of the policy, each with its line."""
    paths = [(field["path"].removeprefix("/policy"), field["problem"]) for field in found]
    dotted = [(each.line(path), path.removeprefix("/").replace("/", "."), words) for path, words in paths]
    return [f"{file}: line {line}: {path}: {words}" for line, path, words in dotted]
