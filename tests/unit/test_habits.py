"""What is around the code says what is so: hooks, workflow, templates, the editor's file, decisions."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

from scripts import run_tests
from tests.conftest import LONGEST_FIRST

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
DECISIONS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
_STATUS = re.compile(r"# (.+)\n\nStatus: (.+)\. Date: ([1-9][0-9]? [A-Z][a-z]+ 20[0-9]{2})\.\n")


def parsed(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def test_each_hook_is_a_tool_that_the_lock_holds_or_a_script_of_ours() -> None:
    (local,) = parsed(ROOT / ".pre-commit-config.yaml")["repos"]
    assert local["repo"] == "local"
    check = (ROOT / "scripts" / "check.py").read_text(encoding="utf-8")
    locked = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    tools = {"ruff": "ruff", "lint-imports": "import-linter"}
    for hook in local["hooks"]:
        assert hook["language"] == "system"
        program, *words = hook["entry"].split()
        name = program.removeprefix(".venv/bin/")
        assert name != program
        if name == "python":
            assert find_spec(words[1])
            given = ", ".join(f'"{word}"' for word in ("python", *words))
            assert f"tool({given})" in check
        else:
            assert re.search(rf"^{tools[name]}==", locked, re.MULTILINE)
            assert f'tool("{name}"' in check
        pattern = re.compile(hook.get("files", ""))
        tracked = [file.relative_to(ROOT).as_posix() for file in ROOT.glob("[a-z]*/**/*.*")]
        assert any(pattern.search(file) for file in tracked)


def test_the_workflow_runs_what_is_run_at_the_desk_with_no_more_rights_than_reading() -> None:
    workflow = parsed(WORKFLOW)
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert "permissions" not in job
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert "secrets" not in WORKFLOW.read_text(encoding="utf-8").replace("no secret is read", "")


def test_the_workflows_actions_are_pinned_by_commit_with_their_version_beside_it() -> None:
    uses = re.findall(r"uses: (.+)", WORKFLOW.read_text(encoding="utf-8"))
    assert uses
    assert not [
        each for each in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)
    ]


def test_what_continuous_integration_runs_are_commands_of_the_makefile() -> None:
    commands = re.findall(
        r"^make ([a-z-]+)$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert commands == ["test", "check"]
    subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT, check=True)


def test_the_forms_for_issues_can_be_read_and_send_vulnerabilities_elsewhere() -> None:
    folder = ROOT / ".github" / "ISSUE_TEMPLATE"
    forms = [parsed(file) for file in folder.glob("*.yml") if file.name != "config.yml"]
    assert len(forms) == 2
    for form in forms:
        assert {"name", "description", "body"} <= set(form)
        ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
        assert len(ids) == len(set(ids)) > 1
    for name in ("ISSUE_TEMPLATE/fault.yml", "pull_request_template.md"):
        assert "SECURITY.md" in (ROOT / ".github" / name).read_text(encoding="utf-8")
    assert "private report" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_editors_keep_the_width_that_ruff_checks() -> None:
    editors = (ROOT / ".editorconfig").read_text(encoding="utf-8")
    widths = [
        re.search(pattern, text)
        for pattern, text in (
            (r"\[\*\.py\]\n(?:.+\n)*?max_line_length = (\d+)", editors),
            (r"(?m)^line-length = (\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8")),
        )
    ]
    assert len({found[1] for found in widths if found}) == 1
    assert all(widths)


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_each_decision_has_status_and_date_and_its_row_in_the_table(page: Path) -> None:
    found = _STATUS.match(page.read_text(encoding="utf-8"))
    assert found, f"{page.name}: begin with a title and a line `Status: accepted. Date: 29 November 2026.`"
    title, status, date = found.groups()
    assert title.startswith(page.stem[:4])
    assert re.match(r"accepted|replaced by \[\d{4}\]", status)
    table = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    assert f"| [{title}]({page.name}) | {status} | {date} |" in table.splitlines()


def test_a_decision_that_is_replaced_says_by_which_and_that_one_says_so_too() -> None:
    texts = {page.name: page.read_text(encoding="utf-8") for page in DECISIONS}
    for name, text in texts.items():
        for other in re.findall(r"replaced by \[\d{4}\]\(([^)]+)\)", text.split("\n\n")[1]):
            assert f"replaces [{name[:4]}]({name})" in texts[other].split("\n\n")[1]


def test_the_recipes_name_files_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = {name for name in re.findall(r"`([\w.]+(?:/[\w.-]+)+)`", text) if not name.startswith(".v")}
    missing = sorted(name for name in named if not (ROOT / name).exists())
    assert len(named) > 40
    assert not missing


#: Functions of tests that look until something is seen, or give up after `seconds`.
LOOKING = {"wait_for", "until", "until_final", "final"}


def _number(node: ast.expr | None) -> float | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int | float) else None


def short_waits(code: str) -> list[int]:
    """The lines where a wait is given up in less than a minute. Less than a second is a pause."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.expr | ast.stmt)
        for seconds in _given_up_after(node)
        if seconds is not None and 1 <= seconds < 60
    ]


