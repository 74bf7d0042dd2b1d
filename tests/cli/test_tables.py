"""Every table of a command has a head and fits 80 columns, in a pipe and on a terminal, and nothing of it is
left out.
"""

from __future__ import annotations

import ast
import io
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from rich.cells import cell_len

from chalicelib.domain.status import Status
from chalicelib.service.operators.recover import Open
from cli import doctor, policies, setup_words
from cli.checks.check import CheckResult
from cli.erasing import map_table, month
from cli.evidence import logs
from cli.operating import recovering, redriving, render
from cli.output import clean
from cli.table import table
from local.settings import ROOT
from tests.cli.desk import Desk, opened
from tests.cli.service import document
from tests.fakes import KEY
from tests.unit.domain.test_backoff import deletion

ID = "del_01M8298QNC9R2FS46471MHPX7V"
ARN = "arn:aws:sts::123456789012:assumed-role/data-protection-officers/ann.of.the.long.name@example.com"
NAME = "a-source-with-the-longest-name-that-a-source-may-have-" + "x" * 10
MODULE = "Very_Long_Module_Name_" + "x" * 70
AT = "2026-11-22T18:46:01.260Z"
REASON = "art. 17 request of 28 November, " * 7
Shown = dict[str, object]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    keys = [KEY, *(f"whsec_{n}" + KEY[7:] for n in range(4))]
    long = {"keys": keys, "modules": ["Leads", MODULE], "note": "n" * 200, "max_records": 5000}
    with opened(tmp_path, {NAME: long, "operator": {"modules": ["Leads"]}}) as made:
        yield made


def said(desk: Desk, *words: str) -> list[str]:
    return desk.said(*words).splitlines()


def _held(desk: Desk) -> list[str]:
    said(desk, "holds", "set", MODULE, "9223372036854775807", "--reason", REASON, "--force")
    return said(desk, "holds", "list")


def _operators(desk: Desk) -> list[str]:
    _held(desk)
    return said(desk, "log", "--operators")


def _listed(_desk: Desk) -> list[str]:
    counts = {"requested": 1_234_567, "deleted": 1_234_566}
    shown = [document(each.value, id=ID, module=MODULE, counts=counts) for each in Status]
    return render.listed(shown, UTC)


def _doctor(_desk: Desk) -> list[str]:
    found = CheckResult(f"{ARN}, " * 3)
    found.fault("no key", "expunge keys rotate crm-workflow")
    reports = [doctor.Report("account", found, ""), doctor.Report("functions", CheckResult("5 of 5"), "")]
    reports.append(doctor.Report("evidence", CheckResult(), "AccessDenied: not authorized " * 5))
    shown = []
    for kind in (io.StringIO, Terminal):
        with redirect_stdout(kind()) as sink:
            doctor._show("prod", reports, 1, blind=True)
        shown.append(plain(sink.getvalue()))
    assert shown[0] == shown[1], "a terminal shows the same as a pipe"
    return shown[0].splitlines()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def plain(text: str) -> str:
    """The text without the colours of a terminal."""
    colours = ("\x1b[32m", "\x1b[1;31m", "\x1b[33m", "\x1b[0m")
    for each in colours:
        text = text.replace(each, "")
    assert "\x1b" not in text
    return text


def _map(_desk: Desk) -> list[str]:
    why = [{"field": "Email", "by": "identity"}, {"field": MODULE, "by": ARN}]
    entry = {"action": "delete", "module": MODULE, "id": "9" * 19, "why": why, "goes_along": {MODULE: 3}}
    return map_table.lines({}, [entry, {**entry, "why": [], "keep_reason": REASON, "goes_along": {}}])


def _pending(_desk: Desk) -> list[str]:
    one = replace(deletion(), id=ID)
    module = replace(one, request=replace(one.request, module=MODULE))
    return recovering.listed([Open(ID, one), Open(ID, module), Open(ID, None, REASON)])


def _policies(_desk: Desk) -> list[str]:
    shown = {"policy": {"name": NAME}, "next_runs": [AT], "last_run": {"run": AT, "deletion": ID}}
    by_hand = {**shown, "last_run": {"run": f"manual-{AT}", "deletion": ID}, "problems": []}
    broken = {**shown, "next_runs": [], "last_run": None, "problems": [1]}
    return policies.listed([{**shown, "problems": []}, by_hand, broken])


def _erasures(_desk: Desk) -> list[str]:
    return month.listed(
        [document("awaiting_approval", id=ID, dry_run=True, reference="r" * 256)], time.time()
    )


def _log(_desk: Desk) -> list[str]:
    return logs.entries_listed([{"n": 0, "at": AT, "what": "awaiting_approval", "by": ARN, "why": REASON}])


def _secret(_desk: Desk) -> list[str]:
    long = {"field": "accounts_url", "before": "https://" + "x" * 90, "after": f"https://{ARN}"}
    title, *lines = setup_words.changed("expunge/prod/zoho/default", [long], new=False)
    assert title.endswith("changes:")
    return lines


