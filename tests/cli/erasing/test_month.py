"""The month that a controller has, and the days left of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cli.erasing import month


@pytest.mark.parametrize(
    ("asked", "over"),
    [
        ("2026-11-28", "2026-12-28"),
        ("2026-12-31", "2027-01-31"),
        ("2027-01-31", "2027-02-28"),
        ("2028-01-30", "2028-02-29"),
        ("2026-10-31", "2026-11-30"),
    ],
)
def test_a_month_ends_on_the_same_day_or_the_last(asked: str, over: str) -> None:
    assert month.ends(datetime.fromisoformat(asked)) == datetime.fromisoformat(over)


def document(**more: Any) -> dict[str, Any]:
    given = {"id": "del_1", "created_at": "2026-11-01T12:00:00.000Z", "status": "awaiting_approval"}
    return {**given, "reference": "DSR-1", "dry_run": False, **more}


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("now", "left"),
    [("2026-11-01T12:00", 30), ("2026-11-30T12:00", 1), ("2026-12-01T12:00", 0), ("2026-12-03T12:00", -2)],
)
def test_days_left_are_whole(now: str, left: int) -> None:
    assert month.days_left(document(), at(now)) == left


@pytest.mark.parametrize("more", [{"status": "completed"}, {"status": "cancelled"}, {"dry_run": True}])
def test_what_is_done_has_no_days_left(more: dict[str, Any]) -> None:
    assert month.days_left(document(**more), at("2026-11-02T12:00")) is None


def test_failed_erasures_keep_their_days_as_the_person_still_waits() -> None:
    assert month.days_left(document(status="failed"), at("2026-11-02T12:00")) == 29


def test_the_list_fits_a_terminal_and_says_what_is_over() -> None:
    some = [document(), document(id="del_2", reference="x" * 300, created_at="2026-10-01T12:00:00.000Z")]
    lines = month.listed(some, at("2026-11-03T12:00"))
    assert lines[1].split() == ["del_1", "2026-11-01", "28", "awaiting_approval"]
    assert lines[2].split() == ["reference:", "DSR-1"]
    assert "2 over" in lines[3]
    assert max(map(len, lines)) <= 80
