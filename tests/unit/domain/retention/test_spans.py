from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain.retention.coql import older
from chalicelib.domain.retention.spans import Span, parse_span

NOW = datetime(2026, 3, 31, 12, 0, 30, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90d", Span(90, "days")),
        ("6 months", Span(6, "months")),
        ("1 day", Span(1, "days")),
        ("2Y", Span(2, "years")),
        ("5 min", Span(5, "minutes")),
        (" 3 weeks ", Span(3, "weeks")),
    ],
)
def test_spans_as_people_write_them(text: str, span: Span) -> None:
    assert parse_span(text) == span
    assert parse_span(str(span)) == span


@pytest.mark.parametrize(
    "text", ["", "90", "d", "0d", "0 months", "1.5 days", "-1d", "1 m", "90 d d", "٣d", 9, None]
)
def test_what_is_no_span(text: object) -> None:
    with pytest.raises(ValueError):
        parse_span(text)


@pytest.mark.parametrize(
    ("text", "cutoff"),
    [
        ("36 hours", "2026-03-30T00:00:30+00:00"),
        ("1 month", "2026-02-28T12:00:30+00:00"),
        ("25 months", "2024-02-29T12:00:30+00:00"),
        ("1 year", "2025-03-31T12:00:30+00:00"),
        ("3 months", "2025-12-31T12:00:30+00:00"),
    ],
)
def test_a_cut_off(text: str, cutoff: str) -> None:
    assert parse_span(text).before(NOW).isoformat() == cutoff


def test_the_longest_span_still_is_a_moment() -> None:
    assert parse_span("100 years").before(NOW).year == 1926


# --- in a time zone --------------------------------------------------------------------------------

ZONES = (
    "UTC",
    "Europe/Vienna",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Australia/Lord_Howe",  # summer time of half an hour
    "Africa/Cairo",  # summer time begins at midnight
    "Pacific/Apia",  # skipped 30 December 2011
)
zones = st.sampled_from(ZONES)
moments = st.floats(1_280_000_000, 2_000_000_000)
counts = st.integers(1, 120)


def wall(now: float, zone: str) -> datetime:
    return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


@given(moments, zones, counts)
@example(datetime(2026, 6, 1, 22, tzinfo=ZoneInfo("America/Los_Angeles")).timestamp(), ZONES[2], 1)
@example(datetime(2012, 1, 1, 12, tzinfo=ZoneInfo("Pacific/Apia")).timestamp(), "Pacific/Apia", 2)
def test_days_and_weeks_are_those_of_the_zone(now: float, zone: str, count: int) -> None:
    for unit, days in (("days", 1), ("weeks", 7)):
        found = Span(count, unit).day_before(now, zone)
        assert found == wall(now, zone).date() - timedelta(days=count * days)


@given(moments, zones, counts)
@example(datetime(2024, 2, 29, 12, tzinfo=UTC).timestamp(), "UTC", 12)
@example(datetime(2026, 2, 28, 20, tzinfo=ZoneInfo("America/Los_Angeles")).timestamp(), ZONES[2], 1)
def test_months_and_years_are_those_of_the_zone(now: float, zone: str, count: int) -> None:
    here = wall(now, zone)
    for unit, months in (("months", count), ("years", 12 * count)):
        found = Span(count, unit).before(now, zone).replace(tzinfo=None, fold=0)
        assert here.year * 12 + here.month - (found.year * 12 + found.month) == months
        assert found.time() == here.time()
        tomorrow = found + timedelta(days=1)
        assert found.day == here.day or (found.day < here.day and tomorrow.month != found.month)


@given(moments, zones, counts, st.sampled_from(["days", "weeks", "months", "years"]))
def test_what_is_a_month_or_a_year_back_is_so_on_the_clock_too_whatever_the_field(
    now: float, zone: str, count: int, unit: str
) -> None:
    span = Span(count, unit)
    if unit in ("months", "years"):
        assert span.day_before(now, zone) == span.before(now, zone).date()
    else:
        assert span.before(now, zone).timestamp() == pytest.approx(now - (span.seconds or 0), abs=1e-5)


@given(moments, zones, counts, st.sampled_from(["months", "years"]))
def test_no_moment_that_the_clock_shows_at_a_cut_off_is_earlier(
    now: float, zone: str, count: int, unit: str
) -> None:
    found = Span(count, unit).before(now, zone)
    bare = found.replace(tzinfo=None)
    shown = [bare.replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() for fold in (0, 1)]
    assert found.timestamp() == min(shown) < now


@pytest.mark.parametrize(
    ("now", "zone", "day"),
    [
        ("2026-03-30T00:30:00+02:00", "Europe/Vienna", "2026-03-29"),  # the day before had 23 hours
        ("2026-10-25T23:30:00+01:00", "Europe/Vienna", "2026-10-24"),  # this one has 25
        ("2026-04-24T01:30:00+03:00", "Africa/Cairo", "2026-04-23"),
        ("2011-12-31T09:00:00+14:00", "Pacific/Apia", "2011-12-30"),  # which was not there
    ],
)
def test_a_day_before_is_the_calendars_however_long_days_are(now: str, zone: str, day: str) -> None:
    found = Span(1, "days").day_before(datetime.fromisoformat(now).timestamp(), zone)
    assert found.isoformat() == day


@given(moments, zones, counts)
def test_hours_and_minutes_are_the_clocks(now: float, zone: str, count: int) -> None:
    assert Span(count, "hours").before(now, zone).timestamp() == pytest.approx(now - 3600 * count, abs=1e-5)
    assert Span(count, "minutes").before(now, zone).timestamp() == pytest.approx(now - 60 * count, abs=1e-5)


@given(moments, zones, st.integers(1, 400))
def test_no_day_goes_that_is_not_older_than_so_many_days_of_the_zone(
    now: float, zone: str, count: int
) -> None:
    text = older("Closing_Date", Span(count, "days").day_before(now, zone), dates=True)
    first_that_stays = date.fromisoformat(text.removeprefix("Closing_Date < '").removesuffix("'"))
    assert wall(now, zone).date() - first_that_stays == timedelta(days=count)


@pytest.mark.parametrize(
    ("text", "now", "zone", "cutoff"),
    [
        ("1 month", "2026-04-29T02:30:00+02:00", "Europe/Vienna", "2026-03-29T00:30:00+00:00"),  # skipped
        ("1 month", "2026-11-25T02:30:00+01:00", "Europe/Vienna", "2026-10-25T00:30:00+00:00"),  # twice
        ("1 month", "2026-04-15T12:00:00+02:00", "Europe/Vienna", "2026-03-15T11:00:00+00:00"),
        ("1 day", "2026-03-29T12:00:00+02:00", "Europe/Vienna", "2026-03-28T10:00:00+00:00"),
        ("1 month", "2026-02-28T20:00:00-08:00", "America/Los_Angeles", "2026-01-29T04:00:00+00:00"),
        ("1 year", "2024-02-29T12:00:00+05:30", "Asia/Kolkata", "2023-02-28T06:30:00+00:00"),
        ("1 month", "2026-03-31T00:10:00+05:30", "Asia/Kolkata", "2026-02-27T18:40:00+00:00"),
    ],
)
def test_a_cut_off_of_times_is_the_moment_in_utc(text: str, now: str, zone: str, cutoff: str) -> None:
    found = parse_span(text).before(datetime.fromisoformat(now).timestamp(), zone)
    assert older("Created_Time", found, dates=False) == f"Created_Time < '{cutoff}'"
