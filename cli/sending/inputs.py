"""What `expunge send` was given: ids as words, a file of ids, or a whole request."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from chalicelib.domain.children import permanent_seconds
from cli.sending import ids_file
from cli.sending.request import Body, Wanted, digest, from_json

STDIN = "-"
#: Options that become fields of the request, by the field's name in both.
_FIELDS = ("external_id_field", "org", "reference", "reason", "max_records", "permanent_after")


@dataclass(frozen=True)
class Given:
    """A request of any length. `digest`: of the input as it was read; `path`: of the file, None for stdin and
    words; `where`: where the n-th id stands, "" where that says nothing.
    """

    wanted: Wanted
    digest: str
    path: Path | None
    repeated: int
    where: Callable[[int], str]


def read(words: Mapping[str, Any]) -> Given:
    """The request that the command's words mean. Raises Broken, OSError or UsageError."""
    if words["whole"]:
        return _whole(words)
    if not words["module"]:
        raise click.UsageError("give the MODULE that the ids are of, such as Leads")
    common: Body = {"operation": "delete_records", "module": words["module"]} | _more(words)
    if words["ids"]:
        ids = ids_file.checked(
            words["ids"], external=words["external_id_field"], trusted=words["not_rounded"]
        )
        text = "\n".join(ids).encode()
        return Given(Wanted(common, ids), digest(text), None, len(words["ids"]) - len(ids), lambda _: "")
    data, path = _file(words["file"])
    found = ids_file.read(
        data,
        column=words["column"],
        external=words["external_id_field"],
        trusted=words["not_rounded"],
        sheet=words["sheet"],
    )
    name = words["file"]
    return Given(
        Wanted(common, found.ids),
        digest(data),
        path,
        found.repeated,
        lambda at: f"{name}: line {found.lines[at]}",
    )


def _whole(words: Mapping[str, Any]) -> Given:
    if words["module"]:
        raise click.UsageError("--request FILE names the module itself")
    data, path = _file(words["whole"])
    wanted = from_json(data, trusted=words["not_rounded"])
    return Given(Wanted(wanted.common | _more(words), wanted.ids), digest(data), path, 0, lambda _: "")


def permanent_after(_context: click.Context, _option: click.Parameter, given: str | None) -> str | None:
    """`14d` or `12h` as the request has it (ISO 8601), which is understood too. Raises BadParameter."""
    if given is None:
        return None
    short = re.fullmatch(r"([0-9]{1,4})([dh])", given)
    text = given if short is None else f"P{short[1]}D" if short[2] == "d" else f"PT{short[1]}H"
    try:
        permanent_seconds(text)
    except ValueError as problem:
        raise click.BadParameter(f'must be hours or days from 0h to 59d, such as "14d": {given}') from problem
    return text


def _more(words: Mapping[str, Any]) -> Body:
    more: Body = {name: words[name] for name in _FIELDS if words[name] is not None}
    flags = {"wf_trigger": words["wf_trigger"], "dry_run": words["dry_run"]}
    return more | {name: True for name, on in flags.items() if on}


def _file(name: str) -> tuple[bytes, Path | None]:
    if name == STDIN:
        return sys.stdin.buffer.read(), None
    path = Path(name)
    return path.read_bytes(), path
