"""`expunge person-map`: what an erasure does in each module of an org."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import click
import yaml  # type: ignore[import-untyped]  # it has no types

from cli.http import absent, fields, good
from cli.operator_api import OperatorApi, dry, reach
from cli.options import dry_run as dry_run_option
from cli.options import options, org_option
from cli.target import Group, Refused, find
from cli.text_file import text_of

SHOW = """\b
Examples:
  expunge person-map show > person-map.yaml
  expunge person-map show --org second --json

Before the first erasure of an org, a dry run too, nobody has read its modules,
and there is no map to show."""

APPLY = """\b
Examples:
  expunge person-map apply person-map.yaml --dry-run
  expunge person-map apply person-map.yaml

The file is what show prints, changed. A module that it leaves out is only
unlinked: so show, change and apply, and keep the file with your other settings."""


@click.group("person-map", cls=Group)
def person_map() -> None:
    """What erasing a person does in each module.

    Delete, unlink, clear or keep: docs/ERASURE.md has more.
    """


@person_map.command(epilog=SHOW)
@org_option()
@options
def show(org: str, stage: str | None, as_json: bool) -> None:
    """Print the org's person map.

    It is as it was put, or made from the org's modules.
    """
    target = find(stage, as_json=as_json)
    found = _stored(reach(target, stage), org)
    target.say(found, *_text(found))


@person_map.command(epilog=APPLY)
@click.argument("file", type=click.Path(path_type=Path))
@org_option()
@dry_run_option("Ask the service what would change; it changes nothing.")
@options
def apply(file: Path, org: str, dry_run: bool, stage: str | None, as_json: bool) -> None:
    """Put the person map of FILE; show what changes.

    FILE is YAML or JSON.
    """
    given = _read(file)
    target = find(stage, as_json=as_json)
    api = reach(target, stage)
    before = _stored(api, org)
    if not dry_run:
        target.tell_target(org)
    after = _put(api, file, org, given, dry_run=dry_run)
    changes = list(
        difflib.unified_diff(
            _text(before), _text(after), f"{org} (stored)", f"{org} ({file.name})", n=2, lineterm=""
        )
    )
    words = "would be stored" if dry_run else "stored"
    told = {"org": org, "dry_run": dry_run, "before": before, "after": after}
    target.say(told, *changes, f"{words}" if changes else "nothing changes")


def _read(file: Path) -> dict[str, Any]:
    text = text_of(file)
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise click.UsageError(f"{file}: is not YAML: {problem}") from problem
    if not isinstance(found, dict):
        raise click.UsageError(f"{file}: must hold a map with modules, as expunge person-map show prints it")
    return found


def _stored(api: OperatorApi, org: str) -> dict[str, Any]:
    answer = api.call("GET", "person-map", {"org": org})
    if absent(answer):
        raise Refused(
            f"the modules of org {org} were never read: expunge erase --email somebody@example.com --dry-run"
            " reads them"
        )
    return good(answer)


def _put(api: OperatorApi, file: Path, org: str, given: dict[str, Any], *, dry_run: bool) -> dict[str, Any]:
    answer = api.call("PUT", "person-map", dry(dry_run, {"org": org}), given)
    if found := fields(answer):
        raise Refused("\n".join(f"{file}: {each['path'] or '/'}: {each['problem']}" for each in found))
    return good(answer)


def _text(found: dict[str, Any]) -> list[str]:
    text: str = yaml.safe_dump(found, sort_keys=True, allow_unicode=True)
    return text.splitlines()
