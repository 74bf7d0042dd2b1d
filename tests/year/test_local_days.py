"""What a policy takes goes by the days of its own time zone: real cron, real client, real simulator."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.year.test_year import year

DAYS = {"29": "2026-05-29", "30": "2026-05-30", "31": "2026-05-31", "1": "2026-06-01"}
TIMES = {
    "27": "2026-01-27T20:00:00-08:00",
    "29": "2026-01-29T12:00:00-08:00",
    "30": "2026-01-30T12:00:00-08:00",
}


def deleted(schedule: dict[str, str], today: str, rows: dict[str, str], older: str, field: str) -> set[str]:
    """Which of `rows` the policy's next run after `today` deletes."""
    policy: dict[str, Any] = {
        "name": "p",
        "module": "Deals",
        "selection": {"field": field, "older_than": older},
        "schedule": schedule,
        "limits": {"max_records": 100},
    }
    with year(0) as now:
        now.at(datetime.fromisoformat(today).timestamp())
        now.server.sim.load({"records": {"Deals": [{"id": i, field: at} for i, at in rows.items()]}})
        kept = now.world.put(policy)
        assert kept.next_at is not None
        now.at(kept.next_at)
        now.world.tick()
        (one,) = now.world.ledger.rows
        now.settle(one)
        return set(rows) - set(now.server.sim.state.store.module("Deals").records)


LOS_ANGELES, KOLKATA = "America/Los_Angeles", "Asia/Kolkata"


@pytest.mark.parametrize(
    ("schedule", "today"),
    [
        ({"cron": "0 22 * * *", "time_zone": LOS_ANGELES}, "2026-06-01T12:00:00+00:00"),
        ({"cron": "0 12 * * *", "time_zone": LOS_ANGELES}, "2026-06-01T12:00:00+00:00"),
        ({"cron": "0 3 * * *", "time_zone": KOLKATA}, "2026-05-31T12:00:00+00:00"),
        ({"cron": "0 12 * * *", "time_zone": KOLKATA}, "2026-05-31T20:00:00+00:00"),
        ({"rate": "1 day", "time_zone": LOS_ANGELES}, "2026-06-01T05:00:00+00:00"),
        ({"rate": "12 hours", "time_zone": KOLKATA}, "2026-05-31T08:00:00+00:00"),
        ({"cron": "0 12 * * *"}, "2026-06-01T00:00:00+00:00"),
    ],
)
def test_on_1_june_there_a_day_older_than_one_day_is_30_may_or_before(
    schedule: dict[str, str], today: str
) -> None:
    assert deleted(schedule, today, DAYS, "1 day", "Closing_Date") == {"29", "30"}


def test_a_month_before_28_february_there_is_28_january_there() -> None:
    schedule = {"cron": "0 20 28 2 *", "time_zone": LOS_ANGELES}
    assert deleted(schedule, "2026-02-28T12:00:00+00:00", TIMES, "1 month", "Created_Time") == {"27"}
