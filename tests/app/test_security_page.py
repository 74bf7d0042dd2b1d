"""docs/SECURITY.md: every test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from local.settings import ROOT

PAGE = (ROOT / "docs/SECURITY.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))


@cache
def names_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_page_names_tests() -> None:
    assert len(NAMED) > 50
    assert PAGE.count("::") == len(re.findall(r"`[\w/]+\.py::\w+`", PAGE)) + 1  # and the one that explains it


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    assert name in names_in(file)


def test_every_threat_has_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and line.count("|") == 4]
    threats = [row for row in rows if not row.startswith("| threat ")]
    assert threats
    assert [row for row in threats if "::" not in row] == []
