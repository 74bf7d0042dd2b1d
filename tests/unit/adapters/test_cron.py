from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.adapters.cron import next_time
from chalicelib.domain.retention.schedule import Cron, Rate, next_run


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        ("0 3 * * *", "UTC", "2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z"),
        ("0 3 * * MON", "Europe/Vienna", "2026-07-01T00:00:00Z", "2026-07-06T01:00:00Z"),
        (
            "30 2 * * *",
            "Europe/Vienna",
            "2026-03-28T12:00:00Z",
            "2026-03-29T01:00:00Z",
        ),  # skipped: right after
        ("30 2 * * *", "Europe/Vienna", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),  # doubled: the first
        ("30 2 * * *", "Europe/Vienna", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),  # and once only
        ("0 0 L * *", "America/New_York", "2026-02-01T12:00:00Z", "2026-02-28T05:00:00Z"),
    ],
)
def test_the_next_time(expression: str, zone: str, after: str, expected: str) -> None:
    found = next_time(expression, zone, at(after))
    assert found is not None
    assert datetime.fromtimestamp(found, UTC).isoformat() == at_text(expected)


def at_text(text: str) -> str:
    return datetime.fromisoformat(text).isoformat()


def test_what_never_comes() -> None:
    assert next_time("0 0 */20 * 1L", "UTC", 1_700_000_000.0) is None


@pytest.mark.parametrize(
    ("expression", "zone"),
    [
        ("0 0 31 2 *", "UTC"),
        ("* * * *", "UTC"),
        ("* * * * * *", "UTC"),
        ("61 * * * *", "UTC"),
        ("", "UTC"),
        ("@daily", "UTC"),
        ("0 3 * * *", "Europe/Nowhere"),
        ("0 3 * * *", "../../etc/passwd"),
        ("0 3 * * *", "Europe"),
        ("0 3 * * *", ""),
    ],
)
def test_what_cannot_be_read(expression: str, zone: str) -> None:
    with pytest.raises(ValueError):
        next_time(expression, zone, 1_700_000_000.0)


def test_a_rate_keeps_its_beat_and_makes_up_once() -> None:
    daily = Rate(86_400, "1 day")
    assert next_run(daily, 1000.0, 1000.0, next_time) == 87_400.0
    assert next_run(daily, 87_400.0, 1000.0, next_time) == 173_800.0
    assert next_run(daily, 5 * 86_400.0 + 1000.0 + 7, 1000.0, next_time) == 6 * 86_400.0 + 1000.0
    anchored = Rate(3600, "1 hour", start=500.0)
    assert next_run(anchored, 100.0, 0.0, next_time) == 500.0
    assert next_run(anchored, 500.0, 0.0, next_time) == 4100.0
    assert next_run(Cron("0 0 * * *"), 0.0, 0.0, next_time) == 86_400.0
