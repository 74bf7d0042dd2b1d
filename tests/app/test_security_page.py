"""docs/SECURITY.md: every test that it names is there."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from typing import Any

import pytest

from app import app
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


def policies(mark: str) -> list[dict[str, Any]]:
    """The statements of the policy under a mark on the page."""
    [text] = re.findall(rf"<!-- {mark} -->\n```json\n(.*?)\n```", PAGE, re.DOTALL)
    found: list[dict[str, Any]] = json.loads(text)["Statement"]
    return found


def reached(mark: str) -> set[tuple[str, str]]:
    """The operators' routes that a policy on the page allows, as (method, path)."""
    patterns = [one.split("/", 2)[2] for each in policies(mark) for one in each["Resource"]]
    routes = {(method, path) for path, by in app.routes.items() for method in by if "/operator/" in path}
    wanted = {pattern: re.escape(pattern).replace(r"\*", ".*") for pattern in patterns}
    found = {p: {r for r in routes if re.fullmatch(wanted[p], f"{r[0]}{r[1]}")} for p in patterns}
    assert all(found.values()), found
    return set().union(*found.values())


def test_the_policies_on_the_page_name_routes_that_there_are() -> None:
    approve = ("POST", "/v1/operator/deletions/{id}/approve")
    send = ("POST", "/v1/operator/deletions")
    assert send in reached("may ask")
    assert approve not in reached("may ask")
    assert approve in reached("may approve")
    assert {route for route in reached("may approve") if route[0] != "GET"} == {approve}


def test_nobody_is_kept_from_the_api_function_but_callers_of_its_own_name() -> None:
    [deny] = policies("nobody invokes it directly")
    assert (deny["Effect"], deny["Action"]) == ("Deny", "lambda:InvokeFunction")
    assert {arn.split(":function:")[1] for arn in deny["Resource"]} == {"expunge-*-api", "expunge-*-api:*"}


def test_no_role_of_the_stage_may_invoke_a_function_or_change_one() -> None:
    files = sorted((ROOT / ".chalice").glob("policy-*.json"))
    assert len(files) >= 4
    for file in files:
        for statement in json.loads(file.read_text(encoding="utf-8"))["Statement"]:
            actions = statement["Action"]
            named = [actions] if isinstance(actions, str) else actions
            assert not [each for each in named if each.startswith(("lambda:", "apigateway:", "iam:", "*"))]


def test_both_pages_say_where_to_report_a_vulnerability() -> None:
    top = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "Report a vulnerability" in top
    assert "Do not open a public issue" in top
    for page in ("docs/SECURITY.md", "CONTRIBUTING.md", "README.md"):
        assert "SECURITY.md)" in (ROOT / page).read_text(encoding="utf-8")
    assert "(../SECURITY.md)" in PAGE
