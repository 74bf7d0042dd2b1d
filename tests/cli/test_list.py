"""`expunge list`, `show`: by day in a named time zone, source and reference, as CSV; who asked, and why."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.domain.deletion import Approval
from cli.operating import times
from cli.operating.listing import COLUMNS
from tests.cli.desk import ANN, Desk, opened

VIENNA = ZoneInfo("Europe/Vienna")
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as made:
        yield made


def sent(desk: Desk, *words: str) -> str:
    return str(desk.told("send", "Leads", *words)["requests"][0]["id"])


def at(desk: Desk, one: str, when: str) -> str:
    """The deletion, as if it had been accepted then."""
    row = desk.house.ledger.rows[one]
    row.deletion = replace(row.deletion, created_at=datetime.fromisoformat(when).timestamp())
    return one


def listed(desk: Desk, *words: str) -> list[str]:
    return [each["id"] for each in desk.told("list", "--all", *words)["deletions"]]


@pytest.mark.parametrize(
    ("text", "zone", "wanted"),
    [
        ("2026-11-01", UTC, "2026-11-01T00:00:00+00:00"),
        ("2026-11-01", VIENNA, "2026-10-31T23:00:00+00:00"),
        ("2026-07-01", VIENNA, "2026-06-30T22:00:00+00:00"),
        ("2026-11-01T12:00", VIENNA, "2026-11-01T11:00:00+00:00"),
        ("2026-11-01T12:00Z", VIENNA, "2026-11-01T12:00:00+00:00"),
        ("2026-11-01T12:00:00+05:30", VIENNA, "2026-11-01T06:30:00+00:00"),
        ("7d", VIENNA, "2026-11-22T12:00:00+00:00"),
        ("45m", UTC, "2026-11-29T11:15:00+00:00"),
    ],
)
def test_a_day_begins_in_the_named_zone(text: str, zone: ZoneInfo, wanted: str) -> None:
    assert times.moment(text, zone, "--since", NOW).isoformat() == wanted


@given(some.text())
def test_any_text_is_a_time_or_is_refused(text: str) -> None:
    with suppress(click.UsageError):
        assert times.moment(text, VIENNA, "--since", NOW).tzinfo is UTC


def test_deletions_are_found_by_day_source_and_reference(desk: Desk) -> None:
    old = at(desk, sent(desk, "1", "--source", "crm", "--reference", "t 1"), "2026-10-31T23:30:00+00:00")
    new = at(desk, sent(desk, "2", "--source", "narrow", "--reference", "t 2"), "2026-11-01T00:30:00+00:00")
    november = ("--since", "2026-11-01", "--until", "2026-12-01")
    assert listed(desk, *november) == [new]
    assert listed(desk, *november, "--time-zone", "Europe/Vienna") == [new, old]
    assert listed(desk, "--since", "2026-10-31", "--until", "2026-11-01") == [old]
    assert listed(desk, "--since", "2026-10-01", "--source", "crm") == [old]
    assert listed(desk, "--since", "2026-10-01", "--reference", "t 2") == [new]
    assert listed(desk, "--since", "2026-10-01", "--reference", "t") == []
    said = desk.said("list", "--since", "2026-10-01", "--time-zone", "Europe/Vienna")
    assert "times are Europe/Vienna" in said
    assert "11-01 00:30" in said
    assert "times are UTC" in desk.said("list", "--since", "2026-10-01")
    for wrong, says in (
        (["--since", "yesterday"], "give a time such as 45m"),
        (["--until", "2026-13-01"], "give a time such as 45m"),
        (["--time-zone", "Europe/Wien"], "did you mean"),
        (["--output", "x"], "--output needs --format csv or jsonl"),
    ):
        assert says in desk.said("list", *wrong, code=2)


def test_the_list_as_csv_and_json_lines(desk: Desk, tmp_path: Path) -> None:
    one = sent(desk, "1", "--source", "crm", "--reference", "=1+1", "--reason", "-2")
    rows = list(csv.DictReader(io.StringIO(desk.said("list", "--format", "csv"))))
    assert len(rows) == 1
    assert (rows[0]["id"], rows[0]["reference"], rows[0]["reason"]) == (one, "'=1+1", "'-2")
    assert (rows[0]["asked_by"], rows[0]["requested"], rows[0]["finished_at"]) == (ANN, "1", "")
    file = tmp_path / "november.csv"
    assert f"1 deletion in {file}" in desk.said("list", "--format", "csv", "--output", str(file))
    assert file.read_text().splitlines()[0] == ",".join(COLUMNS)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    line = json.loads(desk.said("list", "--format", "jsonl"))
    assert (line["id"], line["reference"]) == (one, "=1+1")


def test_an_operator_is_shown_who_asked_why_and_who_approved(desk: Desk) -> None:
    one = sent(desk, "1", "--source", "crm", "--reason", "audit 7")
    row = desk.house.ledger.rows[one]
    row.deletion = replace(row.deletion, approval=Approval(1, 1.0, 9e9, 2.0, "arn:bob"))
    said = desk.said("show", one)
    for line in (f"asked by: {ANN}", "reason: audit 7", "1 record approved 1970-01-01 00:00:02Z by arn:bob"):
        assert f"  {line}\n" in said
    shown = desk.told("show", one)["deletions"][0]
    assert (shown["asked_by"], shown["approved_by"], shown["reason"]) == (ANN, "arn:bob", "audit 7")
