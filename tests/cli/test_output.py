"""What comes from elsewhere steers neither the terminal nor a spreadsheet."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as some
from rich.console import Console

from cli import bar, csv_out
from cli.__main__ import main
from cli.dashboard.server import Room
from cli.output import clean, cleaned, guarded, raw, say
from cli.table import table
from cli.target import Group
from local.settings import ROOT
from tests.cli.service import Service, document, running

#: Renames the window, goes up a line, clears it; C1's CSI; DEL; turned text; a tag; half a pair.
EVIL = "a\x1b]0;pwned\x07\x1b[1A\x1b[2K\rb\x9b2Jc\x7f\u202etxt\u2066\u200b\ufeff\u2028x\U000e0041\ud83d"
_STEERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


@pytest.fixture
def service() -> Iterator[Service]:
    with running() as made:
        yield made


def evil(service: Service, **more: Any) -> str:
    problem = {"code": EVIL, "count": 1, "meaning": EVIL, "what_to_do": EVIL}
    one = f"del_01JD{7:022}"
    words = {"reference": EVIL, "waiting_for": EVIL, "module": EVIL, "source": EVIL, "org": EVIL}
    shown = document("failed", id=one, problems=[problem], **{**words, **more})
    service.documents[one] = [shown]
    service.documents["records"] = [
        {"records": [{"id": EVIL, "outcome": "failed", "code": EVIL, "message": EVIL}], "next_cursor": None}
    ]
    return f"{service.url}v1/deletions/{one}?token={'t' * 43}"


@pytest.mark.parametrize(
    "words",
    [
        ["show"],
        ["show", "--json"],
        ["watch"],
        ["watch", "--json"],
        ["export"],
        ["export", "--format", "jsonl"],
    ],
    ids=" ".join,
)
def test_no_command_shows_what_steers_a_terminal(service: Service, words: list[str]) -> None:
    done = CliRunner().invoke(main, [*words, evil(service)])
    assert done.exit_code == (4 if words[0] == "watch" else 0), done.output
    assert "a\\u001b" in done.output
    assert not _STEERS.search(done.output), ascii(done.output)
    if "--json" in words:
        assert json.loads(done.stdout)["deletions"][0]["reference"] == EVIL


def test_errors_and_names_of_files_are_cleaned(service: Service, tmp_path: Path) -> None:
    message = {"error": {"code": "not_found", "message": EVIL, "fields": [{"path": EVIL, "problem": EVIL}]}}
    service.documents["del_01JD" + "0" * 22] = [message]
    odd = tmp_path / "a\x1b[2Jb.csv"
    odd.write_text("x")
    for words in (
        ["watch", f"{service.url}v1/deletions/del_1{EVIL}"],
        ["send", "Leads", "--ids", str(odd)],
        ["send", "Leads", EVIL.replace("\ud83d", "")],
        ["export", evil(service), "--output", str(tmp_path / "no\x1b[2J" / "o.csv")],
        ["export", evil(service), "--output", str(tmp_path / "o\x1b[2J.csv")],
        ["\x1b[2J"],
        ["watch", "--\x1b[2J"],
    ):
        done = CliRunner().invoke(main, words)
        assert not _STEERS.search(done.output), ascii(done.output)


def test_progress_shows_nothing_that_steers_a_terminal() -> None:
    for terminal in (False, True):
        written = io.StringIO()
        with bar.shown(Console(file=written, force_terminal=terminal, width=200)) as shown:
            shown.at(1, 2, f"at {EVIL}")
            shown.say(f"said {EVIL}")
        assert "]0;pwned\\u0007" in written.getvalue()
        for piece in ("\x1b]0", "\x1b[1A\x1b[2K\rb", "\x9b", "\x7f", "\u202e", "\u2066"):
            assert piece not in written.getvalue()


def test_the_dashboards_data_is_cleaned() -> None:
    room = Room(lambda: {"open": [{EVIL: EVIL}], "n": 1, "none": None}, 5)
    status, text = room.data()
    assert status == 200
    assert json.loads(text) == {"open": [{clean(EVIL): clean(EVIL)}], "n": 1, "none": None}

    def fails() -> dict[str, Any]:
        raise click.ClickException(EVIL)

    assert json.loads(Room(fails, 5).data()[1]) == {"error": clean(EVIL)}


@given(some.text())
def test_a_cleaned_text_has_no_character_that_steers_and_reads_back(text: str) -> None:
    shown = clean(text)
    assert not _STEERS.search(shown)
    assert "\n" not in shown
    assert clean(shown) == shown
    assert json.loads(clean(json.dumps(text, ensure_ascii=False))) == text
    assert cleaned({text: [text]}) == {shown: [shown]}


@given(some.text(alphabet=some.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_words_of_any_language_stay_as_they_are(text: str) -> None:
    assert clean(text) == text


def test_whatever_a_command_prints_by_itself_is_cleaned_too() -> None:
    group = Group("group")

    @group.command()
    def careless() -> None:
        print(f"out {EVIL}")
        print(f"err {EVIL}", file=sys.stderr)
        click.echo(f"echo {EVIL}\nline 2")
        raise click.ClickException(f"problem {EVIL}")

    done = CliRunner().invoke(group, ["careless"])
    assert not _STEERS.search(done.output), ascii(done.output)
    assert [word in done.output for word in ("out a", "err a", "echo a", "\nline 2\n", "problem a")] == [
        True
    ] * 5
    assert done.exit_code == 1


def test_the_guard_ends_with_the_command() -> None:
    before = sys.stdout
    with guarded():
        assert (sys.stdout is before, raw(sys.stdout) is before) == (False, True)
    assert sys.stdout is before


def test_a_line_break_in_data_makes_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("reference: one\ndel_01M8298QNC9R2FS46471MHPX7V  completed", "two")
    assert capsys.readouterr().out.splitlines() == [
        "reference: one\\ndel_01M8298QNC9R2FS46471MHPX7V  completed",
        "two",
    ]
    assert len(table(("a", "b"), [("one\ntwo", "x\ny"), ("\x1b[2J", "")])) == 3


def test_commands_write_through_one_function() -> None:
    """`cli/output.py` alone writes: what writes past it is found here."""
    past = re.compile(r"(\bclick\.(echo|secho|echo_via_pager)|(?<![.\w])print|sys\.(stdout|stderr)\.write)\(")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "cli").rglob("*.py"))
        if path.name != "output.py"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if past.search(line)
    ]
    assert not found


# --- spreadsheets ------------------------------------------------------------------------------------


def test_no_cell_is_a_formula_whatever_parts_the_cells(tmp_path: Path) -> None:
    records = [
        '=HYPERLINK("http://127.0.0.1/?x="&A1,"open")', "@SUM(1+1)*9", "+1+1", "-2+3", " =1", "\t=1", "\r=1",
        "\n=1", "a;=1", "a; =1", "a\t=1", "＝1", "x,=1", 'x"=1', "ERP/1042", "410405000002264040",
    ]  # fmt: skip
    file = tmp_path / "o.csv"
    with csv_out.whole(file) as sink:
        sink.writelines(csv_out.row([one, None, one]) for one in records)
    text = file.read_text()
    assert not re.search(r"""(^|[;,|"\t\n\r])\s*[=+\-@＝＋－＠]""", text)
    assert csv_out.row(["ERP/1042", "410405000002264040", "a - b"]) == "ERP/1042,410405000002264040,a - b\n"


@given(some.lists(some.text(), min_size=1))
def test_no_text_begins_a_formula(values: list[str]) -> None:
    for value in values:
        assert not re.search(r"""(^|[;,|"\t\n\r])\s*[=+\-@＝＋－＠]""", csv_out.cell(value))


@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_an_exported_file_is_its_owners_alone(service: Service, tmp_path: Path, mask: int) -> None:
    file = tmp_path / "o.csv"
    file.write_text("before")
    file.chmod(0o644)
    before = os.umask(mask)
    try:
        done = CliRunner().invoke(main, ["export", evil(service), "--output", str(file)])
    finally:
        os.umask(before)
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
