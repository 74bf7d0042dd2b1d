"""What the commands show: at 80 columns, with rate and estimate, and an exit code that tells the end."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from chalicelib.domain.status import Status
from cli import bar
from cli.__main__ import main
from cli.bar import Bar
from cli.following import command, progress
from cli.operating import render
from tests.cli.service import Service, document, running

LONG = {"operation": "delink_records", "module": "A" * 100, "org": "b" * 60, "source": "c" * 60}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr(command, "EVERY", 0.01)
    with running() as made:
        yield made


def link(service: Service, *documents: dict[str, Any], n: int = 0) -> str:
    one = f"del_01JD{n:022}"
    service.documents[one] = [{**each, "id": one} for each in documents]
    return f"{service.url}v1/deletions/{one}?token={'t' * 43}"


def watch(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["watch", *words])
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (["completed", "completed"], 0),
        (["completed", "partially_completed"], 4),
        (["refused", "cancelled"], 4),
        (["failed", "needs_attention"], 5),
    ],
)
def test_watching_ends_with_what_became_of_it(service: Service, statuses: list[str], code: int) -> None:
    first = document("running", counts={"requested": 9, "deleted": 4, "pending": 5})
    links = [link(service, first, document(status), n=n) for n, status in enumerate(statuses)]
    assert watch(*links)[0] == code


def test_watching_stops_after_its_time_and_says_what_is_waited_for(service: Service) -> None:
    approval = {"count": 1200, "expires_at": "2026-11-23T18:46:04.020Z"}
    one = link(service, document("awaiting_approval", waiting_for="approval", approval=approval))
    code, said = watch(one, "--timeout", "0.1")
    assert code == 6
    assert "--count 1200" in said


def test_a_link_that_is_not_good_or_none(service: Service) -> None:
    assert watch(f"{service.url}v1/deletions/del_01M8298QNC9R2FS46471MHPX7V?token=x")[0] == 3
    assert watch("http://127.0.0.1:1/v1/deletions/nothing")[0] == 2
    assert watch("del_1")[0] == 2


def test_the_json_of_a_watch_is_one_line(service: Service) -> None:
    counts = {"requested": 9, "deleted": 9}
    one = link(service, document("completed", counts=counts))
    done = CliRunner().invoke(main, ["watch", one, "--json"])
    told = json.loads(done.stdout)
    assert (told["counts"]["deleted"], len(told["deletions"])) == (9, 1)


def test_export_writes_whole_or_nothing(service: Service, tmp_path: Path) -> None:
    one = link(service, document("completed"))
    record = {"id": "7", "outcome": "failed", "code": "RECORD_LOCKED", "message": 'locked, "still"'}
    service.documents["records"] = [
        {"records": [record], "next_cursor": "500"},
        {"records": [{**record, "outcome": "deleted", "code": None, "message": None}], "next_cursor": None},
    ]
    file = tmp_path / "o.csv"
    done = CliRunner().invoke(main, ["export", one, "--output", str(file)])
    assert done.exit_code == 0, done.output
    name = "del_01JD" + "0" * 22
    assert file.read_text().splitlines() == [
        "deletion,id,outcome,code,message",
        f'{name},7,failed,RECORD_LOCKED,"locked, ""still"""',
        f"{name},7,deleted,,",
    ]
    service.documents["records"] = []
    assert CliRunner().invoke(main, ["export", one, "--output", str(file)]).exit_code == 3
    assert len(file.read_text().splitlines()) == 3
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("status", list(Status))
def test_everything_fits_80_columns(status: str) -> None:
    problem = {"code": "INTERNAL_ERROR", "count": 1, "meaning": "w " * 90, "what_to_do": "look " * 30}
    shown = document(
        status,
        reference="r" * 256,
        asked_by="arn:aws:sts::123456789012:assumed-role/" + "x" * 64,
        waiting_for="another mass delete at Zoho",
        job={"id": "3652397000009565021", "status": "RUNNING"},
        plan={"would_delete": 50_000, "first_ids": ["9" * 32] * 10, "calls": 1, "credits": 1},
        approval={"count": 123_456, "expires_at": "2026-11-23T18:46:04.020Z"},
        problems=[problem],
        counts={"requested": 123_456, "deleted": 23_456, "failed": 100_000},
    )
    assert max(map(len, render.shown(shown))) <= 80
    assert max(map(len, render.listed([shown, {**shown, **LONG}, {**shown, "dry_run": True}]))) <= 80
    ids = [line.split()[0] for line in render.listed([shown])[1:] if line[0] != " "]
    assert ids == [shown["id"]]


def test_rate_and_estimate() -> None:
    rate = progress.Rate()
    assert rate.at(0.0, 0) is None
    assert rate.at(2.0, 100) == 50
    later = [rate.at(float(second), 100 + 10 * (second - 2)) for second in range(3, 60)]
    assert (later[-1] or 99) < 15  # the quick start is forgotten
    counts = {"requested": 1000, "deleted": 300, "failed": 2, "pending": 698}
    words = progress.words(progress.tally([document("running", counts=counts)]), 10.0)
    assert words == "302 of 1,000 done, 2 failed, 10/s, about 1:10 left"
    assert progress.lasting(7384) == "2:03:04"


def test_without_a_terminal_progress_is_lines_and_not_too_many() -> None:
    now = [0.0]
    written = io.StringIO()
    plain = Bar(Console(file=written, width=80), None, lambda: now[0])
    for n in range(100):
        now[0] += 0.1
        plain.at(n, 100, f"{n} of 100, [red] is a name")
    assert 4 <= len(written.getvalue().splitlines()) <= 6
    assert "[red] is a name" in written.getvalue()
    plain.say("the end")
    now[0] += 60
    plain.at(100, 100, "the end")
    plain.say("the end")
    assert written.getvalue().count("the end") == 1


def test_on_a_terminal_it_is_a_bar() -> None:
    written = io.StringIO()
    with bar.shown(Console(file=written, force_terminal=True, width=80)) as shown:
        shown.at(5, 10, "5 of 10")
        shown.say("a line that stays")
    assert "a line that stays" in written.getvalue()
    assert "50%" in written.getvalue()
