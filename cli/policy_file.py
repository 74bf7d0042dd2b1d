"""A file of retention policies: YAML (JSON is YAML too), and for every value the line that it stands on.

Only true and false are truth values, and times stay text: what looks like a word is one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml  # type: ignore[import-untyped]  # it has no types

from chalicelib.domain.errors import Field, NotValid
from chalicelib.domain.retention import policy as reading
from chalicelib.domain.retention.policy import Policy
from cli.text_file import text_of

_DEEPEST = 20


class Broken(Exception):
    """The file, or policies in it, cannot be used; `lines` say where and why, in the order of the file."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Written:
    """One policy of the file; `lines` maps JSON Pointers below it to line numbers."""

    policy: Policy
    lines: Mapping[str, int]

    def line(self, path: str) -> int:
        """The line of what is at `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path.rpartition("/")[0]
        return self.lines.get(path, 1)


def _loader() -> Any:
    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # its base has no types
        """Numbers, true, false, null; everything else is text."""

    Loader.yaml_implicit_resolvers = {}
    for tag, pattern, first in (
        ("bool", r"true|false", "tf"),
        ("null", r"null|~|", ["n", "~", ""]),
        ("int", r"-?(?:0|[1-9][0-9]*)", "-0123456789"),
        ("float", r"-?(?:0|[1-9][0-9]*)\.[0-9]+", "-0123456789"),
    ):
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))
    return Loader


_LOADER = _loader()


def read(file: Path) -> list[Written]:
    """The policies in `file`: a list, or an object with a list named `policies`. Raises Broken."""
    try:
        root = yaml.compose(text_of(file), Loader=_LOADER)
    except click.UsageError as problem:
        raise Broken([problem.message]) from problem
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise Broken([f"{file}: line {line}: {problem.problem}"]) from problem
    lines: dict[str, int] = {}
    wrong: list[tuple[int, str]] = []
    document = _value(root, "", lines, wrong) if root is not None else None
    found = document.get("policies") if isinstance(document, dict) else document
    if isinstance(document, dict):
        wrong += [(lines.get(f"/{k}", 1), f"{k}: is not known here") for k in document if k != "policies"]
    if not isinstance(found, list):
        wrong.append((1, "needs a list named policies"))
        found = []
    prefix = "/policies" if isinstance(document, dict) else ""
    written = [_policy(each, f"{prefix}/{n}", lines, wrong) for n, each in enumerate(found)]
    whole = [each for each in written if each is not None]
    _check_twice(whole, wrong)
    if wrong:
        raise Broken([f"{file}: line {line}: {words}" for line, words in sorted(wrong)])
    return whole


def _policy(
    document: Any, place: str, lines: Mapping[str, int], wrong: list[tuple[int, str]]
) -> Written | None:
    mine = {path[len(place) :]: n for path, n in lines.items() if f"{path}/".startswith(f"{place}/")}
    try:
        return Written(reading.parse(document), mine)
    except NotValid as problem:
        wrong += [(_nearest(mine, each.path), _told(each)) for each in problem.fields]
        return None


def _told(field: Field) -> str:
    return f"{field.path.removeprefix('/').replace('/', '.') or 'the policy'}: {field.problem}"


def _nearest(lines: Mapping[str, int], path: str) -> int:
    while path and path not in lines:
        path = path.rpartition("/")[0]
    return lines.get(path, 1)


def _check_twice(written: list[Written], wrong: list[tuple[int, str]]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for each in written:
        key = (each.policy.org, each.policy.name)
        line = each.line("/name")
        if key in seen:
            wrong.append((line, f"name: {key[1]} is on line {seen[key]} already"))
        seen.setdefault(key, line)


def _value(node: Any, path: str, lines: dict[str, int], wrong: list[tuple[int, str]]) -> Any:
    """The node's value; its line and those of all below it are noted."""
    lines[path] = node.start_mark.line + 1
    if path.count("/") > _DEEPEST:
        wrong.append((lines[path], "is nested too deeply"))
        return None
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in found:
                wrong.append((key.start_mark.line + 1, f"{name}: is there twice"))
            found[name] = _value(value, f"{path}/{name}", lines, wrong)
            lines[f"{path}/{name}"] = key.start_mark.line + 1
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, f"{path}/{n}", lines, wrong) for n, each in enumerate(node.value)]
    return _LOADER("").construct_object(node)