def _given_up_after(node: ast.AST) -> Iterator[float | None]:
    if isinstance(node, ast.Call):
        yield from _in_a_call(node)
    elif isinstance(node, ast.FunctionDef) and node.name in LOOKING:
        given = node.args
        usual = dict(zip(reversed(given.args), reversed(given.defaults), strict=False))
        for each, default in [*usual.items(), *zip(given.kwonlyargs, given.kw_defaults, strict=True)]:
            if each.arg == "seconds":
                yield _number(default)
    elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith(("limit", "(limit")):
        yield from (
            _number(each.right)
            for each in list(ast.walk(node.value))
            if isinstance(each, ast.BinOp) and ast.unparse(each.left) == "time.monotonic()"
        )


def _in_a_call(node: ast.Call) -> Iterator[float | None]:
    method = isinstance(node.func, ast.Attribute)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    for given in node.keywords:
        if given.arg == "timeout" or (given.arg == "seconds" and name in LOOKING):
            yield _number(given.value)
    if method and name in {"wait", "join", "result"} and node.args:
        yield _number(node.args[0])


def test_a_test_waits_for_a_minute_at_least_before_it_gives_up() -> None:
    """Only a test that fails waits so long, and a busy machine fails none."""
    short = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in (ROOT / "tests").rglob("*.py")
        for line in short_waits(file.read_text(encoding="utf-8"))
    ]
    assert short == []


@pytest.mark.parametrize(
    "code",
    [
        "requests.get(url, timeout=30)",
        "assert process.wait(10) == 0",
        "thread.join(2)",
        "future.result(timeout=5)",
        "wait_for(look, seconds=20)",
        "def until(look, seconds: float = 30.0): ...",
        "def wait_for(look, *, seconds=5): ...",
        "limit = time.monotonic() + 30",
    ],
)
def test_a_wait_that_is_given_up_soon_is_found(code: str) -> None:
    assert short_waits(code) == [1]


@pytest.mark.parametrize(
    "code",
    [
        "process.wait(timeout=60)",
        "while not stop.wait(0.05): ...",
        "', '.join(words)",
    ],
)
def test_a_long_wait_and_a_pause_are_let_be(code: str) -> None:
    assert short_waits(code) == []


def test_files_that_begin_first_are_there() -> None:
    assert [path for path in LONGEST_FIRST if not (ROOT / path).exists()] == []


def test_what_the_fast_tests_leave_out_is_said_and_is_there() -> None:
    said = run_tests.left_out()
    others = {
        file.name for file in (ROOT / "tests").iterdir() if file.is_dir() and any(file.rglob("test_*.py"))
    }
    for suite in others - {Path(each).name for each in run_tests.FAST}:
        assert re.search(rf"\b{suite}\b", said)
    slow = [name for name in re.findall(r"[\w/]+/test_\w+\.py", said) if (ROOT / "tests" / name).exists()]
    assert "unit/service/engine/test_budgets.py" in slow
    assert "unit/domain/test_source.py" not in slow
    assert "make test runs" in said


#: A check that is silenced, by the name that is in the brackets, and the comment behind it.
_SILENCED = re.compile(r"#\s*type:\s*ignore(?:\[(?P<names>[^\]]*)\])?(?P<rest>.*)")


def without_reason(code: str) -> list[str]:
    """The lines of some code that silence the type checker without a name or without a reason behind it."""
    found = ((line, _SILENCED.search(line)) for line in code.splitlines())
    return [
        line.strip()
        for line, silenced in found
        if silenced and not (silenced["names"] and re.match(r"  # \S", silenced["rest"]))
    ]


def test_each_silenced_check_of_types_has_its_reason_beside_it() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    this = Path(__file__).relative_to(ROOT).as_posix()
    silent = {
        file: lines
        for file in tracked.stdout.splitlines()
        if file != this and (lines := without_reason((ROOT / file).read_text(encoding="utf-8")))
    }
    assert silent == {}


def test_a_silenced_check_without_a_name_or_a_reason_is_found() -> None:
    for bare in ("x = f()  # type: ignore", "x = f()  # type: ignore[misc]", "x  # type:ignore[misc] # "):
        assert without_reason(bare), bare
    assert not without_reason("x = f()  # type: ignore[misc]  # its base has no types")
