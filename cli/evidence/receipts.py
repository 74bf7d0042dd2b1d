"""`expunge receipt DELETION`, and `expunge receipt verify DIR`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.errors import Unavailable, Unreadable
from chalicelib.domain.evidence import folder
from chalicelib.domain.evidence.checking import PUBLIC_KEY, Findings
from cli.ends import End, Interrupted
from cli.evidence.gathering import Waits, gathered
from cli.evidence.keys import NoKey, load
from cli.evidence.stores import Unreachable, bucket_of, folder_at, reaching, telling
from cli.evidence.table import table_of
from cli.following.deletions import one_deletion
from cli.options import options
from cli.output import say, say_json
from cli.target import Refused, find

EXAMPLES = """\b
Examples:
  expunge receipt del_01M8298QNC9R2FS46471MHPX7V
  expunge receipt del_01M8298QNC9R2FS46471MHPX7V --output receipt-7V
  expunge receipt verify receipt-7V

A receipt is there within two minutes of the end. Its folder needs neither
Expunge nor AWS: docs/EVIDENCE.md has the recipe for openssl, jq, sha256sum."""


@click.command(epilog=EXAMPLES)
@click.argument("words", nargs=-1, required=True, metavar="DELETION | verify DIR")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="DIR", help="The folder to write, made where needed."
)
@options
def receipt(words: tuple[str, ...], output: Path | None, stage: str | None, as_json: bool) -> None:
    """Show, write or check the signed receipt of a deletion.

    Exit code 1 means that something does not fit, 8 that it could not be checked.
    """
    first, *more = words
    if first == "verify":
        if len(more) != 1 or output is not None or stage is not None:
            raise click.UsageError("receipt verify takes the folder of a receipt, and --json")
        _verify(Path(more[0]), as_json=as_json)
        return
    if more:
        raise click.UsageError("receipt takes one deletion, or verify and a folder")
    _show(one_deletion(first), output, stage, as_json=as_json)


def _show(deletion: str, output: Path | None, stage: str | None, *, as_json: bool) -> None:
    """What the receipt says, or with `output` its files, bytes unchanged."""
    with reaching():
        target = find(stage, as_json=as_json)
        table = table_of(target)
        try:
            files = gathered(bucket_of(target), deletion, partial(children_of, table))
        except Waits as problem:
            raise Refused(f"{problem} waits for the head that names it: ask again in a minute") from problem
    if not files:
        raise Refused(
            f"{deletion} has no receipt: it is written within two minutes of the end;"
            " expunge show tells whether it has ended"
        )
    if output is not None:
        _write(output, files)
        kept = {"output": str(output), "files": sorted(files)}
        target.say(kept, *sorted(files), f"{len(files)} files in {output}; expunge receipt verify {output}")
        return
    found, told = _checked(files)
    lines = [line for body in told for line in shown(body)]
    with telling():
        target.say({"receipts": told, "problems": found.problems}, *lines, *_result(found))
    _end(found)


def children_of(table: Table, deletion: str) -> list[str]:
    """What was made of the deletion about the recycle bin, as far as the table can still tell."""
    try:
        found = table.get(deletion)
    except Unreadable:
        return []
    except Unavailable as problem:
        raise Unreachable(f"the table is out of reach: {problem.reason}") from problem
    return [child.id for child in found.children] if found else []


def _verify(directory: Path, *, as_json: bool) -> None:
    """Check the files of a receipt, offline and without credentials."""
    with reaching():
        store = folder_at(directory)
        files = {name: store.read(name) or b"" for name in store.names("")}
    found, told = _checked(files)
    with telling():
        if as_json:
            say_json({"fits": not found.problems, "problems": found.problems, "notes": found.notes})
        else:
            lines = [line for body in told for line in shown(body)]
            say(*lines, *_result(found))
    _end(found)


def _end(found: Findings) -> None:
    if found.problems:
        raise SystemExit(End.OUT_OF_REACH.value)


def _write(output: Path, files: Mapping[str, bytes]) -> None:
    """For their owner alone: records files hold ids."""
    part = f"{output} may hold a part of the files: the same command writes all of them"
    try:
        for name, data in files.items():
            file = output / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as sink:
                os.fchmod(sink.fileno(), 0o600)  # where it was there before
                sink.write(data)
    except KeyboardInterrupt as interrupt:
        raise Interrupted(part) from interrupt
    except OSError as problem:
        raise Unreachable(f"{problem.filename or output}: {problem.strerror}; {part}") from problem


def _checked(files: Mapping[str, bytes]) -> tuple[Findings, list[dict[str, Any]]]:
    if PUBLIC_KEY not in files:
        return Findings(
            [f"{PUBLIC_KEY} is not here: give the folder that expunge receipt --output wrote"]
        ), []
    try:
        key = load(files[PUBLIC_KEY])
    except NoKey as problem:
        return Findings([str(problem)]), []
    found, told = folder.check(files, key)
    found.notes.append(f"the key's fingerprint is {key.keyid}: compare it with one that you had before")
    return found, told


def _result(found: Findings) -> list[str]:
    if found.problems:
        return [*(f"does not fit: {each}" for each in found.problems)]
    return [*found.notes, "all of it fits"]


def shown(body: Mapping[str, Any]) -> list[str]:
    """What a receipt says, in lines for people."""
    counts = ", ".join(f"{number} {name}" for name, number in body["counts"].items() if number)
    people = [
        (name, body.get(key))
        for name, key in (
            ("asked by", "asked_by"),
            ("approved by", "approved_by"),
            ("resolved by", "resolved_by"),
        )
    ]
    dry = ", a dry run: nothing was deleted" if body.get("dry_run") else ""
    return [
        f"{body['deletion']}: {body['status']}, {body['finished_at']}{dry}",
        f"  {body['operation']} in {body['module']}, org {body['org']}, stage {body['stage']}",
        f"  {counts or 'no records'}",
        f"  requested at {body['requested_at']} by source {body['source']}",
        *(f"  {name} {who}" for name, who in people if who),
        f"  not covered: {', '.join(body['not_covered'])}",
    ]