#: Where a table is made, as file:function, and what shows one with long values there.
SCENES: dict[str, Callable[[Desk], list[str]]] = {
    "cli/doctor.py:listed": _doctor,
    "cli/erasing/map_table.py:_table": _map,
    "cli/erasing/month.py:listed": _erasures,
    "cli/evidence/logs.py:entries_listed": _log,
    "cli/evidence/logs.py:listed": _operators,
    "cli/keys.py:list_keys": lambda desk: said(desk, "keys", "list"),
    "cli/limits.py:_table": lambda desk: said(desk, "sources", "list"),
    "cli/limits.py:_lines": lambda desk: said(desk, "sources", "show", NAME),
    "cli/operating/holds.py:list_holds": _held,
    "cli/operating/recovering.py:listed": _pending,
    "cli/operating/redriving.py:listed": lambda _: redriving.listed(Counter({ID: 3, NAME * 2: 1})),
    "cli/operating/render.py:listed": _listed,
    "cli/policies.py:listed": _policies,
    "cli/setup_words.py:changed": _secret,
}


def makers() -> Iterator[str]:
    """Each function of the commands that makes a table."""
    for file in sorted((ROOT / "cli").rglob("*.py")):
        for made in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(made, ast.FunctionDef) and any(map(_makes_one, ast.walk(made))):
                yield f"{file.relative_to(ROOT)}:{made.name}"


def _makes_one(found: ast.AST) -> bool:
    return isinstance(found, ast.Call) and ast.unparse(found.func) == "table"


def test_each_place_that_makes_a_table_is_tried_with_long_values() -> None:
    assert set(makers()) == set(SCENES)


@pytest.mark.parametrize("place", SCENES)
def test_a_table_has_a_head_and_fits_80_columns(place: str, desk: Desk) -> None:
    lines = SCENES[place](desk)
    assert [line for line in lines if len(line) > 80] == []
    assert len(lines) > 1
    assert lines[0].islower(), "the head names the columns, in small letters"
    assert not any(mark in lines[0] for mark in (ID, NAME, MODULE, "..."))


@pytest.mark.parametrize("place", SCENES)
def test_an_id_of_a_table_is_on_one_line_to_be_copied(place: str, desk: Desk) -> None:
    lines = SCENES[place](desk)
    whole = "".join("".join(lines).split())
    if ID in whole:
        assert any(ID in line for line in lines)


def test_columns_are_laid_out_in_one_place() -> None:
    """cli/table.py alone: whatever lays out by hand has no head, or does not fit."""
    found = []
    for file in sorted((ROOT / "cli").rglob("*.py")):
        for each in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = ast.unparse(each.func) if isinstance(each, ast.Call) else ""
            aligned = isinstance(each, ast.FormattedValue) and each.format_spec is not None
            widths = aligned and any(mark in ast.unparse(each) for mark in "<>^")
            if widths or name.rpartition(".")[2] in ("ljust", "rjust", "center", "expandtabs", "Table.grid"):
                found.append(f"{file.relative_to(ROOT)}:{each.lineno}")  # type: ignore[attr-defined]  # both kinds have it
            if isinstance(each, ast.ImportFrom) and each.module == "rich.table":
                found.append(f"{file.relative_to(ROOT)}:{each.lineno}")
    exit_codes = [each for each in found if each.startswith("cli/ends.py:")]
    assert len(exit_codes) == 1, "the list of exit codes in the help, whose words are ours"
    assert found == exit_codes


ROWS = some.integers(1, 6).flatmap(
    lambda n: some.lists(some.lists(some.text(max_size=120), min_size=n, max_size=n), min_size=1, max_size=5)
)


@given(ROWS)
@example([["a" * 300] * 6, ["漢" * 200] * 6, ["", " ", "  ", "x y", "\u00a0", "\n"]])
def test_whatever_stands_in_a_table_it_fits_and_is_shown_whole(rows: list[list[str]]) -> None:
    head, *rest = rows
    lines = table(head, rest, [[each[0]] for each in rest])
    assert all(_columns(line) <= 80 for line in lines), lines
    shown = Counter("".join("".join(lines).split()))
    told = [*head, *(cell for row in rest for cell in row), *(row[0] for row in rest)]
    assert shown == Counter("".join("".join(map(clean, map(_flat, told))).split()))


def _flat(text: str) -> str:
    return text.replace("\n", " ").replace("\t", " ")


def _columns(line: str) -> int:
    """At least as many as rich reckons, which has the widths of all characters."""
    return cell_len(line)


def test_a_table_of_short_values_has_a_line_for_each_row() -> None:
    assert table(("name", "number"), [("erp", "1"), ("crm-workflow", "23")]) == [
        "name          number",
        "erp           1",
        "crm-workflow  23",
    ]


def test_a_run_that_somebody_has_ordered_is_told_with_its_time() -> None:
    run = {"run": f"manual-{AT}", "deletion": ID}
    shown = {"policy": {"name": "old-leads"}, "next_runs": [], "last_run": run, "problems": []}
    assert policies.listed([shown]) == [
        "policy     next run         last run",
        "old-leads  never by itself  2026-11-22 18:46:01Z by hand",
        f"    last run: {ID}",
    ]
